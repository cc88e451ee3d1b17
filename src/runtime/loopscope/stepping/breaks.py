"""What a loop stops at by itself: slow ticks and handles, long queues, tasks that are lost, loops that are made or closed, wrong threads.

A filter has its meaning and its condition here. Those that need it put a hook into asyncio while they are on, and only then; a stop
happens before the loop's next handle, but where a loop is made or closed: there at once, on the line that does it.
"""

from __future__ import annotations

import _thread
import threading

from ..inspection.peek import field, text, type_name
from ..inspection.tasks import coroutine_name, coroutine_of, name_of
from ..places import user_call
from .hooks import CallHooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..recorder import Recorder
    from .manager import Stepping
    from .report import Reporter
    from .stepper import Stepper

MILLISECONDS = {"slowTick": 100.0, "slowHandle": 100.0}
NUMBERS = {"longQueue": 1000, "closedPending": 1}
TEXTS = ("destroyedPending", "neverRetrieved", "loopCreated", "otherThread")
"""The filters, as BREAK_ON of src/protocol/stepping.ts, by what their condition is; with what an empty one means."""

MOST = 1e9


def parse(kind: str, condition: str) -> Any:
    """What a condition means. Raises ValueError with a sentence."""
    condition = condition.strip()
    if kind in TEXTS:
        return condition.lower()
    if kind in MILLISECONDS:
        unit = condition[:-2].strip() if condition.lower().endswith("ms") else condition
        value = _number(unit, MILLISECONDS[kind])
        if value is None:
            raise ValueError(f"{condition!r} is no number of milliseconds: write one like 100, or nothing for {MILLISECONDS[kind]:.0f}.")
        return value / 1000
    if kind in NUMBERS:
        value = _number(condition, float(NUMBERS[kind]))
        if value is None or value != int(value):
            raise ValueError(f"{condition!r} is no whole number: write one like {NUMBERS[kind]}, or nothing for that.")
        return int(value)
    raise ValueError(f"Loopscope cannot break on {kind!r}.")


def _number(condition: str, default: float) -> float | None:
    if not condition:
        return default
    try:
        value = float(condition)
    except ValueError:
        return None
    return value if 0 <= value <= MOST else None


class Breaks:
    """The filters that are on."""

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping
        self._on: dict[str, Any] = {}
        self._hooks = CallHooks(stepping.session, self)
        self.watch_handles = False
        """Whether a filter needs a look before each handle."""

    def set(self, filters: list[dict[str, Any]]) -> list[str]:
        """Sets the filters; for each a sentence if its condition is not understood, '' else. Those that are not understood are off."""
        wanted: dict[str, Any] = {}
        errors: list[str] = []
        for item in filters:
            kind, condition = item.get("kind"), item.get("condition", "")
            try:
                wanted[str(kind)] = parse(str(kind), condition if isinstance(condition, str) else "")
                errors.append("")
            except ValueError as error:
                errors.append(str(error))
        self._on = wanted
        self.watch_handles = any(kind in wanted for kind in ("slowTick", "slowHandle", "longQueue"))
        self._hooks.set(wanted)
        loops = self._stepping.session.loops
        loops.on_created = self._loop_created if "loopCreated" in wanted else None
        loops.on_close = self._loop_closes if "closedPending" in wanted else None
        if self.watch_handles:
            for recorder in loops.all():
                self.loop_runs(recorder)
        return errors

    def loop_runs(self, recorder: Recorder) -> None:
        """A loop begins to run."""
        if self.watch_handles:
            self._stepping.stepper_of(recorder).look()

    # ── Ticks and handles, in the loop's thread ──

    def tick_begins(self, stepper: Stepper, ready: int) -> None:
        """A tick begins, with so many handles to run."""
        limit = self._on.get("longQueue")
        if limit is not None and ready > limit:
            stepper.wants("break", "longQueue", f"{ready:,} callbacks are ready, more than {limit:,}.")

    def tick_ended(self, stepper: Stepper, tick: int, seconds: float) -> None:
        """All handles of a tick have run."""
        limit = self._on.get("slowTick")
        if limit is not None and seconds > limit:
            stepper.wants("break", "slowTick", f"Tick {tick} took {_ms(seconds)}, more than {_ms(limit)}.")

    def handle_ended(self, stepper: Stepper, reporter: Reporter) -> None:
        """A handle has run."""
        limit = self._on.get("slowHandle")
        if limit is not None and reporter.duration > limit:
            stepper.wants("break", "slowHandle", f"{reporter.text} took {_ms(reporter.duration)}, more than {_ms(limit)}.")

    # ── What asyncio reports ──

    def reported(self, loop: Any, context: dict[str, Any]) -> None:
        """`call_exception_handler` was called. Keeps nothing of the context."""
        message = context.get("message")
        if message == "Task was destroyed but it is pending!":
            part = self._on.get("destroyedPending")
            task = context.get("task")
            if part is None or task is None:
                return
            name, coroutine = name_of(task), coroutine_name(coroutine_of(task))
            if part in name.lower() or part in coroutine.lower():
                self._ask(loop, "destroyedPending", f"{name} {coroutine}() was destroyed while it was pending.")
        elif message in ("Task exception was never retrieved", "Future exception was never retrieved"):
            part = self._on.get("neverRetrieved")
            error = context.get("exception")
            if part is None or error is None:
                return
            kind = type_name(error)
            said = ", ".join(text(value) for value in field(error, "args", ()) if type(value) is str)
            if part in kind.lower() or part in said.lower():
                future = context.get("future")
                who = name_of(future) if isinstance(future, self._stepping.session.facts.task) else "a future"
                self._ask(loop, "neverRetrieved", f"The {kind} of {who} was never retrieved" + (f": {said[:200]}" if said else "."))

    def called_from_elsewhere(self, loop: Any, frame: Any) -> None:
        """`call_soon` was called in a thread that is not the loop's."""
        part = self._on.get("otherThread")
        name = threading.current_thread().name if _thread.get_ident() in _active() else "thread " + str(_thread.get_ident())
        if part is None or part not in name.lower():
            return
        _, user = user_call(frame)
        place = "" if user is None else f" by {user.f_code.co_filename}:{user.f_lineno}"
        self._ask(loop, "otherThread", f"call_soon was called from {name}{place}: use call_soon_threadsafe.")

    def _ask(self, loop: Any, kind: str, sentence: str) -> None:
        """The loop stops before its next handle; one that does not run cannot, and the log says what was seen."""
        session = self._stepping.session
        recorder = session.loops.recorder_of(loop)
        if recorder.running:
            self._stepping.stepper_of(recorder).pause("break", kind, sentence)
        else:
            session.say("warning", sentence + " No stop: its loop does not run.")

    # ── Loops ──

    def _loop_created(self, recorder: Recorder, loop: Any) -> None:
        part = self._on.get("loopCreated")
        name = threading.current_thread().name if _thread.get_ident() in _active() else ""
        if part is not None and (part in recorder.class_name.lower() or part in name.lower()):
            self._stepping.stepper_of(recorder).stop_here(loop, ("break", "loopCreated", f"A loop was made in {name or 'a thread'}."))

    def _loop_closes(self, recorder: Recorder, loop: Any) -> None:
        least = self._on.get("closedPending")
        pending = self._stepping.session.count_pending(loop)
        if least is not None and pending >= max(1, least):
            tasks = "a task is" if pending == 1 else f"{pending:,} tasks are"
            self._stepping.stepper_of(recorder).stop_here(loop, ("break", "closedPending", f"The loop is closed while {tasks} pending."))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def _active() -> Any:
    return getattr(threading, "_active", {})
