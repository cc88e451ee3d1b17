"""uvloop: its Python class lets the calls into it be wrapped, so tasks, their steps and what they wait for are seen; its inside is not.

A task's step is scheduled as a call of ours that times it and calls the step. Other callbacks are only counted as scheduled. Ticks, the
ready queue, the selector and timers set by uvloop itself stay invisible, and the loop says so (`hides`).
"""

from __future__ import annotations

import sys
from _thread import get_ident

from . import clocks, places, run, schedule, wire
from .recorder import HEADER_NUMBERS, MAX_BUFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .hooks import Hooks
    from .recorder import Recorder
    from .schedule import Created
    from .session import Session


class Called:
    """A call that uvloop is about to make, as a handle of asyncio's would show it."""

    __slots__ = ("__weakref__", "_args", "_callback", "_cancelled")

    def __init__(self, callback: Any, args: Any) -> None:
        self._callback = callback
        self._args = args
        self._cancelled = False


def install(session: Session, hooks: Hooks, loop_class: Any, created: Created, bypassed: bool) -> None:
    """Wraps the calls of uvloop's `Loop` class. `bypassed`: creations are known by the first step only (3.14 and later)."""
    facts = session.facts
    loops = session.loops
    task_of = run.make_task_of(facts)
    finish = run.make_finish(session)
    text_number = places.make_callback_number(session.strings)
    cancelled = schedule.make_cancelled(session)
    futures = schedule.future_types()
    site_number = places.make_site_number(session.strings)
    clock = clocks.monotonic
    step_started = wire.SHORT_STEP
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    base_call_soon = loop_class.call_soon
    base_call_later = loop_class.call_later
    base_call_at = loop_class.call_at
    base_run_forever = loop_class.run_forever
    base_close = loop_class.close

    recorder_of = loops.recorder_of
    base_init = loop_class.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        base_init(self, *args, **kwargs)
        loops.was_created(self, get_frame(1))

    def step(recorder: Recorder, task: Any, callback: Any, *args: Any) -> None:
        if not session.active:
            callback(*args)
            return
        if not recorder.stride:
            recorder.stepper.before_single(recorder.loop(), Called(callback, args))
        recorder.alike = None
        recorder.task = id(task)
        recorder.turn += 1
        recorder.handle = task
        recorder.begun_listing = listing = recorder.listing
        if listing:
            recorder.listed += 1
            recorder.buffer.extend((clock(), id(task) + step_started))
        else:
            recorder.handles += 1
            recorder.step_handles += not args
        try:
            callback(*args)
        finally:
            recorder.handle = None
            recorder.task = 0
            finish(recorder, task)
            task = None
            if not recorder.stride:
                recorder.stepper.after_handle(recorder.loop())
            if recorder.listing:
                recorder.buffer.extend((12, clock()))
            if recorder.queries:
                recorder.serve(recorder.loop())
            if len(recorder.buffer) > MAX_BUFFER or (clock() >= recorder.due and len(recorder.buffer) > HEADER_NUMBERS):
                recorder.flush()
            else:
                session.reader.flush_later(recorder.due)

    def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        task = task_of(callback, args)
        if task is None:
            recorder = recorder_of(self)
            if recorder.listing:
                recorder.buffer.extend((10, -text_number(callback), recorder.task, 0))
            return base_call_soon(self, callback, *args, context=context)
        recorder = recorder_of(self)
        if args:
            if issubclass(type(args[0]), futures) and args[0]._state == "CANCELLED":
                cancelled(recorder, task, args[0], 2)
            if recorder.listing:
                recorder.buffer.extend((5, id(task), recorder.task))
        elif bypassed:
            coroutine = task._coro
            if not getattr(coroutine, "cr_suspended", getattr(coroutine, "gi_suspended", True)):
                created(recorder, self, task, coroutine)
        return base_call_soon(self, step, recorder, task, callback, *args, context=context)

    def call_later(self: Any, delay: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        handle = base_call_later(self, delay, callback, *args, context=context)
        timer_set(self, handle, callback, get_frame(1))
        return handle

    def call_at(self: Any, when: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        handle = base_call_at(self, when, callback, *args, context=context)
        timer_set(self, handle, callback, get_frame(1))
        return handle

    def timer_set(loop: Any, handle: Any, callback: Any, frame: Any) -> None:
        try:
            recorder = recorder_of(loop)
            if recorder.listing:
                wakes = recorder.task if places.is_asyncio_function(callback) else 0
                when = handle.when() if hasattr(handle, "when") else clock()
                recorder.buffer.extend((7, id(handle), float(when), wakes or -text_number(callback), site_number(frame)))
            else:
                recorder.timers_set += 1
        except Exception as error:
            session.fail(error)

    def run_forever(self: Any) -> None:
        recorder = recorder_of(self)
        recorder.running = True
        recorder.thread = get_ident()
        loops.transition(recorder, "runs", get_frame(1))
        session.reader.start()
        loops.call(loops.on_run, recorder, self)
        try:
            base_run_forever(self)
        finally:
            recorder.running = False
            if recorder.stepper is not None:
                recorder.stepper.leaves(self)
            loops.transition(recorder, "stopped", None)
            recorder.flush()

    def close(self: Any) -> None:
        was_closed = self.is_closed()
        base_close(self)
        if not was_closed:
            loops.transition(recorder_of(self), "closed", get_frame(1), session.count_pending(self))

    for function in (__init__, call_soon, call_later, call_at, run_forever, close):
        hooks.replace(loop_class, function.__name__, function)
