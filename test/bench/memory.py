"""Whether the memory of a program that runs for long grows because of us: 10 million handles and 1 million tasks, without us and streaming.

    python test/bench/memory.py [--python PYTHON ...] [--level LEVEL ...] [--handles N] [--tasks N] [--json FILE]

The program says its resident memory after each twentieth of the work. A line is fitted through what it said after the first quarter, which
is for warming up: its rise is what the program grew by. With us it may be ALLOWED kilobytes more than without. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "runtime"))

PARTS = 20
WARM_UP = PARTS // 4
ALLOWED = 1024
"""Kilobytes: what the allocator's arenas and one batch move it by."""
AT_ONCE = 500
TASKS_AT_ONCE = 100


def resident() -> int:
    """Kilobytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4


async def run_handles(count: int) -> None:
    loop = asyncio.get_running_loop()

    def nothing() -> None:
        pass

    for _ in range(count // AT_ONCE):
        for _ in range(AT_ONCE):
            loop.call_soon(nothing)
        await asyncio.sleep(0)


async def run_tasks(count: int) -> None:
    async def step() -> None:
        await asyncio.sleep(0)

    for _ in range(count // TASKS_AT_ONCE):
        await asyncio.gather(*[step() for _ in range(TASKS_AT_ONCE)])


async def program(handles: int, tasks: int) -> None:
    for _ in range(PARTS):
        await run_handles(handles // PARTS)
        print(resident(), flush=True)
    for _ in range(PARTS):
        await run_tasks(tasks // PARTS)
        print(resident(), flush=True)


def rise(samples: list[int]) -> float:
    """By how much the line of least squares rises after the warm-up, from its begin to its end."""
    part = samples[WARM_UP:]
    middle = (len(part) - 1) / 2
    mean = sum(part) / len(part)
    spread = sum((at - middle) ** 2 for at in range(len(part)))
    return sum((at - middle) * (sample - mean) for at, sample in enumerate(part)) / spread * (len(part) - 1)


def read(server: socket.socket, level: str, received: list[int]) -> None:
    """Stands for the adapter: reads and counts what comes."""
    from listen import accept_runtime, send_message, wire

    with accept_runtime(server) as connection:
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
        while chunk := connection.recv(1 << 20):
            received[0] += len(chunk)


def measure(python: str, level: str, options: argparse.Namespace) -> dict[str, object]:
    """One run of the program; level `plain` is without us."""
    from listen import environment

    env = None
    received = [0]
    with socket.create_server(("127.0.0.1", 0)) as server:
        if level != "plain":
            env = environment(server.getsockname()[1])
            threading.Thread(target=read, args=(server, level, received), daemon=True).start()
        command = [python, __file__, "--child", str(options.handles), str(options.tasks)]
        output = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    samples = [int(line) for line in output.split()]
    if len(samples) != 2 * PARTS or (level != "plain" and not received[0]):
        sys.exit(f"the run of {python}, {level}, is none: {output!r}, {received[0]} bytes received")
    return {
        "python": python,
        "level": level,
        "handlesRise": round(rise(samples[:PARTS])),
        "tasksRise": round(rise(samples[PARTS:])),
        "end": samples[-1],
        "peak": max(samples),
        "received": received[0],
    }


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        asyncio.run(program(int(sys.argv[2]), int(sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[sys.executable])
    parser.add_argument("--level", nargs="+", default=["adaptive", "full"])
    parser.add_argument("--handles", type=int, default=10_000_000)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    results: list[dict[str, object]] = []
    grown = False
    print("| Python | level | rise over the handles | over the tasks | at the end | received |\n|---|---|---|---|---|---|")
    for python in options.python:
        version = subprocess.run([python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True)
        plain = measure(python, "plain", options)
        for level in ("plain", *options.level):
            result = plain if level == "plain" else measure(python, level, options)
            results.append(result)
            more = [key for key in ("handlesRise", "tasksRise") if int(str(result[key])) > int(str(plain[key])) + ALLOWED]
            grown = grown or bool(more)
            print(
                f"| {version.stdout.strip()} | {level} | {result['handlesRise']} kB | {result['tasksRise']} kB | {result['end']} kB "
                f"| {result['received']:,} bytes |{' has grown' if more else ''}",
                flush=True,
            )
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    print("Memory grows because of us." if grown else "Memory does not grow because of us.")
    sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
