"""The slower way to see a loop's handles: a hook on `Handle._run`, for loops whose `_run_once` is not one that we may replace.

Used for all loops where this Python's asyncio is not known and the self-test failed, and for single loops whose class brings a `_run_once`
of its own (nest_asyncio, subclasses). Ticks, the time in select and lag stay unseen: the sentence says so, and the views show it.
"""

from __future__ import annotations

from . import clocks, run
from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recorder import Recorder
    from .schedule import Created
    from .session import Session

HIDDEN = "its ticks, the time it sleeps and its lag are not seen, and watching it costs more."


def sentence(reason: str) -> str:
    """What a person should know of a loop that is seen this way."""
    return reason + ": " + HIDDEN


def overrides(loop: Any, run_once: Any) -> str:
    """Why this loop never calls the replaced `_run_once`; '' if it does."""
    kind: Any = type_of(loop)
    found: Any = getattr(kind, "_run_once", None)
    if found is run_once:
        return ""
    owner = getattr(found, "__module__", "") or "somebody"
    return f"{kind.__qualname__}._run_once is that of {owner}, not asyncio's"


def make_handle_run(session: Session, stock: Any, known: bool, created: Created | None) -> Any:
    """`Handle._run`. `known`: the original is a known one and may be done in line, so that tracebacks have no frame more.

    `created`, if given, is told of a task at its first step: where nothing else tells of creations.
    """
    report = run.make_report()
    begin_handle = make_begin(session, created)
    end_handle = make_end(session)

    if known:

        def _run(self: Any) -> None:
            recorder, task = begin_handle(self)
            try:
                self._context.run(self._callback, *self._args)  # = self._context.run(self._callback, *self._args)
            except (SystemExit, KeyboardInterrupt):
                end_handle(recorder, task, self)
                raise
            except BaseException as error:
                self._loop.call_exception_handler(report(self, error))  # = self._loop.call_exception_handler(context)
            end_handle(recorder, task, self)
            self = recorder = task = None

        return _run

    def _run_stock(self: Any) -> None:
        recorder, task = begin_handle(self)
        try:
            stock(self)
        finally:
            end_handle(recorder, task, self)
            self = recorder = task = None

    return _run_stock


def make_begin(session: Session, created: Created | None) -> Any:
    """A function from a handle to (recorder, task), or (None, None) where a tick of ours is what runs it. Never raises."""
    recorder_of = session.loops.recorder_of
    attend = session.loops.attend
    start = run.make_start(session, session.facts)
    step = session.facts.step

    def begin_handle(handle: Any) -> tuple[Recorder | None, Any]:
        try:
            loop = handle._loop
            recorder = recorder_of(loop)
            if recorder.hook != "handle":
                return None, None
            if recorder.attention or not recorder.running:
                attend(loop)
            if created is not None and type(handle._callback) is step:
                task = handle._callback.__self__
                if getattr(task._coro, "cr_suspended", True) is False:  # CPython 3.11 and later.
                    created(recorder, loop, task, task._coro)
            if not recorder.stride:
                recorder.stepper.before_single(loop, handle)
            return recorder, start(recorder, handle)
        except Exception as error:
            session.fail(error)
            return None, None

    return begin_handle


def make_end(session: Session) -> Any:
    """A function that records a handle's end, and sends what is due. Never raises."""
    leave = session.loops.leave
    finish = run.make_finish(session)
    clock = clocks.monotonic

    def end_handle(recorder: Recorder | None, task: Any, handle: Any) -> None:
        if recorder is None:
            return
        try:
            recorder.handle = None
            if task is not None:
                finish(recorder, task)
            loop = handle._loop
            if not recorder.stride:
                recorder.stepper.after_handle(loop)
            if loop._stopping:
                leave(recorder, loop)
            else:
                if recorder.listing:
                    recorder.buffer.extend((12, float(loop.time()) if recorder.own_clock else clock()))
                if clock() >= recorder.due:
                    recorder.flush()
                else:
                    session.reader.flush_later(recorder.due)
        except Exception as error:
            session.fail(error)

    return end_handle
