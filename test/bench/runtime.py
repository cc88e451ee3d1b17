"""What the runtime costs a program, and what other tools cost it: ratios of CPU and wall time to the plain program, and peak memory.

    python test/bench/runtime.py [--python PYTHON ...] [--subject NAME ...] [--workload NAME ...] [--pairs N] [--seconds S]
                                 [--json FILE [--resume]]

Each pair is a plain run and a run of each subject, one after the other; a cell is the median of the pairs' ratios with the 95 % interval of
the median (order statistics). `control` is a second plain run: what this machine's noise is. The program streams into a sink that keeps
the bytes and decodes them after its end: a cell of ours counts only if nothing was dropped, and the creations, ends, waits and ticks that
arrived are the program's own (`OwnTotals`). `sidebar` streams into the real adapter, with a client that looks at every view
(viewer.ts); of it the events dropped and the ticks are checked. `debugpy` is the program under debugpy with a client and no breakpoint;
`debugpy_adaptive` the same with the runtime, as a ratio to debugpy alone. Tools come from PyPI into .cache/bench.

The figures are written after each row. With --resume the cells that FILE has already are not measured again, as long as the machine, what
of the runtime runs while somebody listens, the pairs and the seconds are the same: a long run may be divided.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import marshal
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
from listen import BY_CODE, environment, send_message, wire  # noqa: E402
from tools import NEEDS, TOOLS  # noqa: E402
from workloads import COUNT, TIMED, TIMED_TICKS, UNCOUNTED, WORKLOADS  # noqa: E402

OURS = ("loaded", "adaptive", "full", "sidebar")
UNDER_DEBUGPY = ("debugpy", "debugpy_adaptive")
BASE = {"debugpy_adaptive": "debugpy"}
"""What a subject is compared with, where that is not the plain program."""
VIEWER = [os.environ.get("NODE", "node"), "--import=tsx", str(HERE / "viewer.ts")]
SUBJECTS = ("control", *OURS, *UNDER_DEBUGPY, *TOOLS)
DEBUGPY = next(line for line in (HERE.parents[1] / "scripts" / "debugpy.txt").read_text().split() if line.startswith("debugpy=="))
PACKAGES = {**NEEDS, **dict.fromkeys(UNDER_DEBUGPY, DEBUGPY)}
LIMIT = 300


SIZES = {code: 1 + len(fields) for code, (_, fields) in BY_CODE.items()}
CODES = {name: code for name, (code, _) in wire.EVENTS.items()}
WAITS_COUNTED = 1 + [field.split(":")[0] for field in wire.EVENTS["counts"][1]].index("waits")


class Totals:
    """Events dropped, tasks created and ended, waits and ticks that have arrived from a program with one loop."""

    def __init__(self) -> None:
        self.dropped = self.created = self.ended = self.waits = self.ticks = 0

    def add(self, numbers: list[float]) -> None:
        """Counts a batch."""
        self.dropped += int(numbers[2])
        self.ticks = max(self.ticks, int(numbers[3]))
        at = len(wire.BATCH_HEADER)
        while at < len(numbers):
            code = numbers[at]
            if type(code) is float:
                at += 1
                continue
            if abs(code) > wire.SHORT_FORM:
                kind = int(code) % wire.SHORT_KINDS
                self.created += code < 0
                self.ended += code > 0 and kind == wire.SHORT_ENDED
                self.waits += code > 0 and kind in (wire.SHORT_WAITS, wire.SHORT_YIELDS)
                at += 1
                continue
            self.created += code == CODES["taskCreated"]
            self.ended += code == CODES["taskEnded"]
            if code == CODES["taskWaits"]:
                self.waits += 1
            elif code == CODES["counts"]:
                self.waits += int(numbers[at + WAITS_COUNTED])
            at += SIZES[int(code)]


class Sink:
    """Stands for the adapter: keeps what one program sends, and counts it after its end."""

    def __init__(self, level: str) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._chunks: list[bytes] = []
        self._level = level
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            connection = self._server.accept()[0]
        except OSError:
            return
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": self._level})
        while chunk := connection.recv(1 << 20):
            self._chunks.append(chunk)

    def received(self) -> bytes:
        """All bytes so far; all of them after `totals`."""
        return b"".join(self._chunks)

    def totals(self) -> Totals:
        """What the program has sent."""
        self._thread.join(20)
        self._server.close()
        data = self.received()
        at = 5 + wire.TOKEN_LENGTH
        totals = Totals()
        while at < len(data):
            end = at + wire.FRAME_HEADER_BYTES + int.from_bytes(data[at : at + 4], "big")
            if data[at + 4] == wire.FRAME_EVENTS:
                numbers = marshal.loads(data[at + wire.FRAME_HEADER_BYTES : end])
                totals.add(numbers)
            at = end
        return totals


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
        command = [self._python, str(HERE / "workloads.py"), self._workload, str(rounds), COUNT]
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


class NotCounted(Exception):
    """A run that proves nothing, and why."""


def run(python: str, workload: str, seconds: float, subject: str, own: OwnTotals | None = None) -> tuple[float, float, int]:
    """CPU seconds a round, wall seconds a round, peak kilobytes. Raises NotCounted."""
    env = dict(os.environ)
    sink = None
    if subject in ("adaptive", "full"):
        sink = Sink(subject)
        env = environment(sink.port)
    elif subject == "debugpy_adaptive":
        sink = Sink("adaptive")
    elif subject == "loaded":
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        env = environment(port)
    elif subject == "asyncio_debug":
        env["PYTHONASYNCIODEBUG"] = "1"
    tool = [subject] if subject in TOOLS else []
    command = [python, str(HERE / "workloads.py"), workload, str(seconds), *tool]
    if subject == "sidebar":
        command = [*VIEWER, *command]
    elif subject in UNDER_DEBUGPY:
        command = [python, str(HERE / "under_debugpy.py"), workload, str(seconds), *([] if sink is None else [str(sink.port)])]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=LIMIT, check=False, cwd=HERE.parents[1])
    lines = done.stdout.strip().split("\n")
    try:
        seen = json.loads(lines.pop()) if subject == "sidebar" else None
        cpu, rounds, made, wall, peak = map(float, lines[-1].split())
    except (ValueError, IndexError):
        raise NotCounted((done.stderr.strip().split("\n") or ["no output"])[-1][:200]) from None
    if sink is not None:
        totals = sink.totals()
        created, ended = totals.created, totals.ended
        library = workload in UNCOUNTED
        # Beside the program's own: main, and what asyncio.run() does at the end.
        if totals.dropped or created != ended or created <= made or (not library and created > made + 3):
            raise NotCounted(f"{totals.dropped} dropped, {created} created, {ended} ended of {int(made)}")
        # The first round is not timed.
        reason = own.why_not("adaptive" if subject in UNDER_DEBUGPY else subject, int(rounds), totals) if own else ""
        if reason:
            raise NotCounted(reason)
    if seen is not None:
        reason = f"{seen['dropped']} dropped" if seen["dropped"] else own.why_not_seen(int(rounds), seen["ticks"]) if own else ""
        if reason or not seen["looks"]:
            raise NotCounted(reason or "nobody looked")
    return cpu, wall, int(peak)


def interval(values: list[float]) -> tuple[float, float, float]:
    """Median and the bounds of its 95 % interval: the order statistics that the binomial distribution gives."""
    ordered = sorted(values)
    size = len(ordered)
    reach = math.ceil(0.98 * math.sqrt(size))
    low = max(0, math.floor(size / 2) - reach)
    high = min(size - 1, math.ceil(size / 2) - 1 + reach)
    return statistics.median(ordered), ordered[low], ordered[high]


def measure(python: str, workload: str, subjects: list[str], options: argparse.Namespace) -> dict[str, object]:
    """One row: the subjects' ratios to plain."""
    ratios: dict[str, list[tuple[float, float, int]]] = {subject: [] for subject in subjects}
    refused: dict[str, str] = {}
    own = OwnTotals(python, workload)
    peaks: list[int] = []
    for _ in range(options.pairs):
        cpu, wall, peak = run(python, workload, options.seconds, "plain")
        peaks.append(peak)
        times: dict[str, tuple[float, float]] = {"plain": (cpu, wall)}
        for subject in subjects:
            base = BASE.get(subject, "plain")
            if subject in refused:
                continue
            try:
                if base not in times:
                    times[base] = run(python, workload, options.seconds, base)[:2]
                own_cpu, own_wall, own_peak = run(python, workload, options.seconds, subject, own)
                times[subject] = own_cpu, own_wall
                ratios[subject].append((own_cpu / times[base][0], own_wall / times[base][1], own_peak))
            except (NotCounted, subprocess.TimeoutExpired) as error:
                refused[subject] = str(error)[:200]
    cells: dict[str, object] = {}
    for subject, values in ratios.items():
        if subject in refused or not values:
            cells[subject] = {"notCounted": refused.get(subject, "no run")}
        else:
            cpu, low, high = interval([value[0] for value in values])
            wall = statistics.median(value[1] for value in values)
            cells[subject] = {"cpu": cpu, "low": low, "high": high, "wall": wall, "peak": statistics.median(value[2] for value in values)}
    return {"python": version_of(python), "workload": workload, "plainPeak": statistics.median(peaks), "cells": cells}


class Figures:
    """The rows, and the file that keeps them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._subjects: list[str] = options.subject
        self._path = Path(options.json) if options.json else None
        # What runs while somebody only listens. Questions, stops and the bridge have folders of their own.
        sources = sorted((HERE.parents[1] / "src" / "runtime" / "loopscope").glob("*.py"))
        runtime = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
        machine = f"{platform.platform()}, {os.cpu_count()} processors"
        self._head = {"machine": machine, "runtime": runtime, "pairs": options.pairs, "seconds": options.seconds}
        self.rows: list[dict[str, object]] = []
        if options.resume and self._path and self._path.exists():
            old = json.loads(self._path.read_text())
            if {name: old.get(name) for name in self._head} == self._head:
                self.rows = old["rows"]

    def _row(self, python: object, workload: object) -> dict[str, object] | None:
        return next((row for row in self.rows if row["python"] == python and row["workload"] == workload), None)

    def missing(self, python: str, workload: str) -> list[str]:
        """The subjects that this row has no figure of."""
        row = self._row(python, workload)
        return [subject for subject in self._subjects if row is None or subject not in row["cells"]]

    def add(self, row: dict[str, object]) -> None:
        """Adds a row's cells to what is there, and writes the file."""
        old = self._row(row["python"], row["workload"])
        if old is None:
            self.rows.append(row)
        else:
            old["cells"] = {**old["cells"], **row["cells"]}
        if self._path:
            self._path.write_text(json.dumps({**self._head, "rows": self.rows}, indent=1) + "\n")


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
            cells.append("not counted" if "notCounted" in cell else "{cpu:.2f} ({low:.2f} to {high:.2f}), wall {wall:.2f}".format(**cell))
        lines.append(f"| {row['python']} | {row['workload']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[sys.executable])
    parser.add_argument("--subject", nargs="+", default=list(SUBJECTS), choices=SUBJECTS)
    parser.add_argument("--workload", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2.0)
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
