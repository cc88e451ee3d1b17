"""A program that is measured by coverage.py, or sets a trace function of its own, while it is watched and stepped: it does the same, the
measurement is of the same lines of the same files, and no callback is lost to the stepping."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from driver import FIRST, RUNTIME, TOKEN, Stepped

CORES = ("ctrace", "pytrace", *(("sysmon",) if sys.version_info >= (3, 12) else ()))

PROGRAM = """
import asyncio

async def worker(number):
    total = 0
    for turn in range(3):
        total += number
        await asyncio.sleep(0)
    if number > 5:
        total = -1
    return total

def called(text):
    print(text)

async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(called, "callback")
    print(await asyncio.gather(*[worker(number) for number in range(3)]))
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except asyncio.TimeoutError:
        print("timeout")

asyncio.run(main())
"""


class Covered:
    """A program in a file, run by `coverage run`."""

    def __init__(self, folder: Path, core: str, *options: str) -> None:
        self._folder = folder
        (folder / "program.py").write_text(PROGRAM)
        # Nobody's settings, and of all files that are measured if nothing is said.
        self.env = {"COVERAGE_CORE": core, "COVERAGE_FILE": str(folder / "data"), "COVERAGE_RCFILE": str(folder / "none")}
        (folder / "none").write_text("")
        self.command = [sys.executable, "-m", "coverage", "run", *options, str(folder / "program.py")]

    def run(self) -> tuple[int, str, str]:
        """Without us: exit code, output and errors."""
        done = subprocess.run(self.command, cwd=self._folder, env={**os.environ, **self.env}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def report(self) -> dict[str, Any]:
        """The measurement, by file: lines that ran, and branches that were taken. What was measured is gone then."""
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", "report.json"]
        subprocess.run(command, cwd=self._folder, env={**os.environ, **self.env}, check=True)
        files = json.loads((self._folder / "report.json").read_text())["files"]
        (self._folder / "data").unlink()
        return {name: (told["executed_lines"], told["missing_lines"], told.get("executed_branches")) for name, told in files.items()}


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("options", [(), ("--branch",)], ids=["lines", "branches"])
def test_coverage_measures_the_same_while_the_program_is_stepped(tmp_path: Path, core: str, options: tuple[str, ...]) -> None:
    covered = Covered(tmp_path, core, *options)
    alone = covered.run()
    measured = covered.report()
    assert alone[0] == 0 and list(measured) == ["program.py"]

    with Stepped(covered.command, settings=FIRST, cwd=tmp_path, **covered.env) as program:
        assert program.stop()["reason"] == "firstTick"
        ran: list[str] = []
        for _ in range(14):
            did = program.step()["did"]
            ran.append(did["ran"]["text"])
        assert ran.count("called()") == 1
        assert [text.partition(" · ")[2] for text in ran].count("worker()") >= 9
        program.resume()
        assert program.end() == alone
    assert covered.report() == measured


ATTACHED = """
import asyncio, coverage
measured = coverage.Coverage(data_file=None, config_file=False)
measured.start()
names = {"address": "127.0.0.1:%d" % PORT, "token": TOKEN, "follow": False, "file": FILE}
exec(compile(open(FILE).read(), "<loopscope>", "exec"), names)
async def main():
    for _ in range(5):
        await asyncio.sleep(0)
asyncio.run(main())
measured.stop()
print(sorted(path.rpartition("/")[2] for path in measured.get_data().measured_files()))
"""


@pytest.mark.parametrize("core", CORES)
def test_coverage_that_runs_already_when_it_is_attached_does_not_measure_us(core: str, tmp_path: Path) -> None:
    attach = str(RUNTIME / "bootstrap" / "attach.py")
    text = ATTACHED.replace("TOKEN", repr(TOKEN)).replace("FILE", repr(attach))
    path = tmp_path / "attached.py"
    with Stepped(lambda port: _written(path, text.replace("PORT", str(port))), COVERAGE_CORE=core) as program:
        program.next("loop", lambda message: message["what"] == "runs")
        assert program.end() == (0, "['attached.py']\n", "")


def _written(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [sys.executable, str(path)]


SETS_TRACE = """
    import asyncio, sys
    seen = []
    def trace(frame, event, arg):
        if frame.f_code.co_filename == "<string>":
            seen.append((frame.f_code.co_name, event, frame.f_lineno))
            return trace
    async def worker(number):
        for turn in range(2):
            await asyncio.sleep(0)
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(print, "callback")
        sys.settrace(trace)
        await asyncio.gather(worker(1), worker(2))
        sys.settrace(None)
        print(sys.gettrace())
    asyncio.run(main())
    print(seen)
"""


def test_a_trace_function_of_the_program_sees_the_same_while_it_is_stepped() -> None:
    import textwrap

    alone = subprocess.run([sys.executable, "-c", textwrap.dedent(SETS_TRACE)], capture_output=True, text=True, check=True)
    with Stepped(SETS_TRACE, settings=FIRST) as program:
        program.stop()
        ran = [program.step()["did"]["ran"]["text"].partition(" · ")[2] for _ in range(6)]
        assert ran.count("worker()") >= 4
        program.resume()
        assert program.end() == (0, alone.stdout, alone.stderr)
