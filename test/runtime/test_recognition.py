"""Only what is known is replaced: fingerprints, the self-test for an asyncio that is not known, and the slower hook for what fails it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from asyncio import base_events, events
from pathlib import Path
from typing import Any

import pytest
from listen import RUNTIME, decode_events, environment, read_frames, send_message, wire
from loopscope import fingerprints

PROGRAM = """
import asyncio, sys

async def child(number):
    await asyncio.sleep(0.001 * number)
    return number

async def main():
    print(await asyncio.gather(*[asyncio.create_task(child(number), name=f"child {number}") for number in (3, 1, 2)]))
    asyncio.get_running_loop().call_soon(print, "a callback")
    await asyncio.sleep(0)

asyncio.run(main())
"""


TASKS = 6
"""main, three children, and the two with which asyncio.run() shuts down asynchronous generators and the executor."""


def watch(program: str, path: list[Path], *arguments: str) -> tuple[str, list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Runs a program with the runtime in it at level full: its output, the runtime's messages, its events."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        env = environment(server.getsockname()[1])
        env["PYTHONPATH"] = os.pathsep.join([str(RUNTIME / "bootstrap"), *map(str, path)])
        process = subprocess.Popen(
            [sys.executable, *arguments, "-c", program], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        connection, _ = server.accept()
        with connection:
            connection.settimeout(30)
            send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": "full"})
            messages: list[dict[str, Any]] = []
            happened: list[tuple[str, dict[str, Any]]] = []
            running: dict[float, int] = {}
            for kind, payload in read_frames(connection):
                if kind == wire.FRAME_JSON:
                    messages.append(payload)
                elif kind == wire.FRAME_EVENTS:
                    happened += decode_events(payload, running)
        output = process.communicate(timeout=30)[0]
        return output, messages, happened


def plain(program: str, path: list[Path]) -> str:
    """The output of the program without the runtime."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


def changed_asyncio(folder: Path, before: str, after: str) -> Path:
    """A copy of this Python's asyncio with a change in base_events.py: what to put on the path."""
    shutil.copytree(Path(asyncio.__file__).parent, folder / "asyncio", ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "asyncio" / "base_events.py"
    text = source.read_text(encoding="utf-8")
    assert before in text, "this Python's base_events.py has no such line: choose another one"
    source.write_text(text.replace(before, after, 1), encoding="utf-8")
    return folder


def texts(messages: list[dict[str, Any]]) -> str:
    """What the runtime logged."""
    return "\n".join(message["text"] for message in messages if message["type"] == "log")


def hooks_of(messages: list[dict[str, Any]]) -> set[str]:
    """How the loops were seen, according to their messages."""
    return {message["hook"] for message in messages if message["type"] == "loop"}


def count(happened: list[tuple[str, dict[str, Any]]], name: str) -> int:
    """How many events of that name."""
    return sum(1 for event, _ in happened if event == name)


def test_this_python_is_known() -> None:
    assert fingerprints.unknown({"base_events": base_events, "events": events}) == []


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_this_python_is_known_when_it_optimises(option: str) -> None:
    output, messages, happened = watch(PROGRAM, [], option)
    assert hooks_of(messages) == {"replaced"}
    assert texts(messages) == ""
    assert output == plain(PROGRAM, [])
    assert count(happened, "taskCreated") == TASKS


def test_a_change_of_no_consequence_passes_the_self_test(tmp_path: Path) -> None:
    path = [changed_asyncio(tmp_path, "        ntodo = len(self._ready)\n", "        ntodo = 0 + len(self._ready)\n")]
    output, messages, happened = watch(PROGRAM, path)
    assert output == plain(PROGRAM, path) == "[3, 1, 2]\na callback\n"
    assert hooks_of(messages) == {"replaced"}
    assert "has passed the self-test. New here: BaseEventLoop._run_once." in texts(messages)
    assert count(happened, "tick") > 3


def test_an_asyncio_that_runs_in_another_order_is_not_replaced(tmp_path: Path) -> None:
    path = [changed_asyncio(tmp_path, "self._ready.popleft()", "self._ready.pop()")]
    output, messages, happened = watch(PROGRAM, path)
    assert output == plain(PROGRAM, path)
    assert hooks_of(messages) == {"handle"}
    assert "did not pass its self-test (order: " in texts(messages)
    hides = {message["hides"] for message in messages if message["type"] == "loop"}
    assert len(hides) == 1 and "ticks" in hides.pop()
    # The slower hook still tells of every task and handle.
    assert count(happened, "tick") == 0
    assert count(happened, "taskCreated") == count(happened, "taskEnded") == TASKS
    assert count(happened, "start") >= 8
    assert [message["what"] for message in messages if message["type"] == "loop"][-1] in ("closed", "collected")


OWN_RUN_ONCE = """
import asyncio

class Loop(asyncio.SelectorEventLoop):
    def _run_once(self):
        self.ticks = getattr(self, "ticks", 0) + 1
        todo = list(self._ready) or None
        while todo is None:
            for key, mask in self._selector.select(0.01):
                pass
            self._process_events([])
            while self._scheduled and self._scheduled[0]._when <= self.time():
                import heapq
                self._ready.append(heapq.heappop(self._scheduled))
            todo = list(self._ready) or None
        self._ready.clear()
        for handle in todo:
            if not handle._cancelled:
                handle._run()

async def main():
    await asyncio.sleep(0.02)
    raise ValueError("seen")

loop = Loop()
try:
    loop.run_until_complete(main())
except ValueError as error:
    import traceback
    traceback.print_exc()
loop.close()
"""


def test_a_class_with_a_run_once_of_its_own_gets_the_slower_hook() -> None:
    output, messages, happened = watch(OWN_RUN_ONCE, [])
    assert output == plain(OWN_RUN_ONCE, [])
    assert hooks_of(messages) == {"handle"}
    assert any("Loop._run_once is that of __main__" in message["hides"] for message in messages if message["type"] == "loop")
    assert count(happened, "taskCreated") == count(happened, "taskEnded") == 1


NESTED = """
import asyncio, nest_asyncio
nest_asyncio.apply()

async def inner():
    await asyncio.sleep(0.01)
    return 42

async def main():
    print(asyncio.get_event_loop().run_until_complete(inner()))
    await asyncio.sleep(0.01)

asyncio.run(main())
"""


def test_nest_asyncio_gets_the_slower_hook() -> None:
    pytest.importorskip("nest_asyncio")
    output, messages, happened = watch(NESTED, [])
    expected = plain(NESTED, [])
    assert output == expected
    assert "handle" in hooks_of(messages)
    assert any("nest_asyncio" in message["hides"] for message in messages if message["type"] == "loop")
    assert count(happened, "taskEnded") >= 2
