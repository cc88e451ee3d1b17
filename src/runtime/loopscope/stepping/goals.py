"""When a loop that was let go stops again: one goal of a step, and whether it is reached.

Goals that name a task or a handle hold it weakly; what has gone meanwhile is a goal that can never be reached, so the loop stops and the
text says why. It looks at handles and tasks, and stops nothing itself.
"""

from __future__ import annotations

import weakref
from types import MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .report import Reporter

KINDS = ("handle", "anyTask", "tick", "readyChange", "task", "timer", "callback", "created", "ended", "cancelled")


class Goal:
    """A `StepGoal` of src/protocol/stepping.ts, from the moment at which the loop is let go."""

    def __init__(self, goal: dict[str, Any], loop: Any, tick: int, has_next: bool, task_of: Callable[[Any], Any]) -> None:
        """`goal` as the manager has checked it: `target` is the task or handle that it names. `has_next`: a handle is next now."""
        self.kind: str = goal["kind"]
        self.text = ""
        target = goal.get("target")
        self._target: Any = weakref.ref(target) if target is not None else None
        self._name: str = goal.get("name", "")
        self._tick = tick
        self.within: str = goal.get("within", "")
        """Where in a task that a debugger is to stop, and not before it runs: 'next', 'line' or 'caller'; '': before it."""
        self._moved = not has_next or self.within != ""
        self._address = id(target) if target is not None else 0
        self._done = False
        self._ready = _subjects(loop, task_of) if self.kind == "readyChange" else None

    def moves(self) -> None:
        """A handle is about to run."""
        self._moved = True

    def tick_begins(self, loop: Any, task_of: Callable[[Any], Any]) -> None:
        """A tick begins, with what it will run in the ready queue."""
        if self._ready is not None and not self._done:
            self._done = _subjects(loop, task_of) != self._ready

    def handle_ended(self, did: dict[str, Any], reporter: Reporter) -> bool:
        """A handle has run, and this is the report; True if the goal is reached."""
        kind = self.kind
        if kind == "handle":
            self._done = True
        elif kind == "created":
            self._done = did["counts"]["created"] > 0
        elif kind in ("ended", "cancelled"):
            tasks = reporter.ended if kind == "ended" else reporter.cancelled
            self._done = bool(tasks) if self._target is None else self._address in tasks
        if not self._done and self._target is not None and self._is_lost():
            self._done = True
        return self._done

    def is_reached(self, handle: Any, task: Any, tick: int) -> bool:
        """Whether the loop stops before this handle."""
        if self._done:
            return True
        if not self._moved:
            return False
        kind = self.kind
        if kind == "handle":
            return True
        if kind == "anyTask":
            return task is not None
        if kind == "tick":
            return tick > self._tick
        if kind == "task":
            return task is not None and self._target is not None and self._target() is task
        if kind in ("timer", "callback"):
            return self._target is not None and self._target() is handle
        return False

    def is_reached_idle(self) -> bool:
        """Whether the loop stops before it selects, with nothing in its ready queue."""
        return self._done

    def _is_lost(self) -> bool:
        """Whether the target can never come any more."""
        target = self._target()
        if target is None:
            self.text = (self._name or "What was waited for") + " is gone."
        elif self.kind == "task" and target.done():
            self.text = (self._name or "The task") + " has ended."
        elif self.kind in ("timer", "callback") and target._cancelled:
            self.text = (self._name or "The handle") + " was cancelled."
        return bool(self.text)


def _subjects(loop: Any, task_of: Callable[[Any], Any]) -> dict[object, int]:
    """What the ready queue holds: how often each task or function. Handles are new each time, so they do not count."""
    found: dict[object, int] = {}
    for handle in list(loop._ready):
        if handle._cancelled:
            continue
        task = task_of(handle)
        callback = handle._callback
        if task is not None:
            key: object = id(task)
        elif type(callback) is MethodType:
            key = (id(callback.__self__), id(callback.__func__))
        else:
            key = id(callback)
        found[key] = found.get(key, 0) + 1
    return found
