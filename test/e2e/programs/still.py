"""Forty workers that stand still, and a pulse that makes the loop turn twenty times a second: for looking at rows."""

from __future__ import annotations

import asyncio


async def worker(gate: asyncio.Event) -> None:
    await gate.wait()  # @worker


async def blink() -> None:
    await asyncio.sleep(0)


async def pulse() -> None:
    while True:
        await asyncio.sleep(0.05)  # @pulse
        await asyncio.create_task(blink())


async def main() -> None:
    gate = asyncio.Event()
    names = [f"{kind}-{number:02}" for kind in ("alpha", "beta") for number in range(20)]
    workers = [asyncio.create_task(worker(gate), name=name) for name in names]
    await asyncio.gather(asyncio.create_task(pulse(), name="pulse"), *workers)  # @main


asyncio.run(main())
