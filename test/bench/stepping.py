"""How long a step of one handle takes, from the command to the stop, with 10 and with 10,000 tasks, and a pause of an idle loop.

python test/bench/stepping.py
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime" / "stepping"))
from driver import FIRST, Stepped

PROGRAM = """
import asyncio
async def waits(event):
    await event.wait()
async def spin():
    for _ in range(1000):
        await asyncio.sleep(0)
async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(waits(event)) for _ in range(TASKS)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(*(spin() for _ in range(3)))
asyncio.run(main())
"""
STEPS = 100


def main() -> None:
    for tasks in (10, 10_000):
        with Stepped(PROGRAM.replace("TASKS", str(tasks)), settings=FIRST) as program:
            program.stop()
            for _ in range(4):
                program.step("tick")
            times: list[float] = []
            for _ in range(STEPS):
                begun = time.perf_counter()
                program.step()
                times.append(time.perf_counter() - begun)
        times.sort()
        print(f"{tasks:6} tasks: step {statistics.median(times) * 1000:.2f} ms, worst of {STEPS} {times[-1] * 1000:.2f} ms")
    with Stepped("import asyncio\nasyncio.run(asyncio.sleep(600))") as program:
        program.runs()
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            program.pause()
            times.append(time.perf_counter() - begun)
            program.resume()
            program.next("resumed")
        times.sort()
        print(f"idle loop: pause {statistics.median(times) * 1000:.2f} ms, worst of 20 {times[-1] * 1000:.2f} ms")


if __name__ == "__main__":
    main()
