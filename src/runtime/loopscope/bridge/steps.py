"""Steps stay in their task. pydevd steps a thread; a loop's thread runs one task after the other.

A step that a person takes is remembered with the task in which it was taken. Where pydevd stops for it in another task, the stop is not
let through, and pydevd is aimed again: at the task while it lives, then at the task that awaited it, then at whoever called the loop. Steps
that the breakpoint of another task has interrupted are taken up again when that one goes on.
"""

from __future__ import annotations

import sys
import weakref

from ..inspection.budget import Budget
from ..inspection.closures import callbacks_of
from ..inspection.relations import awaiters_of
from ..inspection.tasks import is_pending, is_running
from ..places import ASYNCIO_FOLDER, OWN_FOLDER
from . import pydevd
from .rows import current_task, is_in, outermost_frame, running_loop, suspended_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

MOST_PENDING = 8
"""Steps of one thread that wait for their tasks: the oldest is forgotten for more."""

SECONDS = 0.01
"""How long the look for who awaits a task may take."""


class Step:
    """A step that a person has taken, until it is done."""

    def __init__(self, task: Any, command: int, frame: FrameType | None) -> None:
        self._task = weakref.ref(task)
        self.command = command
        self.frame = frame
        """Where pydevd is to stop: in this frame, or when it returns; None: anywhere."""
        self.awaiters: list[Any] = [weakref.ref(awaiter) for awaiter in awaiters_of(task, Budget(SECONDS))]
        self.caller = caller_of_loop() if is_main(task) else None

    def task(self) -> Any:
        """The task that is stepped; None if it is gone."""
        return self._task()

    def awaiter(self) -> Any:
        """A task that waits for the stepped one, or was woken by it; None: there is none."""
        for reference in self.awaiters:
            task = reference()
            if task is not None and is_pending(task):
                return task
        return None


def is_main(task: Any) -> bool:
    """Whether the loop's own call (`asyncio.run`, `run_until_complete`) waits for a task."""
    return any(getattr(callback, "__name__", "") == "_run_until_complete_cb" for callback in callbacks_of(task))


def caller_of_loop() -> FrameType | None:
    """The frame, outside asyncio, that called the loop that runs in this thread."""
    frame: FrameType | None = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_code.co_name != "run_forever":
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename.startswith((ASYNCIO_FOLDER, OWN_FOLDER)):
        frame = frame.f_back
    return frame


class Steps:
    """The steps of all threads."""

    def __init__(self, api: pydevd.Pydevd) -> None:
        self._api = api
        self._pending: dict[int, list[Step]] = {}

    def forget(self, ident: int) -> None:
        """No step of a thread is taken up again."""
        self._pending.pop(ident, None)

    def begin(self, py_db: Any, thread: Any, task: Any) -> None:
        """A step into a task that is about to run, from a stop before it: to the first line of the person's code that it runs."""
        info = thread.additional_info
        info.pydev_step_stop = None
        if info.pydev_step_cmd == pydevd.STEP_INTO_COROUTINE:
            info.pydev_step_cmd = pydevd.STEP_INTO
        self._pending.setdefault(thread.ident, []).append(Step(task, info.pydev_step_cmd, None))
        self._api.arm(py_db, thread, suspended_frames(task))

    def enter(self, py_db: Any, thread: Any, task: Any, within: str) -> None:
        """A task that was suspended is about to run: to the next line of the function of the person's in which it is suspended ('next'),
        to any line of theirs ('line'), or until that function has returned ('caller'). Called each time it runs until that is reached."""
        pending = self._pending.setdefault(thread.ident, [])
        before = [step for step in pending if step.task() is task]
        pending[:] = [step for step in pending if step.task() is not task][-MOST_PENDING:]
        mine = bool(py_db.get_use_libraries_filter())
        frames = suspended_frames(task)
        seen = [frame for frame in frames if not self._api.is_hidden(py_db, frame)]
        if within == "caller" and len(seen) < 2 and not before:
            return  # The task's own end is waited for.
        if within != "line" and seen:
            out = pydevd.STEP_RETURN_MY_CODE if mine else pydevd.STEP_RETURN
            step = before[-1] if before else Step(task, out if within == "caller" else self._api.over(py_db), seen[0])
            if self._aim_at(py_db, thread, step, task):
                pending.append(step)
            return
        command = pydevd.STEP_INTO_MY_CODE if mine else pydevd.STEP_INTO
        pending.append(Step(task, command, None))
        self._api.run_on(py_db, thread, command, None)
        self._api.arm(py_db, thread, frames)

    def passes(self, py_db: Any, thread: Any, frame: FrameType, event: str) -> bool:
        """Called before a stop; True: it is a step's in another task, pydevd was aimed again, and the thread goes on."""
        pending = self._pending.get(thread.ident)
        if not pending:
            return False
        step = pending[-1]
        info = thread.additional_info
        if thread.stop_reason not in pydevd.STEPS:
            # Somebody's breakpoint, an exception, a pause. The step may be taken up again.
            if info.pydev_step_cmd in pydevd.STEPS and info.pydev_step_stop is not None:
                step.command, step.frame = info.pydev_step_cmd, info.pydev_step_stop
            loop = running_loop()
            current = current_task(loop) if loop is not None else None
            self._pending[thread.ident] = [each for each in pending if each.task() is not current]
            return False
        loop = running_loop()
        if loop is None:
            pending.clear()  # The loop has ended: wherever the step stops, it is out of it.
            return False
        task = step.task()
        outermost = outermost_frame(task) if task is not None else None
        if is_in(frame, outermost):
            pending.pop()
            return False
        if event == "return" and is_in(sys._getframe(1), outermost):  # pyright: ignore[reportPrivateUsage]
            outermost = None  # The task is just returning into the loop.
        if step.caller is not None and frame is step.caller and outermost is None:
            pending.pop()
            return False
        if outermost is None:
            awaiter = step.awaiter()
            if awaiter is not None and is_in(frame, outermost_frame(awaiter)):
                pending.pop()  # It goes on already.
                return False
        self._aim(py_db, thread, pending, outermost is not None)
        return True

    def resumed(self, py_db: Any, thread: Any, frame: FrameType) -> None:
        """Called after a stop, when the thread goes on: notes a step, or takes up one that was interrupted."""
        info = thread.additional_info
        loop = running_loop()
        if loop is None or info.pydev_state != pydevd.STATE_RUN:
            return
        command = info.pydev_step_cmd
        pending = self._pending.setdefault(thread.ident, [])
        if command not in pydevd.STEPS:
            if pending:
                self._aim(py_db, thread, pending, None)
            return
        task = current_task(loop)
        outermost = outermost_frame(task) if task is not None else None
        if not is_in(frame, outermost):
            return
        pending[:] = [step for step in pending if step.task() is not task][-MOST_PENDING:]
        step = Step(task, command, info.pydev_step_stop)
        pending.append(step)
        if command in pydevd.RETURN and self._is_outermost(py_db, frame, outermost):
            self._aim(py_db, thread, pending, False)
            return
        awaiter = step.awaiter()
        if awaiter is not None and self._api.monitors:
            self._api.arm(py_db, thread, suspended_frames(awaiter))

    def _is_outermost(self, py_db: Any, frame: FrameType, outermost: FrameType | None) -> bool:
        """Whether all frames of the task that called this one are hidden: a step out of it leaves the task."""
        current: FrameType | None = frame
        while current is not None and current is not outermost:
            current = current.f_back
            if current is not None and not self._api.is_hidden(py_db, current):
                return False
        return True

    def _aim(self, py_db: Any, thread: Any, pending: list[Step], lives: bool | None) -> None:
        """Sends pydevd after the newest step that can still be done. `lives`: whether its task does (None: look)."""
        while pending:
            step = pending[-1]
            task = step.task()
            if lives is None:
                lives = task is not None and is_pending(task)
            if lives and task is not None:
                if not is_running(task) and self._aim_at(py_db, thread, step, task):
                    return
                if step.frame is not None:
                    self._go(py_db, thread, step.command, step.frame, [step.frame])
                    return
            pending.pop()
            awaiter = step.awaiter()
            if awaiter is not None:
                following = Step(awaiter, self._api.over(py_db), None)
                if self._aim_at(py_db, thread, following, awaiter):
                    pending.append(following)
                    return
            if step.caller is not None:
                pending.append(step)
                step.frame = step.caller
                step.awaiters = []
                step.command = self._api.over(py_db)
                self._go(py_db, thread, step.command, step.caller, [step.caller])
                return
            lives = None
        self._api.run_on(py_db, thread, -1, None)

    def _aim_at(self, py_db: Any, thread: Any, step: Step, task: Any) -> bool:
        """Sends pydevd after a suspended task: at the frame that is stepped if the task has it still, else at its innermost of the person's
        code. False: it has none."""
        frames = suspended_frames(task)
        if step.frame is not None and any(frame is step.frame for frame in frames):
            command, target = (step.command if step.command in pydevd.RETURN else self._api.over(py_db)), step.frame
        else:
            seen = [frame for frame in frames if not self._api.is_hidden(py_db, frame)]
            if not seen:
                return False
            command, target = self._api.over(py_db), seen[0]
        step.command, step.frame = command, target
        self._go(py_db, thread, command, target, frames)
        return True

    def _go(self, py_db: Any, thread: Any, command: int, target: FrameType, frames: list[FrameType]) -> None:
        self._api.run_on(py_db, thread, command, target)
        self._api.arm(py_db, thread, frames)
