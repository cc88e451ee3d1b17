"""One loop while it is stepped: called before each handle and before a sleep, it decides whether the loop stops there, and stops it.

It does not decide when a goal is reached (goals.py), what a person changed in the order (order.py), what a step did (report.py), nor how
the thread is held (gate.py). `before_handle` and `before_sleep` run in the loop's thread; `pause` and `release` in any.
"""

from __future__ import annotations

import _thread

from ..clocks import monotonic, time_of_day
from ..marker import put_marker, take_marker
from ..run import make_task_of
from .goals import Goal
from .order import Order
from .report import Reporter, brief, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..recorder import Recorder
    from .manager import Stepping

HOLDER = "stepper"
"""The name under which the stepper holds clocks."""

MOST_TOLD = 100
"""Handles of one step that are told one by one while it goes on; the others only run."""


def is_own_wake(handle: Any) -> bool:
    """Whether a handle reads the loop's self-pipe."""
    return getattr(handle._callback, "__name__", "") in ("_read_from_self", "_loop_self_reading")


class Stepper:
    """The stepping of one loop."""

    def __init__(self, stepping: Stepping, recorder: Recorder) -> None:
        self.stepping = stepping
        self.recorder = recorder
        self.lock = _thread.allocate_lock()
        self.lock.acquire()
        self.held = False
        """Whether the thread is at a stop, and has not been let go."""
        self.at_line = False
        """Whether a debugger holds the thread within a handle: a goal is noted, for when it goes on."""
        self.stop: dict[str, Any] | None = None
        """The message of the stop at which the loop is."""
        self.goal: Goal | None = None
        self.why: tuple[str, str, str] | None = None
        """A stop that is wanted as soon as can be: its reason, kind and text."""
        self.order = Order(self)
        self.reporter = Reporter(self)
        self.position = 0
        self.left = 0
        """Handles of the tick that are still to run, at the front of the ready queue."""
        self._single: Any = None
        self._tick = 0
        self._tick_began: float | None = None
        self._handle_ended: float | None = None
        self._told = 0
        self._released: dict[str, Any] | None = None
        self.again: tuple[str, str, str] | None = None
        """A stop that was asked for when another gate had let the thread go and it had not left that stop yet."""
        self._late = False
        """Whether the report is of the rest of a handle, which ran when a debugger let the thread go on from a line."""
        self._task_of = make_task_of(stepping.session.facts)

    # ── What others ask for ──

    def pause(self, reason: str = "pause", kind: str = "", text: str = "") -> None:
        """The loop stops before its next handle, or before it sleeps. From any thread."""
        if self.held and self.stepping.gate.has_let_go(self):  # That stop is over, though the thread has not left it yet.
            self.again = (reason, kind, text)
        if not self.held:
            self.again = None
            self.wants(reason, kind, text)
            self.recorder.stride = 0
            self.recorder.stop_due = True
            self.recorder.attention = True
            self.stepping.nudge(self.recorder)

    def wants(self, reason: str, kind: str, text: str) -> None:
        """The loop stops where it is looked at next. The first reason is the one that is told."""
        self.why = self.why or (reason, kind, text)

    def look(self) -> None:
        """Has the loop looked at before each handle, from the next tick on."""
        self.recorder.stride = 0

    def want_nothing(self) -> None:
        """A running loop is not to stop any more, but for its break filters."""
        self.why = self.goal = None
        self.recorder.stop_due = False

    def go(self, goal: dict[str, Any] | None, wake: bool) -> None:
        """The adapter lets the held loop go until a goal; `wake` False: it only notes the goal, and the gate lets it go."""
        if not self.at_line and wake:
            self.release(goal)
            return
        self._released = goal
        if wake:
            self.stepping.gate.leave_line(self)

    def release(self, goal: dict[str, Any] | None) -> None:
        """Lets the held thread go, until a goal is reached; None: for good. From any thread."""
        if self.held:
            self._released = goal
            self.held = False
            self.stepping.gate.wake(self)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the thread is held where it answers nothing: the reader's thread does it."""
        return self.at_line or (self.held and not self.stepping.gate.serves)

    def stops_at_line(self) -> None:
        """A debugger is about to hold the thread, within a handle."""
        self._released = None
        self.at_line = True

    def goes_on_from_line(self, loop: Any) -> bool:
        """The debugger has let it go. The rest of the handle counts as one: a goal can be reached at its end. False: there is no goal."""
        self.at_line = False
        goal, self._released = self._released, None
        recorder = self.recorder
        if goal is None or not self.stepping.session.active:
            return False
        self.goal = Goal(goal, loop, recorder.tick, False, self.task_of)
        self.look()
        if recorder.hook == "replaced":
            put_marker(recorder, loop)
            if not self.reporter.runs and recorder.handle is not None:
                recorder.flush()
                recorder.set_listing(True)
                self._late = True
                position = max(0, self.position - 1) if self._tick == recorder.tick else 0
                self.reporter.begin(loop, recorder.handle, recorder.tick, position)
        return True

    def let_go(self) -> None:
        """The adapter has gone, or an error of ours: the loop runs on as if nobody had stepped it."""
        self.want_nothing()
        self.order.thaw_all()
        self.release(None)

    @property
    def is_needed(self) -> bool:
        """Whether the loop must be looked at before each handle."""
        return self.why is not None or self.goal is not None or self.order.holds or self.stepping.breaks.watch_handles

    # ── In the loop's thread ──

    def before_handle(self, loop: Any, ntodo: int) -> int:
        """Before each handle of a tick that has `ntodo` left to run, the next of them first in the ready queue; returns how many there are
        to run now: other than before where the order was changed. 0: the tick is over. Raises nothing of ours."""
        self.left = ntodo
        try:
            self._look(loop)
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()
        if not self.is_needed:
            self._end()
        return self.left

    def _look(self, loop: Any) -> None:
        recorder = self.recorder
        ready = loop._ready
        if self._late:
            self._end_handle(loop)
        if self.reporter.runs:  # A pause came between this and the handle: it has not run.
            self.reporter.undo()
            self.position -= 1
        take_marker(recorder, ready)
        if recorder.tick != self._tick:
            self._begin_tick(loop)
        handle = task = None
        while self.left:
            take_marker(recorder, ready)
            handle = ready[0]
            if handle._cancelled:
                ready.popleft()
                self.left -= 1
                if recorder.listing:
                    recorder.buffer.extend((11, 0))
                continue
            task = self.task_of(handle)
            if self.order.holds and self.order.keeps_back(handle, task):
                ready.popleft()
                self.left -= 1
                continue
            why = self.why
            if why is None and self.goal is not None and self.goal.is_reached(handle, task, recorder.tick):
                why = self._arrives(self.goal, task)
            if why is None:
                self._begin_handle(loop, handle)
                return
            handle = task = None
            self._stop(loop, why)

    def _arrives(self, goal: Goal, task: Any) -> tuple[str, str, str] | None:
        """A goal is reached before a handle: why the loop stops there. None: it lies within the task, which runs."""
        if goal.within and not goal.text and self.stepping.gate.enters(self, task, goal.within):
            return None
        return "step", "", goal.text

    def before_single(self, loop: Any, handle: Any) -> None:
        """The same for a loop whose queue is hidden: before this handle, which is out of the queue already. Raises nothing of ours."""
        if self.reporter.runs:  # A `_run_once` that calls asyncio's own: that has looked already.
            return
        try:
            self._single = handle
            task = self.task_of(handle)
            if task is None and self.recorder.woken and is_own_wake(handle):
                self.recorder.woken.clear()
                if self.why is not None:
                    self._single = None
                    self._stop(loop, self.why)
                return
            while True:
                why = self.why
                if why is None and self.goal is not None and self.goal.is_reached(handle, task, 0):
                    why = self._arrives(self.goal, task)
                if why is None:
                    break
                self._stop(loop, why)
            self._begin_handle(loop, handle)
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()
        finally:
            self._single = None
            if not self.is_needed and not self.reporter.runs:
                self._end()

    def while_idle(self, loop: Any) -> None:
        """In the thread of a loop whose queue is hidden, when nothing of the program runs: a stop, a command. Raises nothing of ours."""
        try:
            self.recorder.serve(loop)
            if self.why is not None:
                self._stop(loop, self.why)
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()

    def after_handle(self, loop: Any) -> None:
        """After the handle that `before_handle` or `before_single` let run. Raises nothing."""
        try:
            self._end_handle(loop)
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()
        if self.recorder.hook != "replaced" and not self.is_needed:
            self._end()

    def wants_stop(self, loop: Any) -> bool:
        """Whether the loop is to stop rather than sleep, if nothing comes at once. Nothing is in the ready queue."""
        try:
            if self._late:
                self._end_handle(loop)
            self._end_tick()
            if self.why is None and self.goal is not None and self.goal.is_reached_idle():
                self.wants("step", "", self.goal.text)
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()
        return self.why is not None

    def before_sleep(self, loop: Any) -> None:
        """The loop stops, with nothing in its ready queue, if it is still to. Raises nothing of ours."""
        self.left = 0
        try:
            if self.why is not None:
                self._stop(loop, self.why)
            else:
                self.recorder.stop_due = False
        except Exception as error:
            self.stepping.session.fail(error)
            self.let_go()
        if not self.is_needed:
            self._end()

    def stop_here(self, loop: Any, why: tuple[str, str, str]) -> None:
        """Stops the thread where it is, outside of a tick: it makes or closes the loop."""
        self.left = 0
        self._stop(loop, why)
        if not self.is_needed:
            self._end()

    def leaves(self, loop: Any) -> None:
        """The loop stops running: what was held back for tasks is put back, or its end would wait for them. Raises nothing."""
        try:
            self._end_handle(loop)
            self._end_tick()
            self.order.put_back(loop)
        except Exception as error:
            self.stepping.session.fail(error)

    def serve(self, loop: Any) -> None:
        """Answers what the adapter has asked meanwhile. At a stop."""
        take_marker(self.recorder, getattr(loop, "_ready", None))
        self.recorder.serve(loop)

    def task_of(self, handle: Any) -> Any:
        """The task that a handle steps; None for other callbacks."""
        return self._task_of(handle._callback, handle._args)

    def now(self) -> float:
        """Seconds on a clock that stands still with the loop's."""
        clock = self.stepping.clocks.of(self.recorder)
        return clock.time() if clock is not None else monotonic()

    # ── Within ──

    def _begin_tick(self, loop: Any) -> None:
        self._end_tick()
        self._tick = self.recorder.tick
        self._tick_began = self.now()
        self.position = 0
        if self.goal is not None:
            self.goal.tick_begins(loop, self.task_of)
        self.stepping.breaks.tick_begins(self, self.left)

    def _end_tick(self) -> None:
        if self._tick_began is not None and self._handle_ended is not None:
            self.stepping.breaks.tick_ended(self, self._tick, self._handle_ended - self._tick_began)
        self._tick_began = self._handle_ended = None

    def _begin_handle(self, loop: Any, handle: Any) -> None:
        recorder = self.recorder
        self.position += 1
        if self.goal is None:
            self.reporter.time(brief(handle) if self.stepping.breaks.watch_handles else "")
            return
        if not recorder.listing:
            recorder.flush()
            recorder.set_listing(True)
        self.goal.moves()
        self.reporter.begin(loop, handle, self._tick, self.position - 1)

    def _end_handle(self, loop: Any) -> None:
        """After a handle that we have seen begin, or of which we have seen the end."""
        self._late = False
        reporter = self.reporter
        if not reporter.runs:
            return
        did = reporter.end(loop)
        self._handle_ended = self.now()
        goal = self.goal
        if did is not None and goal is not None and not goal.handle_ended(did, reporter):
            self._told += 1
            if self._told <= MOST_TOLD:
                self.stepping.tell({"type": "stepped", "loop": self.recorder.number, "did": did})
        self.stepping.breaks.handle_ended(self, reporter)

    def _stop(self, loop: Any, why: tuple[str, str, str]) -> None:
        recorder = self.recorder
        stepping = self.stepping
        clocks = stepping.clocks
        stops_clock = clocks.freezes and recorder.hook != "calls"
        gate = stepping.gate
        self.goal = self.why = None
        recorder.stop_due = False
        if stops_clock:
            clocks.hold_one(HOLDER, recorder, loop)
        try:
            recorder.flush()
            self._released = self.again = None
            self.stop = stop = self._message(loop, why, stops_clock, gate.by_debugger)
            self.held = True
            stepping.make_sure_of_reader()
            try:
                stepping.tell(stop)
                if stepping.session.active:
                    gate.wait(self, loop, stop)
            finally:
                self.held = False
                self.stop = None
                stepping.tell({"type": "resumed", "loop": recorder.number})
        finally:
            if stops_clock:
                clocks.release_one(HOLDER, recorder)
        self.order.goes_on()
        self.reporter.last = None
        self._told = 0
        goal = self._released
        self._released = None
        if goal is not None and stepping.session.active:
            self.goal = Goal(goal, loop, recorder.tick, self.left > 0 or self._single is not None, self.task_of)
            recorder.stride = 0
        again = self._take_again()
        if stepping.session.active and again is not None:
            self.pause(*again)
        elif stepping.session.active and gate.is_asked_again(self):
            self.pause()

    def _take_again(self) -> tuple[str, str, str] | None:
        again, self.again = self.again, None
        return again

    def _message(self, loop: Any, why: tuple[str, str, str], frozen: bool, by_debugger: bool) -> dict[str, Any]:
        recorder = self.recorder
        reason, kind, text = why
        ready: Any = getattr(loop, "_ready", ())
        following = self._single if self._single is not None else ready[0] if self.left else None
        stop: dict[str, Any] = {
            "type": "stopped",
            "loop": recorder.number,
            "threadId": _thread.get_ident(),
            "byDebugger": by_debugger,
            "reason": reason,
            "tick": recorder.tick,
            "position": self.position,
            "ready": len(ready) + (self._single is not None),
            "time": float(loop.time()),
            "wall": time_of_day(),
            "frozen": frozen,
            "next": None if following is None else describe(following, self.reporter.by(following)),
            "did": self.reporter.last,
            "text": text,
            "changes": self.order.take_changes(),
        }
        if kind:
            stop["kind"] = kind
        return stop

    def _end(self) -> None:
        """Nothing is wanted any more: the loop runs fast again."""
        self._late = False
        self.reporter.forget()
        self.recorder.stride = self.stepping.stride
        if self.is_needed:  # A pause has come between the question and this.
            self.recorder.stride = 0
