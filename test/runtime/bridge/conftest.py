"""So that the tests here find `debuggee`, and the folder above them `listen`; and each of them on the oldest debugpy too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

for folder in (Path(__file__).resolve().parent, Path(__file__).resolve().parents[1]):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from debuggee import DEBUGPY  # noqa: E402

OLDEST = Path(__file__).resolve().parents[3] / ".venv" / "debugpy-oldest"
"""Brought by the test command (scripts/lib/debugpy.mjs). It is pure Python, so that way of pydevd's is tested as well."""

OLDEST_ON = ((3, 9), (3, 12))
"""The Pythons on which the oldest is tested: with `sys.settrace` and with `sys.monitoring`. It knows none after 3.13."""


@pytest.fixture(autouse=True, params=["installed", *(["oldest"] if sys.version_info[:2] in OLDEST_ON else [])])
def _debugpy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has `Debuggee` take that debugpy."""
    if request.param == "oldest":
        assert OLDEST.exists(), "The oldest debugpy is not here: npm test -- runtime brings it."
        monkeypatch.setenv(DEBUGPY, str(OLDEST))
