"""What goes wrong around a stop under debugpy: nothing hangs, every request is answered, and the program goes on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from debuggee import Debuggee, marked
from test_ticks import summary, told

PROGRAM = """
import asyncio, sys

class Raises:
    def __repr__(self):
        raise KeyError("repr")

async def worker():
    odd = Raises()
    for turn in range(3):
        await asyncio.sleep(0)  # waits
    print("worked", flush=True)

async def main():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(worker(), name="worker")
    await asyncio.sleep(0)
    begin = loop.time()
    here = 1  # stop
    await asyncio.sleep(0.1)
    print("ends", 0.1 <= loop.time() - begin < 5, flush=True)
    await asyncio.wait([task])
    print("cancelled", task.cancelled(), flush=True)

asyncio.run(main())
"""


def at_tick(debuggee: Debuggee) -> int:
    """Goes from the breakpoint to the next tick, in which the worker runs next; the thread's number."""
    stop = debuggee.stopped()
    assert debuggee.command("pause", loop=1)["ok"]
    debuggee.request("continue", threadId=stop["threadId"])
    stop = debuggee.stopped()
    assert summary(debuggee, stop) == ("pause", 0, "worker · worker()")
    thread: int = stop["threadId"]
    return thread


@pytest.mark.parametrize("at", ["line", "tick"])
@pytest.mark.parametrize("how", ["disconnect", "hang up"])
def test_the_client_goes_while_the_loop_is_stopped(tmp_path: Path, at: str, how: str) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        if at == "tick":
            at_tick(debuggee)
        else:
            debuggee.stopped()
        if how == "disconnect":
            debuggee.send("disconnect", terminateDebuggee=False)
        else:
            debuggee._dap.shutdown(socket.SHUT_RDWR)  # pyright: ignore[reportPrivateUsage]
        assert debuggee.finish() == 0
        debuggee.wait_for_output(b"cancelled False\n")
        assert debuggee.out == b"worked\nends True\ncancelled False\n"


def test_ids_of_an_earlier_stop_and_a_repr_that_raises_are_answered(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        thread = at_tick(debuggee)
        row = debuggee.threads()["worker · worker"]
        frame = debuggee.stack(row)[0]["id"]
        assert debuggee.locals(frame)["odd"].startswith("<__main__.Raises object")
        scope = debuggee.request("scopes", frameId=frame)["scopes"][0]["variablesReference"]
        debuggee.request("next", threadId=thread)
        debuggee.stopped()
        for command, arguments in (
            ("scopes", {"frameId": frame}),
            ("variables", {"variablesReference": scope}),
            ("evaluate", {"frameId": frame, "expression": "odd"}),
            ("stackTrace", {"threadId": 999_999}),
        ):
            debuggee.response(debuggee.send(command, **arguments))
        debuggee.request("continue", threadId=thread)
        assert debuggee.finish() == 0


def test_freeze_thaw_and_cancel_of_a_task(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        thread = at_tick(debuggee)
        task = next(row["task"] for row in told(debuggee)["rows"] if row["threadId"] == debuggee.threads()["worker · worker"])
        assert debuggee.command("task", loop=1, action="freeze", task=task)["ok"]
        debuggee.request("continue", threadId=thread)
        debuggee.wait_for_output(b"ends True")  # The other task ran on alone.
        assert debuggee.out == b"ends True\n"
        assert debuggee.command("pause", loop=1)["ok"]
        thread = debuggee.stopped()["threadId"]
        assert debuggee.command("task", loop=1, action="thaw", task=task)["ok"]
        assert debuggee.command("task", loop=1, action="cancel", task=task)["ok"]
        debuggee.request("continue", threadId=thread)
        debuggee.wait_for_output(b"cancelled True")
        assert debuggee.finish() == 0


TRACED = PROGRAM.replace(
    "asyncio.run(main())",
    """
seen = []
def trace(frame, event, arg):
    if event == "call" and frame.f_code.co_name == "worker":
        seen.append(1)
sys.settrace(trace)
asyncio.run(main())
sys.settrace(None)
print("traced", bool(seen))
""",
)


def test_a_program_that_sets_a_trace_function_of_its_own(tmp_path: Path) -> None:
    with Debuggee(TRACED, tmp_path) as debuggee:
        assert debuggee.finish() == 0
        debuggee.wait_for_output(b"traced")
        assert debuggee.out.endswith(b"ends True\ncancelled False\ntraced True\n")


COUNTS_THREADS = """
import asyncio, threading
async def main():
    await asyncio.sleep(0.2)
    known = list(threading._active.values())
    ours = [thread for thread in known if thread.name == "Loopscope"]
    print([(repr(thread)[:6], thread.is_alive()) for thread in ours])
    print([thread for thread in (*threading._dangling, *threading.enumerate()) if thread in ours])
asyncio.run(main())
"""


def test_a_program_that_looks_at_all_threads(tmp_path: Path) -> None:
    """CPython's own tests do: they print what runs on, and count it."""
    with Debuggee(COUNTS_THREADS, tmp_path) as debuggee:
        assert debuggee.finish() == 0
        debuggee.wait_for_output(b"[]\n")
        assert debuggee.out == b"[('<Threa', True)]\n[]\n"


OTHER_VERSION = """
import sys
name = "loopscope-runtime"
if name in sys.modules:  # Not in debugpy's own process.
    import asyncio
    import importlib
    importlib.import_module(name + ".bridge.pydevd").NEEDED["pydevd.PyDB"] += ("of_another_version",)
"""


def test_a_debugpy_without_what_the_bridge_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(OTHER_VERSION)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    program = PROGRAM.replace("sleep(0.1)", "sleep(0.2)")
    with Debuggee(program, tmp_path, breakpoints=[marked(program, "stop")]) as debuggee:
        told_of = debuggee.message(lambda message: message["type"] == "log")
        assert "lacks pydevd.PyDB.of_another_version" in told_of["text"] and "own gate" in told_of["text"]
        stop = debuggee.stopped()
        assert debuggee.where(stop["threadId"]) == ("main", marked(program, "stop"))
        assert list(debuggee.threads()) == ["MainThread"]
        assert debuggee.command("pause", loop=1)["ok"]
        debuggee.request("continue", threadId=stop["threadId"])
        first = debuggee.message(lambda message: message["type"] == "stopped")
        assert (first["byDebugger"], first["reason"], first["next"]["text"]) == (False, "pause", "worker · worker()")
        assert debuggee.command("step", loop=1, goal={"kind": "handle"})["ok"]
        second = debuggee.message(lambda message: message["type"] == "stopped" and message["reason"] == "step")
        assert second["did"]["ran"]["text"] == "worker · worker()"
        assert debuggee.command("continue", loop=1)["ok"]
        assert debuggee.finish() == 0
