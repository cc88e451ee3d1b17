"""Loops whose queue is hidden (uvloop, a `_run_once` of their own) are stepped as far as they are seen; a sentence says what cannot be."""

from __future__ import annotations

import importlib.util

import pytest
from driver import FIRST, Refused, Stepped

BODY = """
async def w(name):
    for n in range(3):
        print(name, n)
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(w("a"), w("b"))
    print("idle", flush=True)
    await asyncio.sleep(0.3)
    print("end")
"""
OWN = f"""
import asyncio, heapq
{BODY}
class Loop(asyncio.SelectorEventLoop):
    def _run_once(self):
        timeout = 0 if self._ready or self._stopping else None
        if self._scheduled and timeout is None:
            timeout = max(0, self._scheduled[0]._when - self.time())
        self._process_events(self._selector.select(timeout))
        while self._scheduled and self._scheduled[0]._when <= self.time():
            self._ready.append(heapq.heappop(self._scheduled))
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()
loop = Loop()
loop.run_until_complete(main())
loop.close()
"""
SUPER = f"""
import asyncio
{BODY}
class Loop(asyncio.SelectorEventLoop):
    def _run_once(self):
        super()._run_once()
loop = Loop()
loop.run_until_complete(main())
loop.close()
"""
UVLOOP = f"""
import asyncio, uvloop
{BODY}
loop = uvloop.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""
OUTPUT = "a 0\nb 0\na 1\nb 1\na 2\nb 2\nidle\nend\n"

needs_uvloop = pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed for this Python")
kinds = pytest.mark.parametrize("program", [OWN, SUPER, pytest.param(UVLOOP, marks=needs_uvloop)], ids=["own", "super", "uvloop"])


@kinds
def test_tasks_are_stepped(program: str) -> None:
    with Stepped(program, settings=FIRST) as stepped:
        stop = stepped.stop()
        assert stop["next"]["text"] == "Task-1 · main()"
        stop = stepped.step("anyTask")
        assert stop["next"]["text"] == "Task-2 · w()"
        assert stop["did"]["counts"]["created"] == 2
        assert stop["did"]["outcome"] == "waits"
        stop = stepped.step("anyTask")
        assert stop["next"]["text"] == "Task-3 · w()"
        stop = stepped.step("ended")
        assert stop["did"]["outcome"] == "finished"
        stepped.resume()
        assert stepped.end() == (0, OUTPUT, "")


@kinds
def test_what_is_hidden_is_said(program: str) -> None:
    with Stepped(program, settings=FIRST) as stepped:
        stop = stepped.stop()
        with pytest.raises(Refused, match="cannot be seen: it is hidden"):
            stepped.step("tick")
        with pytest.raises(Refused, match="cannot be changed: it is hidden"):
            stepped.command("order", action="first", handle=1)
        with pytest.raises(Refused, match="cannot be frozen"):
            stepped.command("task", action="freeze", task=stop["next"]["task"])
        stepped.resume()
        assert stepped.end() == (0, OUTPUT, "")


@kinds
def test_an_idle_loop_stops(program: str) -> None:
    with Stepped(program.replace("0.3", "600")) as stepped:
        assert stepped.process.stdout is not None
        for line in OUTPUT.splitlines()[:-1]:
            assert stepped.process.stdout.readline() == line + "\n"
        stop = stepped.pause()
        assert stop["next"] is None
        assert stop["frozen"] is ("uvloop" not in program)
        task = next(task["task"] for task in stepped.query("sync", cursor=0)["tasks"] if task["name"] == "Task-1")
        assert stepped.command("task", action="cancel", task=task) == {"text": "Task-1 is being cancelled."}
        stepped.resume()
        code, out, errors = stepped.end()
        assert (code, out) == (1, "")
        assert "CancelledError" in errors
