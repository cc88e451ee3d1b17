"""Runs a workload under debugpy with a client that sets no breakpoint, and prints what it prints.

    python test/bench/under_debugpy.py WORKLOAD TURNS [PORT]

TURNS: the port of what says when it runs (workloads.py). PORT: of what stands for the adapter; the runtime is in the program then, and
streams to it. Runs on the Python that is to be measured.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "runtime" / "bridge"))
from debuggee import Debuggee  # noqa: E402
from listen import environment  # noqa: E402

LIMIT = 300.0
ALONE = ("--configure-subProcess", "False")
"""The process that puts a server under load is not debugged: it would wait for a client of its own."""

PROGRAM = """
import runpy, sys
sys.path.insert(0, {folder!r})
sys.argv = {argv!r}
runpy.run_path({path!r}, run_name="__main__")
"""


def main(workload: str, turns: str, port: str = "") -> None:
    path = HERE / "workloads.py"
    program = PROGRAM.format(folder=str(HERE), path=str(path), argv=[str(path), workload, turns, "-"])
    env = environment(int(port)) if port else {}
    with tempfile.TemporaryDirectory() as folder, Debuggee(program, Path(folder), runtime=False, env=env, through=ALONE) as debuggee:
        debuggee.finish(LIMIT)
        code, out, err = debuggee.result()
    sys.stdout.write(out.decode())
    sys.stderr.write(err.decode())
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
