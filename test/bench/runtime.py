"""What the runtime costs a program, and what other tools cost it: ratios of CPU and wall time to the plain program, and peak memory.

    python test/bench/runtime.py [--python PYTHON ...] [--subject NAME ...] [--workload NAME ...] [--pairs N] [--seconds S]
                                 [--turn S] [--json FILE [--resume]]

A run takes turns of 0.3 s until it has run for its seconds: the plain run and those of the subjects go in turn, so that a processor that is
shared with others, and runs at half of its speed at times, does so for all of them. A turn's first round, after which caches and
estimates of what is frequent are warm again, is not counted. A cell is the median of the pairs' ratios with the 95 % interval of the median
(order statistics). `control` is a second plain run: what this machine's noise is. The program streams into a sink that keeps
the bytes and decodes them after its end: a cell of ours counts only if nothing was dropped, and the creations, ends, waits and ticks that
arrived are the program's own (`OwnTotals`). `sidebar` streams into the real adapter, with a client that looks at every view
(viewer.ts); of it the events dropped and the ticks are checked. `debugpy` is the program under debugpy with a client and no breakpoint;
`debugpy_adaptive` the same with the runtime, as a ratio to debugpy alone. Tools come from PyPI into .cache/bench.

The figures are written after each row. With --resume the cells that FILE has already are not measured again: a long run may be divided.
The kind of machine, the pairs and the seconds must be the same, or nothing is measured; our cells, which name what of the runtime ran while
somebody listened, are kept only if it is the one that is here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import socket
import statistics
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "bench"
sys.path.insert(0, str(HERE.parent / "runtime"))
from listen import environment  # noqa: E402
from sink import Sink, Totals  # noqa: E402
from tools import NEEDS, TOOLS  # noqa: E402
from workloads import TIMED, TIMED_TICKS, UNCOUNTED, WORKLOADS  # noqa: E402

OURS = ("loaded", "adaptive", "full", "sidebar")
UNDER_DEBUGPY = ("debugpy", "debugpy_adaptive")
CELL = "{cpu:.2f} ({low:.2f} to {high:.2f}), wall {wall:.2f}"
BASE = {"debugpy_adaptive": "debugpy"}
"""What a subject is compared with, where that is not the plain program."""
VIEWER = [os.environ.get("NODE", "node"), "--import=tsx", str(HERE / "viewer.ts")]
SUBJECTS = ("control", *OURS, *UNDER_DEBUGPY, *TOOLS)
WITH_US = (*OURS, "debugpy_adaptive")
DEBUGPY = next(line for line in (HERE.parents[1] / "scripts" / "debugpy.txt").read_text().split() if line.startswith("debugpy=="))
PACKAGES = {**NEEDS, **dict.fromkeys(UNDER_DEBUGPY, DEBUGPY)}
LIMIT = 300
MALLOC = {"MALLOC_TOP_PAD_": str(1 << 26), "MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(1 << 30)}
"""glibc keeps what it has. A transport reads into 256 kB that it makes smaller: where these come to lie at the end of the heap, each read
gives memory back and takes it again, which makes a program of streams two to three times slower or not, by chance, with us or without."""


WORDS = ("waits", "ticks")


class OwnTotals:
    """What a workload waits and ticks by its own count (own_totals.py): without us, where a number of rounds says it.

    What depends on the time (TIMED and TIMED_TICKS) differs between runs: of that the program's count and what arrives are compared in
    runs of their own, one at each level.
    """

    def __init__(self, python: str, workload: str) -> None:
        self._python = python
        self._workload = workload
        fixed = () if workload in TIMED else WORDS[:1] if workload in TIMED_TICKS else WORDS
        one, two = tuple(self._count(rounds, None)[0] for rounds in (1, 2)) if fixed else ((0, 0), (0, 0))
        self._fixed = {word: (2 * first - second, second - first) for word, first, second in zip(fixed, one, two)}
        self._checked: dict[str, str] = {}

    def _count(self, rounds: int, sink: Sink | None) -> tuple[tuple[int, int], Totals | None]:
        command = [self._python, str(HERE / "own_totals.py"), self._workload, str(rounds)]
        env = None if sink is None else environment(sink.port)
        output = subprocess.run(command, capture_output=True, text=True, env=env, timeout=LIMIT, check=True).stdout
        waits, ticks = map(int, output.strip().split("\n")[-1].split())
        return (waits, ticks), None if sink is None else sink.totals()

    def why_not_seen(self, rounds: int, ticks: int) -> str:
        """What differs from the last tick that a view showed, where a number of rounds says how many there are; nothing: ''."""
        if WORDS[1] not in self._fixed:
            return ""
        base, each = self._fixed[WORDS[1]]
        own = base + rounds * each
        return "" if own == ticks else f"{ticks} ticks were seen of {own}"

    def why_not(self, level: str, rounds: int, totals: Totals) -> str:
        """What differs from what arrived in a run of so many rounds; nothing: ''."""
        for word, (base, each) in self._fixed.items():
            own, came = base + rounds * each, getattr(totals, word)
            if own != came:
                return f"{came} {word} arrived of {own}"
        if len(self._fixed) < len(WORDS) and level not in self._checked:
            own, came = self._count(1, Sink(level))
            arrived = () if came is None else (came.waits, came.ticks)
            self._checked[level] = "" if own == arrived else f"{arrived} waits and ticks arrived of {own}"
        return self._checked.get(level, "")


class Run:
    """One run of a workload with a subject, as long as its turns. One that proves nothing says why in `refused`.

    Its program starts at once, beside those of the other subjects; `wait` returns when its turns can come.
    """

    def __init__(self, python: str, workload: str, subject: str) -> None:
        self._workload = workload
        self._subject = subject
        self.refused = ""
        self._sink: Sink | None = None
        self.wall = 0.0
        self._costs: list[float] = []
        self._rounds = 1  # The first is made before the first turn.
        self._created = self.peak = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(LIMIT)
        turns = str(self._server.getsockname()[1])
        env: dict[str, str] = {}
        if subject in ("adaptive", "full"):
            self._sink = Sink(subject)
            env = environment(self._sink.port)
        elif subject == "debugpy_adaptive":
            self._sink = Sink("adaptive")
        elif subject == "loaded":
            with socket.create_server(("127.0.0.1", 0)) as nobody:
                port = nobody.getsockname()[1]
            env = environment(port)
        elif subject == "asyncio_debug":
            env["PYTHONASYNCIODEBUG"] = "1"
        command = [python, str(HERE / "workloads.py"), workload, turns, subject if subject in TOOLS else "-"]
        if subject == "sidebar":
            command = [*VIEWER, *command]
        elif subject in UNDER_DEBUGPY:
            command = [python, str(HERE / "under_debugpy.py"), workload, turns, *([] if self._sink is None else [str(self._sink.port)])]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **env, **MALLOC},
            cwd=HERE.parents[1],
        )
        watch = threading.Thread(target=self._refuse_if_it_ends, daemon=True)
        watch.start()

    def wait(self) -> None:
        """Until its first round is made, or it has ended."""
        try:
            self._connection = self._server.accept()[0]
        except OSError:
            self._refuse()
            return
        self._connection.settimeout(LIMIT)
        self._lines = self._connection.makefile("rw")

    def _refuse_if_it_ends(self) -> None:
        self._process.wait()
        self._server.close()

    def _refuse(self, reason: str = "") -> None:
        """Ends it at once. Without a reason, what it said last is the reason."""
        self._process.kill()
        output, errors = self._process.communicate()
        self.refused = (reason or (errors or output).strip().split("\n")[-1] or "no output")[:200]

    def turn(self, seconds: float) -> None:
        """Has it run for so long."""
        try:
            self._lines.write(f"{seconds}\n")
            self._lines.flush()
            wall, created, peak, *costs = map(float, self._lines.readline().split())
        except (ValueError, OSError):
            self._refuse()
            return
        self.wall += wall
        self._rounds += len(costs)
        self._costs += costs[1:] or costs
        self._created, self.peak = int(created), int(peak)

    def cost(self) -> tuple[float, float]:
        """Seconds of CPU of all its threads, and of the wall: a round."""
        return sum(self._costs) / len(self._costs), self.wall / (self._rounds - 1)

    def finish(self, own: OwnTotals) -> None:
        """Ends it, and looks whether it counts."""
        if self.refused:
            return
        self._lines.close()
        self._connection.close()
        try:
            output, errors = self._process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self._refuse("it does not end")
            return
        if self._process.returncode != 0:
            self.refused = errors.strip().split("\n")[-1][:200] or f"exit code {self._process.returncode}"
        elif self._sink is not None:
            self.refused = self._why_not(self._sink, own)
        elif self._subject == "sidebar":
            seen = json.loads(output.strip().split("\n")[-1])
            lost = f"{seen['dropped']} dropped" if seen["dropped"] else own.why_not_seen(self._rounds, seen["ticks"])
            self.refused = lost or ("" if seen["looks"] else "nobody looked")

    def _why_not(self, sink: Sink, own: OwnTotals) -> str:
        totals = sink.totals()
        created, ended, made = totals.created, totals.ended, self._created
        # Beside the program's own: main, and what asyncio.run() does at the end.
        if totals.dropped or created != ended or created <= made or (self._workload not in UNCOUNTED and created > made + 3):
            return f"{totals.dropped} dropped, {created} created, {ended} ended of {made}"
        return own.why_not(sink.level, self._rounds, totals)


def interval(values: list[float]) -> tuple[float, float, float]:
    """Median and the bounds of its 95 % interval: the order statistics that the binomial distribution gives."""
    ordered = sorted(values)
    size = len(ordered)
    reach = math.ceil(0.98 * math.sqrt(size))
    low = max(0, math.floor(size / 2) - reach)
    high = min(size - 1, math.ceil(size / 2) - 1 + reach)
    return statistics.median(ordered), ordered[low], ordered[high]


def measure_once(python: str, workload: str, subjects: list[str], own: OwnTotals, options: argparse.Namespace) -> dict[str, Run]:
    """One run of each subject, in turns, so that all of them see the same machine."""
    runs = {subject: Run(python, workload, subject) for subject in subjects}
    order = list(runs.values())
    for run in order:
        run.wait()
    while going := [run for run in order if not run.refused and run.wall < options.seconds]:
        for run in going:
            run.turn(min(options.turn, options.seconds))
        order.reverse()  # Who goes after whom changes.
    for run in order:
        run.finish(own)
    return runs


def measure(python: str, workload: str, subjects: list[str], options: argparse.Namespace) -> dict[str, object]:
    """One row: the subjects' ratios to plain."""
    ratios: dict[str, list[tuple[float, float, int]]] = {subject: [] for subject in subjects}
    refused: dict[str, str] = {}
    own = OwnTotals(python, workload)
    peaks: list[int] = []
    # What a workload imports is compiled once, by a program that nothing is taken from: that takes megabytes.
    first = Run(python, workload, "plain")
    first.wait()
    first.finish(own)
    for _ in range(options.pairs):
        asked = [subject for subject in subjects if subject not in refused]
        bases = dict.fromkeys(["plain", *(BASE[subject] for subject in asked if subject in BASE)])
        runs = measure_once(python, workload, list(dict.fromkeys([*bases, *asked])), own, options)
        if runs["plain"].refused:
            sys.exit(f"{workload} does not run on {python}: {runs['plain'].refused}")
        peaks.append(runs["plain"].peak)
        for subject in asked:
            run, base = runs[subject], runs[BASE.get(subject, "plain")]
            if run.refused or base.refused:
                refused[subject] = run.refused or base.refused
                continue
            (cpu, wall), (base_cpu, base_wall) = run.cost(), base.cost()
            ratios[subject].append((cpu / base_cpu, wall / base_wall, run.peak))
    cells: dict[str, object] = {}
    for subject, values in ratios.items():
        if subject in refused or not values:
            cells[subject] = {"notCounted": refused.get(subject, "no run")}
        else:
            cpu, low, high = interval([value[0] for value in values])
            wall, peak = (statistics.median(value[at] for value in values) for at in (1, 2))
            cells[subject] = {"cpu": cpu, "low": low, "high": high, "wall": wall, "peak": peak}
    return {"python": version_of(python), "workload": workload, "plainPeak": statistics.median(peaks), "cells": cells}


class Figures:
    """The rows, and the file that keeps them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._subjects: list[str] = options.subject
        self._path = Path(options.json) if options.json else None
        # What runs while somebody only listens. Questions, stops and the bridge have folders of their own.
        sources = sorted((HERE.parents[1] / "src" / "runtime" / "loopscope").glob("*.py"))
        self._runtime = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
        self._head = {"machine": kind_of_machine(), "pairs": options.pairs, "seconds": options.seconds}
        self.rows: list[dict[str, object]] = []
        if options.resume and self._path and self._path.exists():
            old = json.loads(self._path.read_text(encoding="utf-8"))
            differs = [f"{name} {old.get(name)}, now {value}" for name, value in self._head.items() if old.get(name) != value]
            if differs:
                sys.exit(f"{self._path} holds other figures ({'; '.join(differs)}): name another file, or remove it.")
            self.rows = old["rows"]
            self._leave_other_runtimes()

    def _leave_other_runtimes(self) -> None:
        """Our cells that another runtime made are left out."""
        left = 0
        for row in self.rows:
            cells: dict[str, dict[str, object]] = row["cells"]
            row["cells"] = {name: cell for name, cell in cells.items() if cell.get("runtime") in (None, self._runtime)}
            left += len(cells) - len(row["cells"])
        if left:
            print(f"{left} cells of {self._path} are of another runtime than {self._runtime}, and left out", file=sys.stderr)

    def _row(self, python: object, workload: object) -> dict[str, object] | None:
        return next((row for row in self.rows if row["python"] == python and row["workload"] == workload), None)

    def missing(self, python: str, workload: str) -> list[str]:
        """The subjects that this row has no figure of."""
        row = self._row(python, workload)
        return [subject for subject in self._subjects if row is None or subject not in row["cells"]]

    def add(self, row: dict[str, object]) -> None:
        """Adds a row's cells to what is there, ours with the runtime that made them, and writes the file."""
        for subject in WITH_US:
            if subject in row["cells"]:
                row["cells"][subject]["runtime"] = self._runtime
        old = self._row(row["python"], row["workload"])
        if old is None:
            self.rows.append(row)
        else:
            old["cells"] = {**old["cells"], **row["cells"]}
        if self._path:
            self._path.write_text(json.dumps({**self._head, "rows": self.rows}, indent=1) + "\n", encoding="utf-8")


def kind_of_machine() -> str:
    """The processors and the system, to the release's first two numbers: what virtual machines of one kind have in common.

    Ratios of one row come from one machine, so that rows of several of a kind can stand in one table. The C library is not named:
    Pythons of one machine may have several.
    """
    release = ".".join(platform.release().split(".")[:2])
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(models or ['?'])[0]}, {os.cpu_count()} processors, {platform.system()} {release} {platform.machine()}"


def version_of(python: str) -> str:
    """Such as 3.13.0."""
    ask = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def prepare(base: str, subjects: list[str], workloads: list[str]) -> str:
    """The interpreter, with the packages that are needed in an environment of its own where there are any."""
    needed = [PACKAGES[subject] for subject in subjects if subject in PACKAGES]
    needed += [package for name, package in (("aiohttp_server", "aiohttp"), ("uvicorn_server", "uvicorn")) if name in workloads]
    if not needed:
        return base
    folder = CACHE / version_of(base)
    python = folder / "bin" / "python"
    tools = HERE.parents[1] / ".venv" / "tools" / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
    for package in needed:
        if not (folder / package).exists():
            pip = [str(tools), "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check", "--prefer-binary"]
            if subprocess.run([*pip, package], check=False).returncode == 0:
                (folder / package).touch()
            else:
                print(f"{package} cannot be installed for {base}", file=sys.stderr)
    return str(python)


def markdown(rows: list[dict[str, object]], subjects: list[str]) -> str:
    """The table."""
    lines = ["| Python | workload | " + " | ".join(subjects) + " |", "|---" * (2 + len(subjects)) + "|"]
    for row in rows:
        cells = []
        for subject in subjects:
            cell = row["cells"].get(subject, {"notCounted": "not measured"})
            cells.append("not counted" if "notCounted" in cell else CELL.format(**cell))
        lines.append(f"| {row['python']} | {row['workload']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[sys.executable])
    parser.add_argument("--subject", nargs="+", default=list(SUBJECTS), choices=SUBJECTS)
    parser.add_argument("--workload", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--turn", type=float, default=0.3)
    parser.add_argument("--json")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    file = Figures(options)
    for base in options.python:
        python = prepare(base, options.subject, options.workload)
        for workload in options.workload:
            missing = file.missing(version_of(python), workload)
            if missing:
                row = measure(python, workload, missing, options)
                file.add(row)
                print(markdown([row], missing).split("\n")[-1], file=sys.stderr, flush=True)
    print(markdown(file.rows, options.subject))


if __name__ == "__main__":
    main()
