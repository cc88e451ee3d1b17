"""What one handle did: read from what the recording wrote while it ran, and from the end of the ready queue.

It describes handles as the ready queue's page does, and adds no hook of its own.
"""

from __future__ import annotations

from types import BuiltinFunctionType, MethodType

from .. import wire
from ..inspection.budget import Budget
from ..inspection.handles import work_of
from ..inspection.peek import type_name
from ..inspection.stock import stock
from ..inspection.tasks import name_of
from ..inspection.waits.combining import function_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .stepper import Stepper

MOST_ROWS = 20
"""As MAX_STEP_ROWS of src/protocol/stepping.ts."""

MOST_ORIGINS = 4096
"""Handles of which it is remembered who put them into the ready queue."""

TIMERS_LOOKED_THROUGH = 20_000
"""A larger heap is not looked through for the timers that a handle has set: they are counted only."""

_SIZES = {code: 1 + len(fields) for code, fields in wire.EVENTS.values()}


def describe(handle: Any, by: str = "") -> dict[str, Any]:
    """A `HandleInfo`."""
    work = work_of(handle, Budget())
    return {
        "handle": id(handle),
        "task": id(work.task) if work.task is not None else 0,
        "text": work.text,
        "at": work.at,
        "by": by,
    }


def text_of(handle: Any) -> str:
    """What a handle will do, in a few words."""
    return work_of(handle, Budget()).text


def brief(handle: Any) -> str:
    """The same at next to no cost, for each handle of a loop that is only watched."""
    callback = handle._callback
    owner: Any = getattr(callback, "__self__", None) if type(callback) in (BuiltinFunctionType, MethodType) else None
    if owner is None and type_name(callback) in ("TaskStepMethWrapper", "TaskWakeupMethWrapper"):
        owner = callback.__self__
    if stock().is_task(owner):
        return name_of(owner)
    return function_name(callback) + "()"


class Reporter:
    """The reports of one loop."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self.runs = False
        """Whether a handle has begun and not ended."""
        self.last: dict[str, Any] | None = None
        """The report of the handle that ran last."""
        self.duration = 0.0
        self.text = ""
        """What the handle that ran last was, and how long it ran, s."""
        self.ended: set[int] = set()
        self.cancelled: set[int] = set()
        """Tasks that ended, or were cancelled, in the handle that ran last."""
        self._began = 0.0
        self._report: dict[str, Any] | None = None
        self._task = 0
        self._ready = 0
        self._buffer: list[float] = []
        self._from = 0
        self._sent: list[list[float]] = []
        self._origins: dict[int, str] = {}

    def by(self, handle: Any) -> str:
        """Who put a handle into the ready queue, if that was seen; '' else."""
        return self._origins.get(id(handle), "")

    def begin(self, loop: Any, handle: Any, tick: int, position: int) -> None:
        """A handle is about to run, and what it does will be told."""
        ran = describe(handle, self.by(handle))
        self._origins.pop(ran["handle"], None)
        self.text = ran["text"]
        self._report = {"tick": tick, "position": position, "ran": ran}
        self._task = ran["task"] if self._stepper.task_of(handle) is not None else 0
        self._ready = len(getattr(loop, "_ready", ())) + (self._stepper.recorder.hook != "replaced")
        self._sent.clear()
        self._buffer = self._stepper.recorder.buffer
        self._from = len(self._buffer)
        self._start()

    def time(self, text: str) -> None:
        """A handle is about to run of which only the time matters."""
        self.text = text
        self._report = None
        self._start()

    def _start(self) -> None:
        self.runs = True
        self._began = self._stepper.now()

    def undo(self) -> None:
        """It did not run after all."""
        self.runs = False

    def sent(self, numbers: list[float]) -> None:
        """The recording is sent while a handle runs."""
        if self.runs and self._report is not None:
            self._sent.append(numbers[self._from :] if numbers is self._buffer else numbers[len(wire.BATCH_HEADER) :])
            self._buffer = []
            self._from = 0

    def end(self, loop: Any) -> dict[str, Any] | None:
        """The handle has run: its report, or None if only its time was taken."""
        self.runs = False
        self.duration = self._stepper.now() - self._began
        report = self._report
        if report is None:
            return None
        self._report = None
        recorder = self._stepper.recorder
        buffer = recorder.buffer
        rest = buffer[self._from :] if buffer is self._buffer else buffer[len(wire.BATCH_HEADER) :]
        self._buffer = []
        facts = _Facts(self._task)
        for numbers in (*self._sent, rest):
            facts.read(numbers)
        self._sent.clear()
        self.ended = facts.ended
        self.cancelled = facts.cancelled
        new = self._new_handles(loop)
        rows: dict[str, list[dict[str, Any]]] = {"scheduled": [], "woke": [], "created": [], "timers": []}
        by = report["ran"]["text"]
        yields = 0
        for handle in new:
            self._remember(handle, by)
            task = self._stepper.task_of(handle)
            if task is not None and id(task) == self._task and facts.outcome == "yields":
                yields = 1  # Its own next step: the outcome says so.
                continue
            kind = "scheduled" if task is None else "created" if id(task) in facts.created else "woke"
            if len(rows[kind]) < MOST_ROWS:
                rows[kind].append(describe(handle, by))
        scheduled: Any = getattr(loop, "_scheduled", ())
        if facts.timers and len(scheduled) <= TIMERS_LOOKED_THROUGH:
            for timer in scheduled:
                if id(timer) in facts.timers and len(rows["timers"]) < MOST_ROWS:
                    rows["timers"].append(describe(timer, by))
        created = len(facts.created)
        report.update(rows)
        report["duration"] = self.duration
        report["counts"] = {
            "scheduled": max(len(rows["scheduled"]), len(new) - facts.woken - created - yields),
            "woke": facts.woken,
            "created": created,
            "timers": len(facts.timers),
        }
        report["outcome"] = facts.outcome
        self.last = report
        return report

    def _new_handles(self, loop: Any) -> list[Any]:
        ready = getattr(loop, "_ready", ())
        count = len(ready) - (self._ready - 1)
        if count <= 0:
            return []
        first = len(ready) - count
        return [ready[index] for index in range(first, first + min(count, MOST_ORIGINS))] if count else []

    def _remember(self, handle: Any, by: str) -> None:
        if len(self._origins) >= MOST_ORIGINS:
            self._origins.clear()
        self._origins[id(handle)] = by

    def forget(self) -> None:
        """The loop is stepped no longer."""
        self.runs = False
        self.last = self._report = None
        self._origins.clear()
        self._buffer = []


class _Facts:
    """What events say of one handle."""

    def __init__(self, task: int) -> None:
        self._task = task
        self._running = task
        self.created: set[int] = set()
        self.ended: set[int] = set()
        self.cancelled: set[int] = set()
        self.timers: set[int] = set()
        self.woken = 0
        self.outcome = ""

    def read(self, numbers: list[float]) -> None:
        """Events of a batch, without its header."""
        position = 0
        count = len(numbers)
        while position < count:
            number = numbers[position]
            if type(number) is float:
                position += 1
                continue
            code = int(number)
            if not -wire.SHORT_FORM < code < wire.SHORT_FORM:
                self._read_short(code)
                position += 1
                continue
            subject = int(numbers[position + 1]) if code in (2, 3, 4, 5, 6, 7) else 0
            if code == 2:
                self.created.add(subject)
            elif code == 3:
                self._end(subject, int(numbers[position + 2]))
            elif code == 4 and subject == self._task:
                self.outcome = "waits" if numbers[position + 2] else "yields"
            elif code == 5:
                self.woken += 1
            elif code == 6:
                self.cancelled.add(subject)
            elif code == 7:
                self.timers.add(subject)
            position += _SIZES[code]

    def _read_short(self, code: int) -> None:
        kind = code % wire.SHORT_KINDS
        if code < 0:
            self.created.add(-code)
        elif kind == wire.SHORT_ENDED:
            self._end(code, wire.OUTCOME_FINISHED)
        elif kind == wire.SHORT_WOKEN:
            self.woken += 1
        elif kind in (wire.SHORT_STEP, wire.SHORT_CALLBACK):
            self._running = code - kind if kind == wire.SHORT_STEP else 0
        elif kind in (wire.SHORT_WAITS, wire.SHORT_YIELDS) and self._running == self._task:
            self.outcome = "waits" if kind == wire.SHORT_WAITS else "yields"

    def _end(self, task: int, outcome: int) -> None:
        self.ended.add(task)
        if outcome == wire.OUTCOME_CANCELLED:
            self.cancelled.add(task)
        if task == self._task:
            self.outcome = {wire.OUTCOME_FINISHED: "finished", wire.OUTCOME_FAILED: "failed"}.get(outcome, "cancelled")
