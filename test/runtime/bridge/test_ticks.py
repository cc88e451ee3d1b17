"""A loop's stop between two handles is a stop of debugpy's: the client's own buttons step handles and ticks, and clocks stand still."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from debuggee import Debuggee, marked

PROGRAM = """
import asyncio, functools, time

async def worker(number):
    for turn in range(3):
        a = turn  # worker first
        await asyncio.sleep(0)  # worker await
        b = turn  # worker second

async def main():
    loop = asyncio.get_running_loop()
    workers = [asyncio.create_task(worker(n), name="w%d" % n) for n in range(3)]
    await asyncio.sleep(0)
    here = 1  # stop
    loop.call_soon(len, "callback")
    begin = loop.time()
    try:
        await asyncio.wait_for(loop.create_future(), 1)
    except asyncio.TimeoutError:
        print("timeout after %.2f" % (loop.time() - begin))
    loop.call_soon(functools.partial(print, "idle", flush=True))  # When this task waits: no line is left to stop at.
    await done.wait()

async def whole():
    global done
    done = asyncio.Event()
    await main()

asyncio.run(whole())
"""


def told(debuggee: Debuggee) -> dict[str, Any]:
    """What the bridge said of the last stop."""
    return [event["body"] for event in debuggee.events if event["event"] == "loopscope/bridge"][-1]


def summary(debuggee: Debuggee, stop: dict[str, Any]) -> tuple[Any, ...]:
    """Of a stop at a tick: DAP's reason, handles that have run, what runs next. Of one at a line: its function and line."""
    tick = told(debuggee)["stop"]
    if tick is None:
        return debuggee.where(stop["threadId"])
    assert tick["byDebugger"] and tick["frozen"]
    return stop["reason"], tick["position"], tick["next"] and tick["next"]["text"]


def test_the_buttons_step_handles_and_ticks(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        assert debuggee.command("pause", loop=1)["ok"]
        seen: list[tuple[Any, ...]] = []
        for command in ("continue", "next", "next", "stepOut", "stepIn", "next", "next"):
            debuggee.request(command, threadId=stop["threadId"])
            stop = debuggee.stopped()
            seen.append(summary(debuggee, stop))
        assert seen == [
            ("pause", 0, "w0 · worker()"),
            ("step", 1, "w1 · worker()"),
            ("step", 2, "w2 · worker()"),
            ("step", 0, "w0 · worker()"),
            ("worker", marked(PROGRAM, "worker await")),
            ("worker", marked(PROGRAM, "worker second")),
            ("worker", marked(PROGRAM, "worker first") - 1),
        ]
        times: list[float] = []
        for _ in range(3):
            begin = time.monotonic()
            debuggee.request("next", threadId=stop["threadId"])
            stop = debuggee.stopped()
            times.append(time.monotonic() - begin)
        # pydevd by itself looks every 200 ms for what it is told (prompt.py). The quickest, because a busy machine delays others.
        assert min(times) < 0.15, times
        debuggee.request("continue", threadId=stop["threadId"])
        debuggee.wait_for_output(b"idle")
        assert b"timeout after 1.0" in debuggee.out


def test_a_step_into_a_callback_that_is_no_task_does_not_leak(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.command("pause", loop=1)
        seen: list[tuple[Any, ...]] = []
        for command in ("continue", "next", "next", "next", "stepIn"):
            debuggee.request(command, threadId=stop["threadId"])
            stop = debuggee.stopped()
            seen.append(summary(debuggee, stop))
        assert seen[-2:] == [("step", 3, "len()"), ("step", 0, "w0 · worker()")]


def test_pause_on_an_idle_loop_stops_at_a_tick_at_once(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path) as debuggee:
        debuggee.wait_for_output(b"idle")
        for _ in range(3):
            begin = time.monotonic()
            debuggee.request("pause", threadId=1)
            stop = debuggee.stopped()
            assert time.monotonic() - begin < 0.5
            assert summary(debuggee, stop) == ("pause", 0, None) or told(debuggee)["stop"]["ready"] == 0
            assert "Task-1 · whole" in debuggee.threads()
            debuggee.request("continue", threadId=stop["threadId"])
            debuggee.event("continued")


LATE = """
import asyncio, sys, threading

def pause_when(owner, name):
    # As pydevd's reader does when a request `pause` comes just then.
    stock = getattr(owner, name)
    def let_go(*arguments):
        result = stock(*arguments)
        if times:
            times.pop()
            debugger = sys.modules["_pydevd_bundle.pydevd_constants"].get_global_debugger()
            api = sys.modules["_pydevd_bundle.pydevd_api"].PyDevdAPI()
            reader = threading.Thread(target=api.request_suspend_thread, args=(debugger, "*"))
            reader.is_pydev_daemon_thread = reader.pydev_do_not_trace = True
            reader.start()
            reader.join()
        return result
    setattr(owner, name, let_go)

times = [1]
owners = {"pydevd": sys.modules["pydevd"].PyDB}
owners.update((name.rpartition(".")[2], module) for name, module in list(sys.modules.items()) if name.endswith(".bridge.bridge"))
if WHERE == "pydevd":
    pause_when(owners["pydevd"], "_do_wait_suspend")
else:
    pause_when(owners["bridge"].Bridge, "_resumed")

async def main():
    await asyncio.sleep(0)
    here = 1  # line
    print("idle", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("at", ["tick", "line"])
@pytest.mark.parametrize("where", ["pydevd", "bridge"])
def test_a_pause_that_comes_while_the_thread_leaves_a_stop_is_not_lost(tmp_path: Path, at: str, where: str) -> None:
    program = LATE.replace("WHERE", repr(where))
    with Debuggee(program, tmp_path, breakpoints=[marked(program, "line")] if at == "line" else []) as debuggee:
        if at == "tick":
            debuggee.wait_for_output(b"idle")
            debuggee.request("pause", threadId=1)
        stop = debuggee.stopped()
        debuggee.request("continue", threadId=stop["threadId"])
        again = debuggee.stopped()
        assert again["threadId"] == stop["threadId"] and again["reason"] == "pause"
        debuggee.request("continue", threadId=again["threadId"])
        debuggee.wait_for_output(b"idle")
        debuggee.request("pause", threadId=1)
        assert debuggee.stopped()["reason"] == "pause"


EARLY = """
import asyncio, sys

async def main():
    loop = asyncio.get_running_loop()
    print("idle", flush=True)
    while True:
        await asyncio.sleep(0.01)

gate = next(module for name, module in list(sys.modules.items()) if name.endswith(".bridge.tick_gate"))
stock, times = gate._suspend, [1]

def suspend(*arguments):
    # As the adapter does whose `step` comes as soon as it has been told of the stop.
    if times:
        times.pop()
        asyncio.get_running_loop()._loopscope.stepper.release({"kind": "handle"})
    stock(*arguments)

gate._suspend = suspend
asyncio.run(main())
"""


def test_a_step_that_comes_before_the_thread_is_suspended_is_not_lost(tmp_path: Path) -> None:
    with Debuggee(EARLY, tmp_path) as debuggee:
        debuggee.wait_for_output(b"idle")
        assert debuggee.command("pause", loop=1)["ok"]
        stop = debuggee.stopped()
        assert stop["reason"] == "step"
        assert [message["reason"] for message in debuggee.messages if message["type"] == "stopped"] == ["pause", "step"]
        debuggee.request("continue", threadId=stop["threadId"])
        debuggee.event("continued")


@pytest.mark.parametrize("just_my_code", [True, False])
def test_each_pause_of_the_adapters_stops_again(tmp_path: Path, just_my_code: bool) -> None:
    with Debuggee(PROGRAM, tmp_path, just_my_code=just_my_code) as debuggee:
        debuggee.wait_for_output(b"idle")
        for _ in range(5):
            assert debuggee.command("pause", loop=1)["ok"]
            stop = debuggee.stopped()
            assert summary(debuggee, stop)[0] == "pause"
            debuggee.request("continue", threadId=stop["threadId"])
            debuggee.event("continued")


CLOCKS = """
import asyncio, threading, time

def in_thread():
    here = 1  # in thread
    return 2

async def main():
    loop = asyncio.get_running_loop()
    begin, wall = loop.time(), time.monotonic()
    async def limited():
        await asyncio.wait_for(loop.create_future(), 1.5)
    limit = asyncio.create_task(limited())
    await asyncio.sleep(0)
    at_line = 1  # at line
    await loop.run_in_executor(None, in_thread)
    print("loop %.3f" % (loop.time() - begin), "wall", time.monotonic() - wall > 3, limit.done())
    limit.cancel()

asyncio.run(main())
"""


def test_clocks_stand_still_at_a_line_and_while_another_thread_is_stopped(tmp_path: Path) -> None:
    with Debuggee(CLOCKS, tmp_path, breakpoints=[marked(CLOCKS, "at line"), marked(CLOCKS, "in thread")]) as debuggee:
        for _ in range(2):
            stop = debuggee.stopped()
            time.sleep(1.6)
            debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        words = debuggee.out.split()
        assert float(words[1]) < 0.5 and words[2:] == [b"wall", b"True", b"False"], debuggee.out


def test_the_goal_that_the_adapter_notes_is_run_to(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.command("pause", loop=1)
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        row = next(row for row in told(debuggee)["rows"] if row["threadId"] == debuggee.threads()["w2 · worker"])
        assert debuggee.command("step", loop=1, goal={"kind": "task", "task": row["task"]}, gate=False)["ok"]
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        assert summary(debuggee, stop) == ("step", 2, "w2 · worker()")
        # And one that lets the thread go by itself.
        assert debuggee.command("step", loop=1, goal={"kind": "tick"})["ok"]
        stop = debuggee.stopped()
        assert summary(debuggee, stop)[:2] == ("step", 0)


AT_LINE = """
import asyncio

async def worker(number):
    await asyncio.sleep(0)
    await asyncio.sleep(0)

async def main():
    loop = asyncio.get_running_loop()
    workers = [asyncio.create_task(worker(n), name="w%d" % n) for n in range(40)]
    await asyncio.sleep(0)
    await asyncio.create_task(stops(), name="stops")
    print("idle", flush=True)
    await loop.create_future()

async def stops():
    here = 1  # stop
    asyncio.get_running_loop().call_later(0.05, made)
    await asyncio.sleep(0.2)
    again = 2  # again
    asyncio.create_task(worker(99), name="late")
    await asyncio.sleep(0)

def made():
    pass

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["handle", "tick", "created", "task", "anyTask"])
def test_a_goal_at_a_line_lets_the_program_go_on(tmp_path: Path, kind: str) -> None:
    with Debuggee(AT_LINE, tmp_path, breakpoints=[marked(AT_LINE, "stop"), marked(AT_LINE, "again")]) as debuggee:
        debuggee.stopped()
        row = next(row for row in told(debuggee)["rows"] if row["threadId"] == debuggee.threads()["w5 · worker"])
        if kind == "created":
            debuggee.request("continue", threadId=1)
            assert debuggee.stopped()["reason"] == "breakpoint"
        goal = {"kind": kind, **({"task": row["task"]} if kind == "task" else {})}
        assert debuggee.command("step", loop=1, goal=goal)["ok"]
        stop = debuggee.stopped()
        tick = told(debuggee)["stop"]
        assert tick is not None and stop["reason"] == "step", "between two handles, without a word of the client's"
        assert tick["did"]["ran"]["text"] == ("w4 · worker()" if kind == "task" else "stops · stops()")
        if kind == "created":
            assert [made["text"] for made in tick["did"]["created"]] == ["late · worker()"]
        elif kind == "tick":
            assert tick["position"] == 0 and tick["next"]["text"] == "w0 · worker()"
        elif kind == "task":
            assert tick["next"]["text"] == "w5 · worker()"
        else:
            assert tick["next"]["text"] == "w0 · worker()"
            assert (tick["did"]["outcome"], len(tick["did"]["timers"])) == ("waits", 2)
        debuggee.request("continue", threadId=stop["threadId"])
        if kind != "created":
            debuggee.stopped()
            assert debuggee.command("continue", loop=1)["ok"], "as the goal does"
        debuggee.wait_for_output(b"idle")


def test_when_the_adapter_goes_the_program_goes_on(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.command("pause", loop=1)
        debuggee.request("continue", threadId=stop["threadId"])
        debuggee.stopped()
        debuggee.hang_up()
        debuggee.wait_for_output(b"idle")


NOTED = """
import asyncio

async def main():
    await asyncio.sleep(0)
    here = 1  # line
    await asyncio.sleep(0)
    print("ran", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["handle", "tick", "anyTask"])
def test_a_goal_that_is_noted_at_a_line_is_reached_before_the_next_handle(tmp_path: Path, kind: str) -> None:
    with Debuggee(NOTED, tmp_path, breakpoints=[marked(NOTED, "line")]) as debuggee:
        stop = debuggee.stopped()
        assert debuggee.command("step", loop=1, goal={"kind": kind}, gate=False)["ok"]
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        assert summary(debuggee, stop) == ("step", 0, "Task-1 · main()")
        assert debuggee.out == b""
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0


TICK_CLOCK = """
import asyncio, time

async def main():
    loop = asyncio.get_running_loop()
    here = 1  # line
    begin, wall = loop.time(), time.monotonic()
    await asyncio.sleep(0)
    print("%.3f" % (loop.time() - begin), time.monotonic() - wall > 2)

asyncio.run(main())
"""


def test_the_clock_stands_still_at_a_tick(tmp_path: Path) -> None:
    with Debuggee(TICK_CLOCK, tmp_path, breakpoints=[marked(TICK_CLOCK, "line")]) as debuggee:
        stop = debuggee.stopped()
        assert debuggee.command("step", loop=1, goal={"kind": "tick"}, gate=False)["ok"]
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        time.sleep(2.1)  # Somebody looks: what is tested is that the loop does not notice.
        debuggee.request("continue", threadId=stop["threadId"])
        code, out, _ = debuggee.result()
        spent, is_long = out.split()
        assert code == 0 and is_long == b"True" and float(spent) < 0.5, out
