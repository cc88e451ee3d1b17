"""Values whose `__repr__` hangs, waits for a lock of the stopped thread, or raises: they are answered, and the program goes on."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from debuggee import Debuggee, marked

PROGRAM = """
import asyncio, contextvars, threading

lock = threading.Lock()
where = contextvars.ContextVar("where", default="nowhere")
called = []

class Hangs:
    def __repr__(self):
        called.append("hangs")
        threading.Event().wait()

class Locks:
    def __repr__(self):
        with lock:
            called.append("locks")
            return "<locks>"

class Raises:
    def __repr__(self):
        raise KeyError("repr")

class Leaves:
    def __repr__(self):
        raise SystemExit("repr")

class Bound:
    def __init__(self):
        self.thread = threading.get_ident()
    def __repr__(self):
        if threading.get_ident() != self.thread:
            raise RuntimeError("only in the thread in which it was made")
        return "<bound>"

class Says:
    def __repr__(self):
        return "<says %s>" % where.get()

async def worker():
    # Those that hang come last: after them the others have less time, which a busy machine may need.
    before, raises, leaves, bound, says, hangs, again, locks = 1, Raises(), Leaves(), Bound(), Says(), Hangs(), [Hangs()], Locks()
    for turn in range(2):
        await asyncio.sleep(0)  # waits
    print("worked", hangs is not again[0], flush=True)

async def main():
    where.set("here")
    task = asyncio.create_task(worker(), name="worker")
    await asyncio.sleep(0)
    with lock:
        here = 1  # stop
    await task
    with lock:
        print("ends", threading.enumerate() == [threading.main_thread()], flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("at", ["line", "tick"])
def test_each_is_answered_and_the_program_goes_on(tmp_path: Path, at: str) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        if at == "tick":
            debuggee.command("pause", loop=1)
            debuggee.request("continue", threadId=stop["threadId"])
            stop = debuggee.stopped()
        frame = debuggee.stack(debuggee.threads()["worker · worker"])[0]["id"]
        begin = time.monotonic()
        shown = {name: re.sub(" at 0x[0-9a-f]+", "", value) for name, value in debuggee.locals(frame).items()}
        assert time.monotonic() - begin < 10
        assert {name: shown.pop(name) for name in ("before", "bound", "raises", "leaves", "says", "turn")} == {
            "before": "1",
            "bound": "<bound>",
            "raises": "<__main__.Raises object>",
            "leaves": "<__main__.Leaves object>",
            "says": "<says here>" if at == "line" else "<says nowhere>",  # The context of what is held: a task, the loop.
            "turn": "0",
        }
        # Of one type only the first is asked, and every further one for a shorter time.
        asked, unasked = sorted((shown.pop("again").strip("[]"), shown.pop("hangs")), key=lambda text: "is not called" in text)
        assert asked == "<__main__.Hangs object: its __repr__ has not returned within 2 s; evaluate repr() of it to wait>"
        assert unasked == "<__main__.Hangs object: its __repr__ is not called, because that of another of this type has not returned>"
        if at == "line":
            waits = "<__main__.Locks object: its __repr__ has not returned within 0.25 s; evaluate repr() of it to wait>"
            assert shown == {"locks": waits}, "the held thread has its lock"
        else:
            assert shown == {"locks": "<locks>"}
        assert debuggee.evaluate("repr(bound)", frame)["body"]["result"] == "'<bound>'"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.out == b"worked True\nends True\n"
        assert debuggee.err == b""
