"""How handles and timers come into being: what stands in for `call_soon`, `call_soon_threadsafe`, `call_at` and the note of a
cancelled timer.

Each does what the original does (CPython, Lib/asyncio/base_events.py and events.py, 3.9 to 3.15), with the handle's `__init__` in line. In
debug mode the original's own helpers are called, so that `_source_traceback` ends where it does without us.
"""

from __future__ import annotations

import contextvars
import heapq
import sys
import weakref

from . import places, run, sources, untyped, wire
from .own import Own
from .recorder import MAX_BUFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .facts import Facts
    from .recorder import Recorder
    from .session import Session

    Created = Callable[[Recorder, Any, Any, Any], None]


def make_call_soon(session: Session, facts: Facts, recorder_of: Callable[[Any], Recorder], created: Created | None) -> Any:
    """`call_soon`. `created`, if given, is told of a task whose first step is put into the ready queue (3.14 and later)."""
    plain = facts.handle
    new: Any = plain.__new__
    copy_context = contextvars.copy_context
    step = facts.step
    waker = facts.waker
    c_task = facts.c_task
    woken = wire.SHORT_WOKEN
    type_of = untyped.type_of
    get_coro: Any = getattr(facts.c_task, "get_coro", None)
    tells = created is not None
    # Of its class's own, not the future's: a program may have overridden it. To be told of another kind of future by an exception is
    # faster than to ask for the kind each time.
    is_cancelled: Any = getattr(c_future_type(), "cancelled", None)
    nothing: Any = ()  # Of which there is one: to compare with it is faster than to ask a tuple whether it is empty.
    own = Own(
        recorder_of=recorder_of,
        note_source=make_note_source(session, facts),
        created=created,
        is_first_step=make_is_first_step(),
        note_birth=session.births.note,
        max_buffer=MAX_BUFFER,
        function=type(make_call_soon),
        last=(None, 0),  # The code of the last function that was scheduled, and the event of that.
        scheduled=places.make_callback_event(session.strings, wire.SHORT_SCHEDULED),
        task_of=run.make_task_of(facts),
        is_cancelled=make_is_cancelled(),
        cancelled=make_cancelled(session),
    )

    def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        if self._closed:
            self._check_closed()  # = self._check_closed()
        if self._debug:
            self._check_thread()  # = self._check_thread()
            self._check_callback(callback, "call_soon")  # = self._check_callback(callback, 'call_soon')
            handle = self._call_soon(callback, args, context)  # = handle = self._call_soon(callback, args, context)
            if handle._source_traceback:
                del handle._source_traceback[-1]
        else:
            handle = new(plain)
            handle._context = copy_context() if context is None else context
            handle._loop = self
            handle._callback = callback
            handle._args = args
            handle._cancelled = False
            handle._repr = None
            handle._source_traceback = None
            self._ready.append(handle)
        try:
            recorder = self._loopscope
        except AttributeError:
            recorder = own.recorder_of(self)
        kind: Any = type_of(callback)
        if kind is step:
            if recorder.notes_sources:
                own.note_source(recorder, handle, self, callback, args)
            if tells:
                task = callback.__self__
                coroutine = get_coro(task)
                try:
                    if not coroutine.cr_suspended:
                        if coroutine.cr_code is recorder.alike:
                            recorder.buffer.append(-id(task))
                            recorder.live += 1
                            if recorder.notes_births:
                                own.note_birth(task)
                            if len(recorder.buffer) > own.max_buffer:
                                recorder.flush()
                        else:
                            own.created(recorder, self, task, coroutine)
                except AttributeError:
                    if own.is_first_step(task, coroutine):
                        own.created(recorder, self, task, coroutine)
                task = None
        elif recorder.listing:
            if recorder.notes_sources:
                own.note_source(recorder, handle, self, callback, args)
            if kind is waker and args is not nothing:
                task = callback.__self__
                if not isinstance(task, c_task) or len(args) != 1:
                    task = own.task_of(callback, args)
            elif kind is own.function:
                task = None
            else:
                task = own.task_of(callback, args)
            if task is not None:
                if args is not nothing:
                    try:
                        gone = is_cancelled(args[0])
                    except TypeError:
                        gone = own.is_cancelled(args[0])
                    if gone:
                        own.cancelled(recorder, task, args[0], 2)
                    recorder.buffer.append(id(task) + woken)
                task = None
            elif kind is own.function:
                last = own.last
                if callback.__code__ is not last[0]:
                    own.last = last = (callback.__code__, own.scheduled(callback))
                recorder.buffer.append(last[1])
            else:
                recorder.buffer.append(own.scheduled(callback))
        elif kind is waker:
            try:
                gone = is_cancelled(args[0])
            except (TypeError, IndexError):  # No future of asyncio's C code.
                gone = args is not nothing and own.is_cancelled(args[0])
            if gone:
                own.cancelled(recorder, own.task_of(callback, args), args[0], 2)
        return handle

    return call_soon


def make_is_cancelled() -> Callable[[Any], bool]:
    """A function that says whether what a task waited for was cancelled, where that is no future of asyncio's C code."""
    futures = future_types()

    def is_cancelled(future: Any) -> bool:
        # A program may await futures of a class of its own: those are not touched.
        return issubclass(type(future), futures) and future._state == "CANCELLED"

    return is_cancelled


def make_note_source(session: Session, facts: Facts) -> Callable[[Recorder, Any, Any, Any, Any], None]:
    """A function that notes who has just called `call_soon`. Never raises."""
    task_of = run.make_task_of(facts)
    note = sources.make_note(facts)
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def note_source(recorder: Recorder, handle: Any, loop: Any, callback: Any, args: Any) -> None:
        try:
            task = task_of(callback, args)
            verb = "scheduled" if task is None else "woken" if args else "made ready"
            note(recorder.sources, handle, verb, loop, get_frame(2), "")
        except Exception as error:
            session.fail(error)

    return note_source


def future_types() -> tuple[type, ...]:
    """asyncio's own future classes, of C and of Python: the bases of those whose fields we may read."""
    from asyncio import futures

    return tuple(cls for cls in (getattr(futures, name, None) for name in ("_CFuture", "_PyFuture")) if isinstance(cls, type))


def c_future_type() -> Any:
    """The future class of C; a class of nothing where there is none."""
    from asyncio import futures

    return getattr(futures, "_CFuture", type(None))


def make_cancelled(session: Session) -> Any:
    """A function that records that a task is being cancelled: its wake-up by a cancelled future was put into the ready queue.

    Where that future is a task, the cancellation was asked for further down; so whoever waits for the task that is woken, and has been
    asked to end too (3.11 and later), was cancelled by the same call.
    """
    from asyncio import runners, tasks

    on_sigint: Any = getattr(getattr(runners, "Runner", None), "_on_sigint", None)  # 3.11 and later
    on_sigint_code = getattr(on_sigint, "__code__", None)
    strings = session.strings
    facts = session.facts
    any_tasks: Any = tasks
    current_task = any_tasks.current_task
    site_number = places.make_site_number(session.strings)
    cancelling: Any = getattr(facts.c_task, "cancelling", None)
    task_of = run.make_task_of(facts)
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def is_asked(task: Any) -> bool:
        return cancelling is not None and isinstance(task, facts.c_task) and cancelling(task) > 0

    def cancelled(recorder: Recorder, task: Any, future: Any, depth: int) -> None:
        if task is None:
            return
        is_task = isinstance(future, (facts.c_task, facts.python_task))
        if is_task and is_asked(task):
            return  # Told of when the future was cancelled.
        by = current_task(recorder.loop())
        by_address = 0 if by is None else id(by)
        site = 0 if is_task else site_number(get_frame(depth))
        above: FrameType | None = get_frame(depth)
        while above is not None and above.f_code.co_filename.startswith(places.ASYNCIO_FOLDER):
            if above.f_code is on_sigint_code:
                # Ctrl+C: the frame below it was only interrupted, and the task that runs it cancels nothing.
                by_address = 0
                site = strings.number(f"{above.f_code.co_filename}\t{above.f_lineno or 0}\tRunner._on_sigint")
                break
            above = above.f_back
        for _ in range(MOST_CANCELLED):
            recorder.buffer.extend((6, id(task), by_address, site))
            waiting = (task_of(callback, (task,)) for callback, _ in task._callbacks or ())
            asked = [waiter for waiter in waiting if waiter is not None and is_asked(waiter)]
            if is_task or len(asked) != 1:
                return
            task = asked[0]

    return cancelled


MOST_CANCELLED = 100
"""So many tasks that wait for one another in a row are told of when the innermost is cancelled."""


def make_is_first_step() -> Callable[[Any, Any], bool]:
    """A function that says whether a step is a task's first, for coroutines that are no plain coroutine objects."""
    seen: weakref.WeakSet[Any] = weakref.WeakSet()

    def is_first_step(task: Any, coroutine: Any) -> bool:
        suspended = getattr(coroutine, "gi_suspended", None)
        if suspended is not None:
            return not suspended
        if task in seen:
            return False
        seen.add(task)
        return True

    return is_first_step


def make_call_soon_threadsafe(session: Session, facts: Facts, recorder_of: Callable[[Any], Recorder]) -> Any:
    """`call_soon_threadsafe`. Its handle is plain up to 3.13 and guarded by a lock from 3.14 on."""
    import asyncio.events

    events: Any = asyncio.events
    guarded = hasattr(events, "_ThreadSafeHandle")
    text_number = places.make_callback_number(session.strings)
    note = sources.make_note(facts)
    thread_name = sources.thread_name
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def call_soon_threadsafe(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        self._check_closed()  # = self._check_closed()
        if self._debug:
            self._check_callback(callback, "call_soon_threadsafe")  # = self._check_callback(callback, 'call_soon_threadsafe')
        if guarded:
            handle = events._ThreadSafeHandle(callback, args, self, context)  # = events._ThreadSafeHandle(callback, args, self, context)
            self._ready.append(handle)
            if handle._source_traceback:
                del handle._source_traceback[-1]
        else:
            handle = self._call_soon(callback, args, context)  # = handle = self._call_soon(callback, args, context)
        if handle._source_traceback:
            del handle._source_traceback[-1]
        try:
            recorder = self._loopscope
        except AttributeError:
            recorder = recorder_of(self)
        if recorder.listing:
            recorder.buffer.extend((10, -text_number(callback), 0, 0))
            if recorder.notes_sources:
                note(recorder.sources, handle, "scheduled", self, get_frame(1), thread_name())
        self._write_to_self()  # = self._write_to_self()
        return handle

    return call_soon_threadsafe


def make_call_at(session: Session, facts: Facts, recorder_of: Callable[[Any], Recorder]) -> Any:
    """`call_at`, which `call_later` calls too."""
    plain = facts.timer_handle
    new: Any = plain.__new__
    text_number = places.make_callback_number(session.strings)
    site_number = places.make_site_number(session.strings)
    copy_context = contextvars.copy_context
    heappush = heapq.heappush
    forbids_none = sys.version_info >= (3, 11)
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    wakes_creator = places.is_asyncio_function
    note = sources.make_note(facts)
    to_float = as_float

    def call_at(self: Any, when: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        if when is None and forbids_none:
            raise TypeError("when cannot be None")  # = raise TypeError("when cannot be None")
        if self._closed:
            self._check_closed()  # = self._check_closed()
        if self._debug:
            self._check_thread()  # = self._check_thread()
            self._check_callback(callback, "call_at")  # = self._check_callback(callback, 'call_at')
        if self._debug or when is None:
            timer = plain(when, callback, args, self, context)  # = timer = events.TimerHandle(when, callback, args, self, context)
            if timer._source_traceback:
                del timer._source_traceback[-1]
        else:
            timer = new(plain)
            timer._context = copy_context() if context is None else context
            timer._loop = self
            timer._callback = callback
            timer._args = args
            timer._cancelled = False
            timer._repr = None
            timer._source_traceback = None
            timer._when = when
        heappush(self._scheduled, timer)  # = heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        try:
            recorder = self._loopscope
        except AttributeError:
            recorder = recorder_of(self)
        if recorder.listing:
            subject = recorder.task if wakes_creator(callback) and recorder.task else -text_number(callback)
            due = when if type(when) is float else to_float(when)
            recorder.buffer.extend((7, id(timer), due, subject, site_number(get_frame(1))))
            if recorder.notes_sources:
                note(recorder.sources, timer, "its timer set", self, get_frame(1), "")
        else:
            recorder.timers_set += 1
        return timer

    return call_at


def make_timer_handle_cancelled(recorder_of: Callable[[Any], Recorder]) -> Any:
    """`_timer_handle_cancelled`, which `TimerHandle.cancel` calls."""

    def _timer_handle_cancelled(self: Any, handle: Any) -> None:
        if handle._scheduled:
            self._timer_cancelled_count += 1
            try:
                recorder = self._loopscope
            except AttributeError:
                recorder = recorder_of(self)
            if recorder.listing:
                recorder.buffer.extend((9, id(handle)))
            else:
                recorder.timers_cancelled += 1

    return _timer_handle_cancelled


def as_float(value: Any) -> float:
    """A due time as the wire takes it: that of an int; 0 for whatever else the program uses as a number."""
    return float(value) if type(value) is int else 0.0
