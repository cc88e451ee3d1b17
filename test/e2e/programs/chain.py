"""A task that waits for another, far down in the tree: for going from one to the other."""

from __future__ import annotations

import asyncio

kept: set[asyncio.Task[None]] = set()


async def deepest() -> None:
    await asyncio.Event().wait()  # @deepest


async def level(depth: int, made: asyncio.Queue[asyncio.Task[None]]) -> None:
    if depth == 0:
        made.put_nowait(asyncio.create_task(deepest(), name="deepest"))
    else:
        kept.add(asyncio.create_task(level(depth - 1, made), name=f"level-{depth - 1}"))
    await asyncio.Event().wait()  # @level


async def main() -> None:
    made: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()
    levels = asyncio.create_task(level(3, made), name="level-3")
    task = await made.get()
    await task  # @main
    await levels


asyncio.run(main())
