"""coverage.py, or a trace function of the program's own, beside debugpy and us: the program does what it does with debugpy alone, the
measurement is the same, loops are stopped and stepped, and where the debugger sees no lines (up to 3.11) that is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from debuggee import Debuggee, marked
from test_ticks import summary

SEES_LINES = sys.version_info >= (3, 12)
CORES = ("ctrace", "pytrace", *(("sysmon",) if SEES_LINES else ()))

PROGRAM = """
import asyncio, os

async def worker(number):
    total = 0
    for turn in range(3):
        total += number  # line
        await asyncio.sleep(0)
    return total

async def main():
    print("begins", flush=True)
    while not os.path.exists("go"):
        await asyncio.sleep(0.01)
    print(await asyncio.gather(*[worker(number) for number in range(2)]))
    if "go" in os.listdir():
        print("done")
    else:
        print("never")

asyncio.run(main())
"""


def run_all(debuggee: Debuggee, sees_lines: bool) -> tuple[int, bytes, bytes]:
    """Goes through stops at ticks, and at lines where they can be; exit code, output and errors of the program."""
    debuggee.wait_for_output(b"begins")
    if not sees_lines:
        told = debuggee.message(lambda message: message["type"] == "log" and message["level"] == "warning")
        assert "breakpoints and steps into lines do nothing" in told["text"], told
    assert debuggee.command("pause", loop=1)["ok"]
    stop = debuggee.stopped()
    assert summary(debuggee, stop)[0] == "pause"
    (debuggee.path.parent / "go").write_text("")
    assert debuggee.command("step", loop=1, goal={"kind": "anyTask"})["ok"]
    seen: list[str] = []
    stop = debuggee.stopped()
    for _ in range(40):
        assert stop["reason"] == "step"
        following = summary(debuggee, stop)[2]
        seen.append(following)
        if str(following).endswith("worker()"):
            break
        debuggee.request("next", threadId=stop["threadId"])
        stop = debuggee.stopped()
    assert seen[-1].endswith("worker()"), seen
    debuggee.request("stepIn", threadId=stop["threadId"])
    stop = debuggee.stopped()
    if sees_lines:
        assert debuggee.where(stop["threadId"])[0] == "worker"
    else:
        assert summary(debuggee, stop)[2].endswith("worker()")
    debuggee.request("continue", threadId=stop["threadId"])
    if sees_lines:
        for _ in range(6):
            stop = debuggee.stopped()
            assert debuggee.where(stop["threadId"])[0] == "worker"
            debuggee.request("continue", threadId=stop["threadId"])
    return debuggee.result()


def without_warnings(result: tuple[int, bytes, bytes]) -> tuple[int, bytes, bytes]:
    """Without pydevd's own words on `sys.settrace`, up to 3.11: how often it says them depends on the threads that it starts at stops."""
    code, out, err = result
    return code, out, re.sub(rb"\nPYDEV DEBUGGER WARNING:\n.*?\nCall Location:\n.*?\n\n", b"", err, flags=re.DOTALL)


@pytest.mark.parametrize("core", CORES)
def test_coverage(tmp_path: Path, core: str) -> None:
    env = {"COVERAGE_CORE": core, "COVERAGE_FILE": str(tmp_path / "data"), "COVERAGE_RCFILE": str(tmp_path / "none")}
    (tmp_path / "none").write_text("")
    through = ("-m", "coverage", "run")

    def report() -> dict[str, Any]:
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", "report.json"]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **env}, check=True)
        files = json.loads((tmp_path / "report.json").read_text())["files"]
        return {name: told["missing_lines"] for name, told in files.items() if "debugpy" not in name}

    (tmp_path / "go").write_text("")
    with Debuggee(PROGRAM, tmp_path, runtime=False, env=env, through=through) as debuggee:
        alone = debuggee.result()
    measured = report()
    assert alone[0] == 0 and list(measured) == ["program.py"]
    (tmp_path / "go").unlink()
    (tmp_path / "data").unlink()
    with Debuggee(PROGRAM, tmp_path, [marked(PROGRAM, "line")], env=env, through=through) as debuggee:
        assert without_warnings(run_all(debuggee, SEES_LINES)) == without_warnings(alone)
    with_us = report()
    # The loop that waits for the file ran now: its line is the one that may differ.
    waits = PROGRAM.splitlines().index("        await asyncio.sleep(0.01)") + 1
    assert {name: [line for line in lines if line != waits] for name, lines in measured.items()} == with_us


TRACED = PROGRAM.replace(
    "asyncio.run(main())",
    """
import sys
names = set()
def trace(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        # From 3.15 on a breakpoint of debugpy's, without us too, makes the end of what is awaited an exception for every trace function.
        if event == "exception" and sys.version_info >= (3, 15):
            return trace
        names.add(frame.f_code.co_name + " " + event)
        return trace
sys.settrace(trace)
asyncio.run(main())
print(sorted(names), sys.gettrace() is trace)
""",
)


def test_a_trace_function_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "go").write_text("")
    with Debuggee(TRACED, tmp_path, runtime=False) as debuggee:
        alone = debuggee.result()
    assert alone[0] == 0 and b"'worker line'" in alone[1]
    (tmp_path / "go").unlink()
    with Debuggee(TRACED, tmp_path, [marked(TRACED, "line")]) as debuggee:
        assert without_warnings(run_all(debuggee, SEES_LINES)) == without_warnings(alone)
