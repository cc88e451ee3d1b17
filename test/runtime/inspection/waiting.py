"""What the tests of waits share: a wait as a case, and the comparison of what is said of it."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any, Callable

import pytest
from conftest import described, end, run, settle


class Case:
    """A wait: the task that waits, what is said of it, and what is to be ended after."""

    def __init__(self, task: Any, text: str, kind: str, due: float | None = None, waits_for: Any = None) -> None:
        self.task = task
        self.text = text
        self.kind = kind
        self.due = due
        self.waits_for = waits_for
        self.helpers: list[Any] = []
        self.after: Callable[[], Any] = lambda: None


def case(function: Any) -> Any:
    """Registers a case under its function's name, in the CASES of its file."""
    function.__globals__["CASES"][function.__name__] = function
    return function


def start(coroutine: Any, name: str) -> Any:
    return asyncio.ensure_future(_named(coroutine, name))


async def _named(coroutine: Any, name: str) -> Any:
    task = asyncio.current_task()
    assert task is not None
    task.set_name(name)
    return await coroutine


def line_of(mark: str) -> int:
    """The line of the caller's file that ends with that mark."""
    with open(sys._getframe(1).f_code.co_filename, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if line.rstrip().endswith("# " + mark):
                return number
    raise LookupError(mark)


def check(function: Any) -> None:
    """Makes the wait of one case and compares what is said of it."""

    async def main() -> None:
        made: Case = await function()
        try:
            await settle()
            (row,) = described(made.task)
            assert row["state"] == "waiting"
            wait = row["waitsFor"]
            if made.text.startswith("~"):
                assert re.fullmatch(made.text[1:], wait["text"])
            else:
                assert wait["text"] == made.text
            assert wait["kind"] == made.kind
            if made.due is None:
                assert "due" not in wait
            else:
                assert wait["due"] == pytest.approx(made.due, abs=1.0)
            if made.waits_for is not None:
                assert wait["task"] == id(made.waits_for)
            assert row["at"]["file"] in (function.__code__.co_filename, __file__)
        finally:
            made.after()
            await end(made.task, *made.helpers)

    run(main)
