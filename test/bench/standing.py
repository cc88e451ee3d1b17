"""So many tasks that sleep, and twenty that do not: what a view costs must not depend on the first. `python standing.py N`."""

from __future__ import annotations

import asyncio
import sys


async def sleeper() -> None:
    await asyncio.sleep(3600)


async def busy(number: int) -> None:
    while True:
        await asyncio.sleep(0.01 + number / 1000)


async def main() -> None:
    tasks = [asyncio.create_task(busy(number)) for number in range(20)]
    for number in range(int(sys.argv[1])):
        tasks.append(asyncio.create_task(sleeper()))
        if number % 500 == 0:
            await asyncio.sleep(0)
    print("standing", flush=True)
    await asyncio.gather(*tasks)


asyncio.run(main())
