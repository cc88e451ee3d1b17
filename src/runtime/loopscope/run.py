"""Runs the handles of a tick: what stands in for `Handle._run`, once for all handles instead of once for each.

Two variants. `counting` adds up how many handles ran and records only the ends of tasks; `listing` records each handle with its time.
Both do what `BaseEventLoop._run_once` and `Handle._run` do with a handle (CPython, Lib/asyncio/base_events.py and events.py, 3.9 to
3.15), and leave alone what is no plain handle: they put it back and return how many handles are left, for the caller to go on.
"""

from __future__ import annotations

from . import clocks, places, untyped, wire
from .own import Own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from typing import Any, Callable

    from .facts import Facts
    from .recorder import Recorder
    from .session import Session

    Run = Callable[[Recorder, deque[Any], int], int]
    RunOne = Callable[[Recorder, deque[Any]], int]
    """Both return how many are left."""


MOST_FEW = 64
"""Fewer handles are counted by a tuple: it is there already, and faster to go through than what has to be made."""


def make_report() -> Callable[[Any, BaseException], dict[str, Any]]:
    """A function that makes the context of a callback's exception for the loop's exception handler, with this Python's words."""
    from asyncio import format_helpers

    helpers: Any = format_helpers
    describe = helpers._format_callback_source
    takes_debug = "debug" in (describe.__kwdefaults__ or {})

    def report(handle: Any, error: BaseException) -> dict[str, Any]:
        if takes_debug:
            text = describe(handle._callback, handle._args, debug=handle._loop.get_debug())
        else:
            text = describe(handle._callback, handle._args)
        context = {"message": "Exception in callback " + text, "exception": error, "handle": handle}
        if handle._source_traceback:
            context["source_traceback"] = handle._source_traceback
        return context

    return report


def make_ended(session: Session) -> Callable[[Recorder, Any], None]:
    """A function that records the end of a task that is done."""
    number = session.strings.number

    def ended(recorder: Recorder, task: Any) -> None:
        error = task._exception
        if task._state == "CANCELLED":
            recorder.buffer.extend((3, id(task), 3, 0))
        elif error is None:
            recorder.buffer.append(id(task))
        else:
            recorder.buffer.extend((3, id(task), 2, number(type(error).__name__)))

    return ended


def make_task_of(facts: Facts) -> Callable[[Any, Any], Any]:
    """A function from a handle's callback and arguments to the task that it steps, or None."""
    step = facts.step
    type_of = untyped.type_of
    wakeup = facts.wakeup
    builtin = facts.builtin
    task_type = facts.task
    python_task = facts.python_task
    python_steps = ("_PyTask__step", "_PyTask__wakeup", "__step", "__wakeup")
    method: Any = type_of(facts.python_task.__init__.__get__(object()))

    def task_of(callback: Any, args: Any) -> Any:
        kind: Any = type_of(callback)
        if kind is step:
            return callback.__self__
        if kind is builtin or kind is wakeup:
            # `task.cancel` is such a built-in method too, and so is `future.set_result`.
            task = callback.__self__
            if args and isinstance(task, task_type) and (kind is wakeup or callback.__name__ == "task_wakeup"):
                return task
        elif kind is method:
            task = callback.__self__
            if isinstance(task, python_task) and callback.__func__.__name__ in python_steps:
                return task
        return None

    return task_of


def make_finish(session: Session) -> Callable[[Recorder, Any], None]:
    """A function that records, after a step, that its task waits, gave way or is done."""
    ended = make_ended(session)

    def finish(recorder: Recorder, task: Any) -> None:
        waiter = task._fut_waiter
        if waiter is not None:
            if recorder.begun_listing:
                recorder.buffer.extend((4, id(task), id(waiter)))
        elif task._state == "PENDING":
            if recorder.begun_listing:
                recorder.buffer.extend((4, id(task), 0))
        else:
            if not recorder.begun_listing:
                recorder.ended += 1
            recorder.live -= 1
            ended(recorder, task)

    return finish


def make_start(session: Session, facts: Facts) -> Callable[[Recorder, Any], Any]:
    """A function that records the start of a handle and returns the task that it steps, or None."""
    task_of = make_task_of(facts)
    callback_started = places.make_callback_event(session.strings, wire.SHORT_CALLBACK)
    step_started = wire.SHORT_STEP
    step = facts.step
    clock = clocks.monotonic

    def start(recorder: Recorder, handle: Any) -> Any:
        callback = handle._callback
        task = task_of(callback, handle._args)
        if task is None:
            recorder.task = 0
            subject = callback_started(callback)
        else:
            recorder.task = id(task)
            subject = recorder.task + step_started
        recorder.turn += 1
        recorder.handle = handle
        recorder.begun_listing = listing = recorder.listing
        if listing:
            recorder.listed += 1
            recorder.buffer.extend((float(handle._loop.time()) if recorder.own_clock else clock(), subject))
        else:
            recorder.handles += 1
            if task is None:
                recorder.other_handles += 1
            elif type(callback) is step:
                recorder.step_handles += 1
        return task

    return start


def make_counting(session: Session, facts: Facts) -> tuple[Run, RunOne]:
    """The variant that counts, and the same for a tick of one handle: most ticks of a program that is not crowded."""
    type_of = untyped.type_of
    plain = facts.handle
    plain_timer = facts.timer_handle
    step = facts.step
    waker = facts.waker
    task_type = facts.c_task
    is_done: Any = getattr(facts.c_task, "done", None)
    is_cancelled: Any = getattr(facts.c_task, "cancelled", None)
    nothing: Any = ()  # Of which there is one: to compare with it is faster than to ask a tuple whether it is empty.
    own = Own(
        report=make_report(),
        ended=make_ended(session),
        task_of=make_task_of(facts),
        few=[tuple(range(1, size + 1)) for size in range(MOST_FEW)],
        most_few=MOST_FEW,
    )

    def _run(recorder: Recorder, ready: deque[Any], ntodo: int) -> int:
        done = others = firsts = ends = 0
        popleft = ready.popleft
        handle = callback = args = task = future = None
        try:
            for done in own.few[ntodo] if ntodo < own.most_few else range(1, ntodo + 1):
                recorder.alike = None
                handle = popleft()
                if handle._cancelled:
                    others += 1
                    continue
                kind: Any = type_of(handle)
                if kind is not plain and kind is not plain_timer:
                    ready.appendleft(handle)
                    done -= 1
                    break
                recorder.handle = handle
                callback = handle._callback
                args = handle._args
                kind = type_of(callback)
                try:
                    if kind is step:
                        firsts += 1
                        handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                        task = callback.__self__
                        if is_done(task):
                            ends += 1
                            if task._exception is None and not is_cancelled(task):
                                recorder.buffer.append(id(task))
                            else:
                                own.ended(recorder, task)
                        task = None
                    elif kind is waker and args is not nothing:
                        try:
                            (future,) = args
                        except ValueError:
                            pass
                        else:
                            handle._context.run(callback, future)  # = self._context.run(self._callback, *self._args)
                            future = None
                            try:
                                if not is_done(callback.__self__):
                                    continue
                            except TypeError:  # Another built-in method. There are few, and to ask before costs each wake-up more.
                                others += 1
                                continue
                            ends += 1
                            task = callback.__self__
                            if task._exception is None and not is_cancelled(task):
                                recorder.buffer.append(id(task))
                            else:
                                own.ended(recorder, task)
                            task = None
                            continue
                        others += 1
                        handle._context.run(callback, *args)  # = self._context.run(self._callback, *self._args)
                    elif args is nothing:
                        others += 1
                        handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                    elif len(args) == 1:
                        others += 1
                        handle._context.run(callback, args[0])  # = self._context.run(self._callback, *self._args)
                    else:
                        others += 1
                        handle._context.run(callback, *args)  # = self._context.run(self._callback, *self._args)
                except (SystemExit, KeyboardInterrupt):
                    task = own.task_of(callback, args)
                    if task is None and kind is waker and len(args) == 1:  # It was taken for a wake-up.
                        others += 1
                    if task is not None and task._state != "PENDING":
                        ends += 1
                        own.ended(recorder, task)
                    raise
                except BaseException as error:
                    if kind is waker and len(args) == 1 and own.task_of(callback, args) is None:
                        others += 1
                    task = future = None
                    handle._loop.call_exception_handler(own.report(handle, error))  # = self._loop.call_exception_handler(context)
        finally:
            recorder.handle = handle = callback = args = task = future = None
            recorder.alike = None
            recorder.handles += done
            if others:
                recorder.other_handles += others
            if firsts:
                recorder.step_handles += firsts
            if ends:
                recorder.ended += ends
                recorder.live -= ends
        return ntodo - done

    def _run_one(recorder: Recorder, ready: deque[Any]) -> int:
        handle = ready.popleft()
        if handle._cancelled:
            return 0
        kind: Any = type_of(handle)
        if kind is not plain and kind is not plain_timer:
            ready.appendleft(handle)
            return 1
        recorder.handles += 1
        recorder.handle = handle
        callback = handle._callback
        args = handle._args
        kind = type_of(callback)
        try:
            if kind is step:
                recorder.step_handles += 1
                handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                if is_done(callback.__self__):
                    recorder.ended += 1
                    recorder.live -= 1
                    own.ended(recorder, callback.__self__)
            elif kind is waker and args is not nothing and isinstance(task := callback.__self__, task_type) and len(args) == 1:
                handle._context.run(callback, args[0])  # = self._context.run(self._callback, *self._args)
                if is_done(task):
                    recorder.ended += 1
                    recorder.live -= 1
                    own.ended(recorder, task)
            else:
                recorder.other_handles += 1
                if args is nothing:
                    handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                elif len(args) == 1:
                    handle._context.run(callback, args[0])  # = self._context.run(self._callback, *self._args)
                else:
                    handle._context.run(callback, *args)  # = self._context.run(self._callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            task = own.task_of(callback, args)
            if task is not None and task._state != "PENDING":
                recorder.ended += 1
                recorder.live -= 1
                own.ended(recorder, task)
            task = handle = callback = args = None
            raise
        except BaseException as error:
            handle._loop.call_exception_handler(own.report(handle, error))  # = self._loop.call_exception_handler(context)
            task = handle = callback = args = None
        finally:
            recorder.handle = recorder.alike = None
        return 0

    return _run, _run_one


def make_listing(session: Session, facts: Facts) -> Run:
    """The variant that records each handle: when it starts, what it is, and whether its task waits then, gave way, or is done."""
    type_of = untyped.type_of
    plain = facts.handle
    plain_timer = facts.timer_handle
    step = facts.step
    waker = facts.waker
    task_type = facts.c_task
    function = type(make_task_of)
    nothing: Any = ()
    own = Own(
        task_of=make_task_of(facts),
        report=make_report(),
        ended=make_ended(session),
        callback_started=places.make_callback_event(session.strings, wire.SHORT_CALLBACK),
        last=(None, 0),  # The code of the last function that was called, and the event of its start.
    )
    step_started = wire.SHORT_STEP
    waits = wire.SHORT_WAITS
    yields = wire.SHORT_STRINGS * wire.SHORT_KINDS + wire.SHORT_YIELDS
    clock = clocks.monotonic

    def _run(recorder: Recorder, ready: deque[Any], ntodo: int) -> int:
        popleft = ready.popleft
        left = ntodo
        handle = callback = args = task = waiter = None
        try:
            while left:
                recorder.alike = None
                handle = popleft()
                if handle._cancelled:
                    left -= 1
                    recorder.buffer.extend((11, 0))
                    continue
                kind: Any = type_of(handle)
                if (kind is not plain and kind is not plain_timer) or recorder.own_clock:
                    ready.appendleft(handle)
                    break
                left -= 1
                recorder.handle = handle
                callback = handle._callback
                args = handle._args
                kind = type_of(callback)
                if kind is step:
                    task = callback.__self__
                elif kind is function:
                    task = None
                elif kind is waker and args is not nothing and isinstance(task := callback.__self__, task_type) and len(args) == 1:
                    pass
                else:
                    task = own.task_of(callback, args)
                try:
                    if task is None:
                        recorder.task = 0
                        if kind is not function:
                            subject = own.callback_started(callback)
                        else:
                            last = own.last
                            if callback.__code__ is not last[0]:
                                own.last = last = (callback.__code__, own.callback_started(callback))
                            subject = last[1]
                        recorder.buffer.append(clock())
                        recorder.buffer.append(subject)
                        if args is nothing:
                            handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                        elif len(args) == 1:
                            handle._context.run(callback, args[0])  # = self._context.run(self._callback, *self._args)
                        else:
                            handle._context.run(callback, *args)  # = self._context.run(self._callback, *self._args)
                        continue
                    recorder.task = subject = id(task)
                    recorder.buffer.append(clock())
                    recorder.buffer.append(subject + step_started)
                    if args is nothing:
                        handle._context.run(callback)  # = self._context.run(self._callback, *self._args)
                    elif len(args) == 1:
                        handle._context.run(callback, args[0])  # = self._context.run(self._callback, *self._args)
                    else:
                        handle._context.run(callback, *args)  # = self._context.run(self._callback, *self._args)
                    waiter = task._fut_waiter
                    if recorder.task != subject:  # Ticks have run meanwhile within this handle: which one it is must be said.
                        if waiter is not None or task._state == "PENDING":
                            recorder.buffer.extend((4, subject, 0 if waiter is None else id(waiter)))
                        else:
                            recorder.live -= 1
                            own.ended(recorder, task)
                        waiter = None
                    elif waiter is not None:
                        recorder.buffer.append(id(waiter) + waits)
                        waiter = None
                    elif task._state == "PENDING":
                        recorder.buffer.append(yields)
                    else:
                        recorder.live -= 1
                        if task._exception is None and task._state == "FINISHED":
                            recorder.buffer.append(subject)
                        else:
                            own.ended(recorder, task)
                    task = None
                except (SystemExit, KeyboardInterrupt):
                    if task is not None and task._state != "PENDING":
                        recorder.live -= 1
                        own.ended(recorder, task)
                    raise
                except BaseException as error:
                    task = waiter = None
                    handle._loop.call_exception_handler(own.report(handle, error))  # = self._loop.call_exception_handler(context)
        finally:
            recorder.handle = handle = callback = args = task = waiter = None
            recorder.task = 0
            recorder.alike = None
            recorder.listed += ntodo - left
        return left

    return _run
