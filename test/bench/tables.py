"""Writes the runtime's figures (runtime.py, JSON) as Markdown: a table for each Python, a row a workload, a column a subject.

    python test/bench/tables.py FIGURES.json TABLES.md

It measures nothing, and leaves nothing out: what was not counted says why below its table, what was not measured has a dash.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEADS = {
    "control": "plain, again",
    "loaded": "loaded, nobody listens",
    "adaptive": "adaptive",
    "full": "full",
    "sidebar": "adaptive, views open",
    "debugpy": "debugpy",
    "debugpy_adaptive": "with us, to debugpy",
    "asyncio_debug": "asyncio debug mode",
    "settrace": "`sys.settrace`",
    "monitoring": "`sys.monitoring`",
}


def cell_of(cell: dict[str, Any] | None, plain_peak: float) -> str:
    """CPU time with its interval, time by the clock, and memory at the peak over that of the plain program."""
    if cell is None:
        return "-"
    if "notCounted" in cell:
        return "not counted"
    more = (cell["peak"] - plain_peak) / 1024
    return f"**{cell['cpu']:.2f}** ({cell['low']:.2f} to {cell['high']:.2f})<br>{cell['wall']:.2f}, {more:+.1f} MB"


def tables(figures: dict[str, Any]) -> str:
    """The whole text."""
    lines = [
        "# Figures of the runtime",
        "",
        f"{figures['machine']}. {figures['pairs']} pairs of {figures['seconds']:g} s. Ratios to the same program without us: **CPU time** "
        "(95 % interval of the median)<br>time by the clock, peak memory above the plain program's. How they are measured and read is in "
        "[benchmarks.md](../benchmarks.md). Written by `test/bench/tables.py`.",
    ]
    for python in dict.fromkeys(row["python"] for row in figures["rows"]):
        rows = [row for row in figures["rows"] if row["python"] == python]
        found = dict.fromkeys(subject for row in rows for subject in row["cells"])
        subjects = sorted(found, key=lambda subject: [*HEADS, subject].index(subject))
        lines += ["", f"## CPython {python}", "", f"| workload | {' | '.join(HEADS.get(each, each) for each in subjects)} |"]
        lines.append("|---" * (1 + len(subjects)) + "|")
        reasons: list[str] = []
        for row in rows:
            cells = [row["cells"].get(subject) for subject in subjects]
            lines.append(f"| `{row['workload']}` | {' | '.join(cell_of(cell, row['plainPeak']) for cell in cells)} |")
            reasons += [
                f"- Not counted, {row['workload']}, {subject}: {cell['notCounted']}"
                for subject, cell in zip(subjects, cells)
                if cell is not None and "notCounted" in cell
            ]
        lines += ["", *reasons] if reasons else []
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    figures, written = map(Path, sys.argv[1:])
    written.write_text(tables(json.loads(figures.read_text(encoding="utf-8"))), encoding="utf-8")
