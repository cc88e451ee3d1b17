"""A loop's stop between two handles as a real stop of its thread: pydevd holds it and tells the client, so the client's own buttons step.

Stands in for the runtime's gate (stepping/gate.py). While pydevd holds the thread, step over means one handle, step out one tick, step into
the first line of the person's code that the next task runs, and continue goes on, or until the goal that the adapter has noted. Where
pydevd sees no lines, step into is one handle.
"""

from __future__ import annotations

import sys
import threading

from ..places import OWN_FOLDER
from ..stepping.gate import Gate
from . import pydevd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .bridge import Bridge


class TickGate:
    """The gate of a session whose program is under pydevd."""

    by_debugger = True
    serves = False

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._own = Gate()
        self._waiting: dict[int, Any] = {}
        self.at_line: dict[int, Any] = {}
        """Threads that pydevd holds at a line, by the number of the loop that runs there."""

    def wait(self, stepper: Any, loop: Any, stop: dict[str, Any]) -> None:
        """As `Gate.wait`."""
        bridge = self._bridge
        api = bridge.api
        py_db: Any = api.debugger()
        if py_db is None or py_db.pydb_disposed or not bridge.is_client_there(py_db):
            stop["byDebugger"] = False
            self._own.wait(stepper, loop, stop)
            return
        thread: Any = threading.current_thread()
        info = api.info(thread)
        if bridge.was_let_go(thread, stop["reason"]):
            return
        tracing = api.pause_tracing()
        is_blind = bridge.is_blind(py_db, tracing)
        traced = _traced(_frame()) if is_blind else []
        self._waiting[stepper.recorder.number] = thread
        bridge.entering.add(thread.ident)
        try:
            bridge.steps.forget(thread.ident)
            task = next_task(stepper, loop)
            if not api.is_suspended(thread):
                _suspend(py_db, thread, stop["reason"])
            if not stepper.held:  # Whoever let it go did so before it was suspended: nobody will again.
                api.let_go(thread)
                return
            bridge.mark_tick(stop)
            bridge.entering.discard(thread.ident)
            stepper.again = None  # Asked for on the way here: this is that stop.
            py_db.do_wait_suspend(thread, _frame(), "line", None)
            self._waiting.pop(stepper.recorder.number, None)  # From here on `release` is ours.
            command = info.pydev_step_cmd
            if not stepper.held or api.is_suspended(thread):
                command = -1  # It was let go by the adapter, or for good; or is to pause again, for which pydevd notes a step into.
            if command in pydevd.OVER or (is_blind and command in pydevd.INTO):
                stepper.release({"kind": "handle"})
            elif command in pydevd.RETURN:
                stepper.release({"kind": "tick"})
            elif command in pydevd.INTO:
                stepper.release({"kind": "handle"})
                if task is not None:
                    bridge.steps.begin(py_db, thread, task)
                    return
                if stop["next"] is not None:
                    return  # A callback that is no task: the step is armed for whatever it runs, and disarmed at the next stop.
            api.clear(info)
        finally:
            bridge.entering.discard(thread.ident)
            self._waiting.pop(stepper.recorder.number, None)
            for frame, function in traced:  # pydevd has put its own there, which would take the thread over.
                frame.f_trace = function
            api.go_on_tracing(tracing)

    def is_asked_again(self, stepper: Any) -> bool:
        """As `Gate.is_asked_again`."""
        return self._bridge.is_marked(threading.get_ident())

    def has_let_go(self, stepper: Any) -> bool:
        """As `Gate.has_let_go`."""
        thread = self._waiting.get(stepper.recorder.number)
        return thread is None or not self._bridge.api.is_suspended(thread)

    def enters(self, stepper: Any, task: Any, within: str) -> bool:
        """As `Gate.enters`."""
        api = self._bridge.api
        py_db: Any = api.debugger()
        if task is None or py_db is None or py_db.pydb_disposed or not self._bridge.is_client_there(py_db):
            return False
        tracing = api.pause_tracing()
        try:
            self._bridge.steps.enter(py_db, threading.current_thread(), task, within)
        finally:
            api.go_on_tracing(tracing)
        return True

    def leave_line(self, stepper: Any) -> None:
        """As `Gate.leave_line`."""
        thread = self.at_line.get(stepper.recorder.number)
        if thread is not None:
            self._bridge.api.let_go(thread)

    def wake(self, stepper: Any) -> None:
        """As `Gate.wake`."""
        thread = self._waiting.get(stepper.recorder.number)
        if thread is not None and not stepper.held:
            self._bridge.api.let_go(thread)
        self._own.wake(stepper)


def next_task(stepper: Any, loop: Any) -> Any:
    """The task that the handle steps before which a loop is stopped; None: it is no task's, or there is none."""
    ready: Any = loop._ready
    if not stepper.left or not ready:
        return None
    return stepper.task_of(ready[0])


def _suspend(py_db: Any, thread: Any, reason: str) -> None:
    """Marks a thread as suspended; the reason is told to the client."""
    if reason in ("pause", "firstTick"):
        py_db.set_suspend(thread, pydevd.THREAD_SUSPEND, is_pause=True)
    else:
        py_db.set_suspend(thread, pydevd.STEP_OVER if reason == "step" else pydevd.SET_BREAK)


def _traced(frame: FrameType | None) -> list[tuple[FrameType, Any]]:
    """A frame and those that called it, each with its trace function."""
    found: list[tuple[FrameType, Any]] = []
    while frame is not None:
        found.append((frame, frame.f_trace))
        frame = frame.f_back
    return found


def _frame() -> FrameType | None:
    """The first frame outwards that is not ours: the loop's tick."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_code.co_filename.startswith(OWN_FOLDER):
        frame = frame.f_back
    return frame
