"""What is recorded of a loop's ticks: handles that run too long, and that a loop whose sockets are its own ticks as often as without us."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from recording import record

SLOW = """
    import asyncio, time
    def blocks():
        time.sleep(0.4)
    async def task_that_blocks(seconds):
        deeper(seconds)
    def deeper(seconds):
        time.sleep(seconds)
    async def main():
        loop = asyncio.get_running_loop()
        end = time.monotonic() + 0.3
        while BUSY and time.monotonic() < end:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        loop.call_soon(blocks)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.create_task(task_that_blocks(0.5))
        await asyncio.create_task(task_that_blocks(0.001))
        for _ in range(50):
            await asyncio.sleep(0.001)
    asyncio.run(main(), debug=DEBUG)
"""


@pytest.mark.parametrize("level", ["adaptive", "counting", "full", "debug", "uvloop"])
def test_a_handle_that_runs_too_long_is_told_of_with_the_line_that_blocks(level: str) -> None:
    program = SLOW.replace("BUSY", str(level == "counting")).replace("DEBUG", str(level == "debug"))
    if level == "uvloop":
        pytest.importorskip("uvloop")
        program = program.replace("import asyncio,", "import uvloop, asyncio,").replace("asyncio.run(main()", "uvloop.run(main()")
    recording = record(program, "full" if level == "full" else "adaptive")
    assert recording.exit_code == 0, recording.errors
    slow = [event for event in recording.named("slowHandle") if event["duration"] == 0]
    lines = [recording.strings[event["site"]].split("\t")[1] for event in slow]
    task = next(event["task"] for event in recording.named("taskCreated") if recording.coroutine(event) == "task_that_blocks")
    if level == "uvloop":  # Its callbacks are not seen, only the steps of tasks.
        assert (lines, [event["subject"] for event in slow]) == (["8"], [task])
        return
    assert lines == ["4", "8"]
    assert recording.strings[-slow[0]["subject"]].split("\t")[0] == "blocks"
    assert slow[1]["subject"] == task
    ends = [event["duration"] for event in recording.named("slowHandle") if event["duration"] > 0]
    if level == "counting":
        assert 1 <= len(ends) <= 2 and 0.3 < ends[0] < 0.6, ends  # A loop that was blocked has few handles: they are listed again.
    else:
        assert ends == []  # The starts of handles say it.


TALK = """
    import asyncio, os, selectors, socket
    asked = []
    class Counting(selectors.DefaultSelector):
        def select(self, timeout=None):
            asked.append(timeout)
            return super().select(timeout)
    async def main():
        loop = asyncio.get_running_loop()
        recorder = getattr(loop, "_loopscope", None)
        if recorder is not None:
            selector, poll, keys = recorder.epoll
            recorder.epoll = (selector, lambda *arguments: asked.append(0) or poll(*arguments), keys)
        one, two = socket.socketpair()
        two.setblocking(False)
        for _ in range(3000):
            received = loop.create_task(loop.sock_recv(two, 9))
            await asyncio.sleep(0)
            one.send(b"x")
            await received
        one.close()
        two.close()
    loop = asyncio.SelectorEventLoop(Counting() if "COUNTING" in os.environ else None)
    loop.run_until_complete(main())
    loop.close()
    print(len(asked))
"""


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
@pytest.mark.parametrize("level", ["adaptive", "full"])
def test_a_loop_whose_sockets_are_its_own_ticks_as_often_as_without_us(level: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(TALK)]
    plain = subprocess.run(command, env={**os.environ, "COUNTING": "1"}, capture_output=True, check=True)
    ticks = int(plain.stdout)
    recording = record(TALK, level)
    assert recording.headers[-1]["tick"] == ticks
    # Each exchange has a tick of a loop that has nothing else to do: epoll was asked directly in most of these too.
    assert int(recording.output) > ticks - 1000
