"""What the runtime costs a program, and what other tools cost it: ratios of CPU and wall time to the plain program, and peak memory.

    python test/bench/runtime.py [--python PYTHON ...] [--subject NAME ...] [--workload NAME ...] [--pairs N] [--seconds S] [--json FILE]

Each pair is a plain run and a run of each subject, one after the other; a cell is the median of the pairs' ratios with the 95 % interval of
the median (order statistics). `control` is a second plain run: what this machine's noise is. The program streams into a sink that keeps
the bytes and decodes them after its end: a cell of ours counts only if nothing was dropped, and the creations and ends that arrived are the
program's own. Tools come from PyPI into .cache/bench.
"""

from __future__ import annotations

import argparse
import json
import marshal
import math
import os
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
from workloads import UNCOUNTED, WORKLOADS  # noqa: E402

OURS = ("loaded", "adaptive", "full")
SUBJECTS = ("control", *OURS, *TOOLS)
LIMIT = 300


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

    def totals(self) -> tuple[int, int, int]:
        """Events dropped, tasks created, tasks ended."""
        self._thread.join(20)
        self._server.close()
        data = b"".join(self._chunks)
        at = 5 + wire.TOKEN_LENGTH
        dropped = created = ended = 0
        while at < len(data):
            end = at + wire.FRAME_HEADER_BYTES + int.from_bytes(data[at : at + 4], "big")
            if data[at + 4] == wire.FRAME_EVENTS:
                numbers = marshal.loads(data[at + wire.FRAME_HEADER_BYTES : end])
                dropped += numbers[2]
                more, less = count(numbers)
                created += more
                ended += less
            at = end
        return dropped, created, ended


SIZES = {code: 1 + len(fields) for code, (_, fields) in BY_CODE.items()}


def count(numbers: list[float]) -> tuple[int, int]:
    """Creations and ends in a batch."""
    created = ended = 0
    at = len(wire.BATCH_HEADER)
    while at < len(numbers):
        code = numbers[at]
        if type(code) is float:
            at += 2
        elif abs(code) > wire.SHORT_FORM:
            created += code < 0
            ended += code > 0
            at += 1
        else:
            created += code == 2
            ended += code == 3
            at += SIZES[int(code)]
    return created, ended


class NotCounted(Exception):
    """A run that proves nothing, and why."""


def run(python: str, workload: str, seconds: float, subject: str) -> tuple[float, float, int]:
    """CPU seconds a round, wall seconds a round, peak kilobytes. Raises NotCounted."""
    env = dict(os.environ)
    sink = None
    if subject in ("adaptive", "full"):
        sink = Sink(subject)
        env = environment(sink.port)
    elif subject == "loaded":
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        env = environment(port)
    elif subject == "asyncio_debug":
        env["PYTHONASYNCIODEBUG"] = "1"
    tool = [subject] if subject in TOOLS else []
    command = [python, str(HERE / "workloads.py"), workload, str(seconds), *tool]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=LIMIT, check=False)
    try:
        cpu, _, made, wall, peak = map(float, done.stdout.strip().split("\n")[-1].split())
    except ValueError:
        raise NotCounted((done.stderr.strip().split("\n") or ["no output"])[-1][:200]) from None
    if sink is not None:
        dropped, created, ended = sink.totals()
        library = workload in UNCOUNTED
        # Beside the program's own: main, and what asyncio.run() does at the end.
        if dropped or created != ended or created <= made or (not library and created > made + 3):
            raise NotCounted(f"{dropped} dropped, {created} created, {ended} ended of {int(made)}")
    return cpu, wall, int(peak)


def interval(values: list[float]) -> tuple[float, float, float]:
    """Median and the bounds of its 95 % interval: the order statistics that the binomial distribution gives."""
    ordered = sorted(values)
    size = len(ordered)
    reach = math.ceil(0.98 * math.sqrt(size))
    low = max(0, math.floor(size / 2) - reach)
    high = min(size - 1, math.ceil(size / 2) - 1 + reach)
    return statistics.median(ordered), ordered[low], ordered[high]


def measure(python: str, workload: str, options: argparse.Namespace) -> dict[str, object]:
    """One row: the subjects' ratios to plain."""
    ratios: dict[str, list[tuple[float, float, int]]] = {subject: [] for subject in options.subject}
    refused: dict[str, str] = {}
    peaks: list[int] = []
    for _ in range(options.pairs):
        cpu, wall, peak = run(python, workload, options.seconds, "plain")
        peaks.append(peak)
        for subject in options.subject:
            if subject in refused:
                continue
            try:
                own_cpu, own_wall, own_peak = run(python, workload, options.seconds, subject)
                ratios[subject].append((own_cpu / cpu, own_wall / wall, own_peak))
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


def version_of(python: str) -> str:
    """Such as 3.13.0."""
    ask = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def prepare(base: str, subjects: list[str], workloads: list[str]) -> str:
    """The interpreter, with the packages that are needed in an environment of its own where there are any."""
    needed = [NEEDS[subject] for subject in subjects if subject in NEEDS]
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
            cell = row["cells"][subject]
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
    options = parser.parse_args()
    rows = []
    for base in options.python:
        python = prepare(base, options.subject, options.workload)
        for workload in options.workload:
            rows.append(measure(python, workload, options))
            print(markdown(rows[-1:], options.subject).split("\n")[-1], file=sys.stderr, flush=True)
    print(markdown(rows, options.subject))
    if options.json:
        Path(options.json).write_text(json.dumps({"pairs": options.pairs, "seconds": options.seconds, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
