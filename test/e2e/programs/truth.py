"""What is true: the program's own view of its loop, for the tests to compare the editor's views with."""

from __future__ import annotations

import asyncio
import json
from collections import Counter


def tasks(without: asyncio.Task[object] | None = None) -> dict[str, object]:
    """Live tasks of the running loop by name and by coroutine; `without` is the one that asks."""
    found = [task for task in asyncio.all_tasks() if task is not without]
    coroutines = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in found)
    return {"names": sorted(task.get_name() for task in found), "coroutines": dict(coroutines)}


def tell(**facts: object) -> None:
    """One line that the test reads from the program's output."""
    print("TRUTH " + json.dumps(facts), flush=True)
