"""What is put in the place of asyncio's own functions while somebody listens, and taken out again."""

from __future__ import annotations

import asyncio
import heapq
import logging
import sys
import time
from asyncio import base_events, events, tasks

from . import places
from .reader import Reader
from .recorder import MAX_BUFFER, Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .session import Session

_undo: list[tuple[Any, str, Any]] = []


def _replace(owner: Any, name: str, value: Any) -> None:
    _undo.append((owner, name, owner.__dict__[name]))
    setattr(owner, name, value)


def uninstall() -> None:
    """Puts everything back."""
    while _undo:
        owner, name, value = _undo.pop()
        setattr(owner, name, value)


def install(session: Session) -> None:
    """Replaces what is to be replaced, for all loops of this process."""
    loop_class: Any = base_events.BaseEventLoop
    base: Any = base_events
    reader = Reader(session)
    clock = time.monotonic
    strings = session.strings
    heappop = heapq.heappop
    stock_init = loop_class.__init__
    stock_close = loop_class.close
    stock_call_soon = loop_class.call_soon
    stock_call_at = loop_class.call_at
    stock_timer_cancelled = loop_class._timer_handle_cancelled
    task_types: Any = (tasks.Task, tasks._PyTask)  # type: ignore[attr-defined]

    def recorder_of(loop: Any) -> Recorder:
        recorder = loop.__dict__.get("_loopscope")
        if recorder is None:
            recorder = Recorder(session, loop)
            session.recorders.append(recorder)
            loop.__dict__["_loopscope"] = recorder
        return recorder

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        stock_init(self, *args, **kwargs)
        recorder_of(self).transition_here("created", 1)

    def close(self: Any) -> None:
        was_closed = self._closed
        recorder = recorder_of(self)
        pending = 0
        if not was_closed:
            pending = len(asyncio.all_tasks(self))
        stock_close(self)
        if not was_closed and self._closed:
            recorder.flush(-1.0)
            call, site = places.user_call(sys._getframe(1))
            recorder.transition("closed", call, site, pending)

    def task_of(callback: Any, args: Any) -> Any:
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, task_types) and (type(callback).__name__ == "TaskStepMethWrapper" or type(callback).__name__ == "TaskWakeupMethWrapper" or args or getattr(callback, "__name__", "") == "__step"):
            return owner
        return None

    def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        handle = stock_call_soon(self, callback, *args, context=context)
        recorder = recorder_of(self)
        buffer = recorder.buffer
        task = task_of(callback, args)
        if task is None:
            buffer += (10, -strings.number(places.callback_text(callback)), recorder.task, 0)
        else:
            coroutine = task.get_coro()
            if not args and is_new(coroutine):
                name = task.get_name()
                number = int(name[5:]) if name.startswith("Task-") and name[5:].isdecimal() else -strings.once(name)
                buffer += (2, id(task), recorder.task, strings.number(places.coroutine_text(coroutine)), strings.number(places.site_text(sys._getframe(1))), number)
            else:
                buffer += (5, id(task), recorder.task)
        return handle

    def is_new(coroutine: Any) -> bool:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        return frame is not None and frame.f_lasti < 1 and not getattr(coroutine, "cr_running", False) and not getattr(coroutine, "cr_suspended", False)

    def call_at(self: Any, when: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        timer = stock_call_at(self, when, callback, *args, context=context)
        recorder = recorder_of(self)
        recorder.buffer += (7, id(timer), float(when), -strings.number(places.callback_text(callback)), strings.number(places.site_text(sys._getframe(1))))
        return timer

    def _timer_handle_cancelled(self: Any, handle: Any) -> None:
        stock_timer_cancelled(self, handle)
        recorder_of(self).buffer += (9, id(handle))

    def _run_once(self: Any) -> None:
        recorder = recorder_of(self)
        if not recorder.running:
            recorder.running = True
            reader.start()
            recorder.transition_here("runs", 1)
        scheduled = self._scheduled
        if len(scheduled) > base._MIN_SCHEDULED_TIMER_HANDLES and self._timer_cancelled_count / len(scheduled) > base._MIN_CANCELLED_TIMER_HANDLES_FRACTION:
            kept = []
            for handle in scheduled:
                if handle._cancelled:
                    handle._scheduled = False
                else:
                    kept.append(handle)
            heapq.heapify(kept)
            scheduled = self._scheduled = kept
            self._timer_cancelled_count = 0
        else:
            while scheduled and scheduled[0]._cancelled:
                self._timer_cancelled_count -= 1
                heappop(scheduled)._scheduled = False
        ready = self._ready
        until = -1.0
        timeout = None
        if ready or self._stopping:
            timeout = 0
        elif scheduled:
            until = scheduled[0]._when
            timeout = min(max(0, until - self.time()), base.MAXIMUM_SELECT_TIMEOUT)
        else:
            until = float("inf")
        if timeout != 0:
            recorder.flush(until)
            recorder.sleeping = True
        if recorder.queries:
            recorder.serve()
        before = clock()
        event_list = self._selector.select(timeout)
        recorder.sleeping = False
        now = clock()
        self._process_events(event_list)
        event_list = None
        end_time = self.time() + self._clock_resolution
        buffer = recorder.buffer
        while scheduled:
            handle = scheduled[0]
            if handle._when >= end_time:
                break
            handle = heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
            buffer += (8, id(handle))
        ntodo = len(ready)
        recorder.tick += 1
        buffer += (1, recorder.tick, now, now - before, ntodo)
        for _ in range(ntodo):
            handle = ready.popleft()
            callback = handle._callback
            task = None if callback is None else task_of(callback, handle._args)
            subject = id(task) if task is not None else -strings.number(places.callback_text(callback)) if callback is not None else 0
            if handle._cancelled:
                buffer += (11, subject)
                continue
            recorder.task = subject if subject > 0 else 0
            buffer += (clock(), subject)
            if self._debug:
                try:
                    self._current_handle = handle
                    t0 = self.time()
                    handle._run()
                    dt = self.time() - t0
                    if dt >= self.slow_callback_duration:
                        logging.getLogger("asyncio").warning("Executing %s took %.3f seconds", base._format_handle(handle), dt)
                finally:
                    self._current_handle = None
            else:
                handle._run()
            if task is not None:
                if task.done():
                    error = None if task.cancelled() else task._exception
                    outcome = 3 if task.cancelled() else 2 if error is not None else 1
                    buffer += (3, id(task), outcome, strings.number(type(error).__name__) if error is not None else 0)
                    error = None
                else:
                    waiter = task._fut_waiter
                    buffer += (4, id(task), 0 if waiter is None else id(waiter))
                    waiter = None
            task = callback = handle = None
        recorder.task = 0
        buffer += (12, clock())
        if len(buffer) > MAX_BUFFER:
            recorder.flush(-1.0)
        if self._stopping:
            recorder.flush(-1.0)
            recorder.running = False
            recorder.transition("stopped")

    _replace(loop_class, "__init__", __init__)
    _replace(loop_class, "close", close)
    _replace(loop_class, "call_soon", call_soon)
    _replace(loop_class, "call_at", call_at)
    _replace(loop_class, "_timer_handle_cancelled", _timer_handle_cancelled)
    _replace(loop_class, "_run_once", _run_once)
    _ = events
