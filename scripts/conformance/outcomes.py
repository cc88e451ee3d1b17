"""A pytest plugin: writes one line of JSON for each test that was run, its node id, outcome and the reason of a failure, to the file that
CONFORMANCE_OUTCOMES names. libraries.py copies it into the virtual environments of the suites. Line by line, so that the outcomes of a run
that ends early are there too. Knows nothing of the runtime.
"""

from __future__ import annotations

import json
import os
from typing import Any

FILE = os.environ.get("CONFORMANCE_OUTCOMES")
PROCESS = os.getpid()

_seen: dict[str, tuple[str, str]] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """The outcome of one phase of a test; a failure in any phase is the test's."""
    outcome = "xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome
    before, reason = _seen.get(report.nodeid, ("passed", ""))
    if outcome != "passed" and before != "failed":
        crash = getattr(report.longrepr, "reprcrash", None)
        before, reason = outcome, str(getattr(crash, "message", ""))[:300]
    _seen[report.nodeid] = (before, reason)
    if report.when == "teardown":
        del _seen[report.nodeid]
        _write(report.nodeid, before, reason)


def pytest_collectreport(report: Any) -> None:
    """A file that could not be collected is a test that failed."""
    if report.failed:
        _write(report.nodeid, "failed", str(report.longrepr)[-300:])


def _write(test: str, outcome: str, reason: str) -> None:
    # A test may fork and come here in its child.
    if FILE is not None and os.getpid() == PROCESS:
        with open(FILE, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps([test, outcome, reason]) + "\n")
