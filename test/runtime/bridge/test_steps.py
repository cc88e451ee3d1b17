"""Steps stay in the task in which they were taken, while other tasks run the same code and hit breakpoints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from debuggee import Debuggee, marked

IN_CALLER = "main await" if sys.version_info >= (3, 12) else "main after"
"""Where a step past the last line of a coroutine arrives: from 3.12 on pydevd shows a return on the line of the call."""

PROGRAM = """
import asyncio

async def noise():
    while True:
        a = 1
        await asyncio.sleep(0.001)
        b = 2

async def leaf():
    c = 3
    await asyncio.sleep(0.02)  # leaf await
    d = 4  # leaf after
    return d

async def child():
    e = 5  # child first
    f = await leaf()  # child await
    g = 6  # child after
    return g  # child return

async def parent():
    task = asyncio.create_task(child(), name="child")
    x = await task  # parent await
    y = x  # parent after
    many = await asyncio.gather(leaf(), leaf())  # parent gather
    z = y  # parent gathered
    try:
        await asyncio.wait_for(leaf(), 60)  # parent wait_for
    finally:
        u = z  # parent last
    return u  # parent return

async def main():
    noises = [asyncio.create_task(noise(), name="n%d" % n) for n in range(3)]
    await asyncio.sleep(0.01)
    r = await parent()  # main await
    for task in noises:  # main after
        task.cancel()
    return r  # main return

result = asyncio.run(main())  # run
print("result", result)  # end
"""


def steps(tmp_path: Path, begin: str, *commands: str, just_my_code: bool = True) -> list[str]:
    """The marks of the lines at which the commands arrive, from a breakpoint on."""
    marks = {marked(PROGRAM, line.partition("# ")[2]): line.partition("# ")[2] for line in PROGRAM.splitlines() if "# " in line}
    arrived: list[str] = []
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, begin)], just_my_code=just_my_code) as debuggee:
        stop = debuggee.stopped()
        debuggee.request("setBreakpoints", source={"path": str(debuggee.path)}, breakpoints=[])
        for command in commands:
            debuggee.request(command, threadId=stop["threadId"])
            stop = debuggee.stopped()
            name, line = debuggee.where(stop["threadId"])
            arrived.append(marks.get(line, f"{name}:{line}"))
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.out == b"result 6\n"
        assert debuggee.err == b""
    return arrived


@pytest.mark.parametrize("just_my_code", [True, False])
def test_over_an_await_and_past_the_last_line_lands_in_the_awaiter(tmp_path: Path, just_my_code: bool) -> None:
    assert steps(tmp_path, "child first", *["next"] * 6, just_my_code=just_my_code) == [
        "child await",
        "child after",
        "child return",
        "parent after",
        "parent gather",
        "parent gathered",
    ]


def test_over_wait_for_and_past_the_last_line_of_a_coroutine(tmp_path: Path) -> None:
    assert steps(tmp_path, "parent wait_for", *["next"] * 3) == ["parent last", "parent return", IN_CALLER]


@pytest.mark.parametrize("just_my_code", [True, False])
def test_out_of_each_coroutine_and_of_the_task(tmp_path: Path, just_my_code: bool) -> None:
    assert steps(tmp_path, "leaf await", "stepOut", "stepOut", just_my_code=just_my_code) == ["child await", "parent after"]


def test_into_an_await_that_suspends(tmp_path: Path) -> None:
    assert steps(tmp_path, "parent await", "stepIn", "next") == ["parent after", "parent gather"]
    assert steps(tmp_path, "leaf await", "stepIn") == ["leaf after"]


def test_into_a_coroutine_that_is_awaited(tmp_path: Path) -> None:
    assert steps(tmp_path, "main await", "stepIn", "next", "next") == ["parent:23", "parent await", "parent after"]


def test_the_breakpoint_of_another_task_does_not_lose_the_step(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "parent await")]) as debuggee:
        stop = debuggee.stopped()
        lines = [{"line": marked(PROGRAM, "leaf await")}]
        debuggee.request("setBreakpoints", source={"path": str(debuggee.path)}, breakpoints=lines)
        debuggee.request("next", threadId=stop["threadId"])
        stop = debuggee.stopped()
        assert (stop["reason"], debuggee.where(stop["threadId"])) == ("breakpoint", ("leaf", marked(PROGRAM, "leaf await")))
        debuggee.request("next", threadId=stop["threadId"])
        stop = debuggee.stopped()
        assert (stop["reason"], debuggee.where(stop["threadId"])) == ("step", ("leaf", marked(PROGRAM, "leaf after")))
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        assert (stop["reason"], debuggee.where(stop["threadId"])) == ("step", ("parent", marked(PROGRAM, "parent after")))


CALLER = """
import asyncio

async def other():
    while True:
        await asyncio.sleep(0.001)

async def main():
    task = asyncio.create_task(other())
    await asyncio.sleep(0.01)
    last = 1  # last

asyncio.run(main())  # run
print("after")  # after
"""


@pytest.mark.parametrize("command", ["next", "stepOut"])
def test_out_of_the_main_task_lands_behind_run(tmp_path: Path, command: str) -> None:
    with Debuggee(CALLER, tmp_path, breakpoints=[marked(CALLER, "last")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.request(command, threadId=stop["threadId"])
        stop = debuggee.stopped()
        name, line = debuggee.where(stop["threadId"])
        # From 3.12 on pydevd shows a return on the line of the call.
        assert name == "<module>" and line in (marked(CALLER, "run"), marked(CALLER, "after"))
