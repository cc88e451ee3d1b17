"""How long stops and steps take, and what a stop costs the loop's clock; without a debugger in the program and with debugpy.

    python test/bench/stepping.py [--python PYTHON ...] [--steps N] [--stand SECONDS] [--json FILE]

- `step`: from the request to the stop after one handle, among 10 and 10,000 tasks that wait
- `idle`: from a pause to the stop, of a loop that sleeps
- `busy`: from the end of the handle that ran to the stop, when a pause comes within it
- `line`, `tick`, `thread`: loop time that passes while somebody looks for SECONDS: at a breakpoint in the loop's thread, before a handle,
  and at a breakpoint in another thread

Milliseconds: median (worst). The client is a script: on the wire, and with debugpy at debugpy's own adapter too. Each Python measures
itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RUNTIME_TESTS = Path(__file__).resolve().parents[1] / "runtime"
for folder in ("stepping", "bridge"):
    sys.path.insert(0, str(RUNTIME_TESTS / folder))
from debuggee import Debuggee, marked  # noqa: E402
from driver import FIRST, Stepped  # noqa: E402

PROGRAM = """
import asyncio
async def waits(event):
    await event.wait()
async def spin():
    while True:
        await asyncio.sleep(0)
async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(waits(event)) for _ in range(TASKS)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("begins", flush=True)
    await asyncio.gather(*(spin() for _ in range(3)))
asyncio.run(main())
"""

SLEEPS = """
import asyncio
async def main():
    print("begins", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""

BUSY = """
import asyncio, os, struct, time
ended = os.open(PATH, os.O_RDWR)
def busy():
    loop.call_soon(busy)
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        pass
    os.pwrite(ended, struct.pack("d", time.monotonic()), 0)
async def main():
    global loop
    loop = asyncio.get_running_loop()
    loop.call_soon(busy)
    print("begins", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

STANDS = """
import asyncio, time
def in_thread():
    here = 1  # thread
async def main():
    loop = asyncio.get_running_loop()
    print("begins", flush=True)
    begin = loop.time()
    here = 1  # line
    print("line %.6f" % (loop.time() - begin), flush=True)
    begin = loop.time()
    await asyncio.sleep(0)
    print("tick %.6f" % (loop.time() - begin), flush=True)
    begin = loop.time()
    await loop.run_in_executor(None, in_thread)
    print("thread %.6f" % (loop.time() - begin), flush=True)
asyncio.run(main())
"""

MOST_PAUSES = 20


class Alone:
    """A program without a debugger in it, over the wire."""

    name = "alone"
    stands = ("tick",)

    def __init__(self, program: str) -> None:
        self._program = Stepped(program)
        self._out = self._program.process.stdout
        assert self._out is not None
        self._out.readline()
        self._program.runs()

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.__exit__()

    def pause(self) -> None:
        """Pauses, and returns at the stop."""
        self._program.pause()

    def step(self) -> None:
        """Runs one handle, and returns at the stop after it."""
        self._program.step()

    def resume(self) -> None:
        """Goes on."""
        self._program.resume()
        self._program.next("resumed")

    def lines(self) -> str:
        """What the program has printed, when it has ended."""
        return self._program.end()[1]


class WithDebugpy:
    """A program under debugpy."""

    name = "debugpy"
    stands = ("line", "tick", "thread")

    def __init__(self, program: str, marks: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.debuggee = Debuggee(program, Path(self._folder.name), breakpoints=[marked(program, mark) for mark in marks])
        self.thread = 1
        if not marks:
            self.debuggee.wait_for_output(b"begins")

    def __enter__(self) -> WithDebugpy:
        return self

    def __exit__(self, *_: object) -> None:
        self.debuggee.close()
        self._folder.cleanup()

    def stopped(self) -> None:
        """Returns at the next stop."""
        self.thread = self.debuggee.stopped()["threadId"]

    def pause(self) -> None:
        """Pauses, and returns at the stop."""
        answer = self.debuggee.command("pause", loop=1)
        assert answer["ok"], answer
        self.stopped()

    def step(self) -> None:
        """Runs one handle, and returns at the stop after it."""
        self.debuggee.send("next", threadId=self.thread)
        self.stopped()

    def resume(self) -> None:
        """Goes on."""
        self.debuggee.send("continue", threadId=self.thread)
        self.debuggee.event("continued")

    def lines(self) -> str:
        """What the program has printed, when it has ended."""
        return self.debuggee.result()[1].decode()


def measure(kind: type[Alone] | type[WithDebugpy], steps: int) -> dict[str, list[float]]:
    """Milliseconds of each step and pause."""
    row: dict[str, list[float]] = {}
    for tasks in (10, 10_000):
        times = row[f"step, {tasks:,} tasks"] = []
        with kind(PROGRAM.replace("TASKS", str(tasks))) as program:
            program.pause()
            for _ in range(5):  # The first load what is needed.
                program.step()
            for _ in range(steps):
                begun = time.monotonic()
                program.step()
                times.append((time.monotonic() - begun) * 1000)
    pauses = min(steps, MOST_PAUSES)
    times = row["pause, idle"] = []
    with kind(SLEEPS) as program:
        for _ in range(pauses + 1):
            begun = time.monotonic()
            program.pause()
            times.append((time.monotonic() - begun) * 1000)
            program.resume()
        row["pause, the first"] = [times.pop(0)]  # It loads what is needed for it.
    times = row["pause, busy"] = []
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        with kind(BUSY.replace("PATH", repr(file.name))) as program:
            while not any(os.pread(file.fileno(), 8, 0)):  # No handle has ended yet.
                time.sleep(0.01)
            for number in range(pauses):
                time.sleep(0.013 * (number % 5))  # Somewhere within a handle.
                program.pause()
                stopped = time.monotonic()
                ended: float = struct.unpack("d", os.pread(file.fileno(), 8, 0))[0]
                times.append((stopped - ended) * 1000)
                program.resume()
    return row


def stand(kind: type[Alone] | type[WithDebugpy], seconds: float) -> dict[str, list[float]]:
    """Milliseconds of loop time that each stop of so many seconds cost, with what the program does around it."""
    if kind is WithDebugpy:
        with WithDebugpy(STANDS, ("line", "thread")) as program:
            program.stopped()
            time.sleep(seconds)
            program.debuggee.command("step", loop=1, goal={"kind": "anyTask"}, gate=False)
            program.debuggee.send("continue", threadId=program.thread)
            program.stopped()
            time.sleep(seconds)
            program.debuggee.send("continue", threadId=program.thread)
            program.stopped()
            time.sleep(seconds)
            program.debuggee.send("continue", threadId=program.thread)
            lines = program.lines()
    else:
        with Stepped(STANDS, settings=FIRST) as program:
            program.stop()
            program.step()  # The task begins, up to sleep(0).
            time.sleep(seconds)
            program.resume()
            lines = program.end()[1]
    costs = dict(line.split() for line in lines.splitlines() if " " in line)
    return {f"{seconds:g} s at {name}": [float(costs[name]) * 1000] for name in kind.stands}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--stand", type=float, default=60.0)
    parser.add_argument("--json")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if options.python:  # Each measures itself: the client runs on the Python of the program.
        for python in options.python:
            with tempfile.NamedTemporaryFile() as file:
                sizes = ["--steps", str(options.steps), "--stand", str(options.stand)]
                subprocess.run([python, __file__, *sizes, "--json", file.name], check=True, stdout=subprocess.DEVNULL)
                rows += json.loads(Path(file.name).read_text())
    else:
        for kind in (Alone, WithDebugpy):
            times = {**measure(kind, options.steps), **stand(kind, options.stand)}
            rows.append({"python": platform.python_version(), "subject": kind.name, "load": os.getloadavg()[0], "times": times})
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    columns = list(dict.fromkeys(name for row in rows for name in row["times"]))
    print("| Python | | load | " + " | ".join(columns) + " |\n" + "|---" * (3 + len(columns)) + "|")
    for row in rows:
        cells = [_cell(row["times"].get(name)) for name in columns]
        print(f"| {row['python']} | {row['subject']} | {row['load']:.1f} | " + " | ".join(cells) + " |")


def _cell(times: list[float] | None) -> str:
    if not times:
        return ""
    return f"{times[0]:.1f}" if len(times) == 1 else f"{statistics.median(times):.1f} ({max(times):.1f})"


if __name__ == "__main__":
    main()
