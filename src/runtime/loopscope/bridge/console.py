"""`await` in the debug console, on the program's own loop, while its thread is held at a stop.

pydevd runs such an expression on a new loop in a new thread, where nothing of the program can be awaited. Here the loop of the held thread
is run on by a small loop of its own that does only what the expression needs: its task and the tasks that it makes, the callbacks and
timers that they set, and what asyncio itself does for sockets and futures. The other tasks stand still, unless the person wants them to
run; an expression that needs one of them ends with an error that names it. What was ready before stays where it was in the ready queue.
"""

from __future__ import annotations

import heapq
import signal
import weakref
from asyncio import events, exceptions, futures, tasks
from types import MethodType

from ..clocks import monotonic
from ..inspection.budget import Budget
from ..inspection.context import NULL_CONTEXT
from ..inspection.describe import description
from ..inspection.handles import work_of
from ..inspection.holders import Holders
from ..inspection.registry import find_tasks
from ..inspection.relations import awaited_by
from ..inspection.tasks import coroutine_name, coroutine_of, name_of
from ..inspection.waits.model import Asked
from ..places import ASYNCIO_FOLDER, OWN_FOLDER, is_asyncio_function
from ..run import make_finish, make_start, make_task_of
from . import pydevd
from .rows import current_task, running_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

    from ..session import Session

LOOK_SECONDS = 0.05
"""The longest sleep of the small loop: how late it sees that it is to stop."""

PATIENCE = 0.2
"""Seconds without anything to do after which it is looked whether the expression waits for a task that stands still."""

CANCEL_SECONDS = 2.0
"""How long an expression that is cancelled may take to clean up."""


class NeedsHeldTask(RuntimeError):
    """The awaited expression needs a task that stands still."""


class Console:
    """Runs what is awaited in the console, one expression at a time."""

    def __init__(self, session: Session, api: pydevd.Pydevd) -> None:
        self._session = session
        self.api = api
        self.start = make_start(session, session.facts)
        self.finish = make_finish(session)
        self.task_of = make_task_of(session.facts)
        task_type = session.facts.task
        self.is_plain_future: Callable[[Any], bool] = lambda future: not isinstance(future, task_type)
        self.with_others = False
        """Whether all tasks run while something is awaited."""
        self._run: Run | None = None

    def make_runner(self) -> Any:
        """What stands in for pydevd's `_EvalAwaitInNewEventLoop`."""
        stock: Any = pydevd.find("_pydevd_bundle.pydevd_vars")._EvalAwaitInNewEventLoop
        console = self

        def runner(py_db: Any, compiled: Any, updated_globals: Any, updated_locals: Any) -> Any:
            loop = running_loop()
            if loop is None:
                return stock(py_db, compiled, updated_globals, updated_locals)
            return Runner(console, loop, compiled, updated_globals, updated_locals)

        return runner

    def cancel(self) -> bool:
        """Cancels what is awaited now. From any thread. False: nothing is."""
        run = self._run
        if run is None:
            return False
        run.is_cancelled = True
        return True

    def run(self, loop: Any, coroutine: Any) -> Any:
        """Awaits a coroutine on the loop that this thread runs; its result. Raises its exception."""
        recorder = self._session.loops.recorder_of(loop)
        if recorder.hook == "calls" or not hasattr(loop, "_selector") or not hasattr(loop, "_ready"):
            coroutine.close()
            raise RuntimeError(
                "An await in the console needs asyncio's own loop: " + recorder.class_name + " cannot be run on while it is stopped."
            )
        if self._run is not None:
            coroutine.close()
            raise RuntimeError("Something is awaited already: cancel it, or wait for it.")
        stopped = current_task(loop)
        self._run = run = Run(self, recorder, loop, coroutine, stopped)
        clock = _RunningClock(self._session, recorder)
        interrupt = _Interrupt(run)
        _swap_current_task(loop, stopped, None)
        try:
            return run.until_done()
        finally:
            self._run = None
            interrupt.give_back()
            _swap_current_task(loop, None, stopped)
            clock.stop()


class Runner:
    """One expression, in the shape of pydevd's thread for it."""

    def __init__(self, console: Console, loop: Any, compiled: Any, updated_globals: Any, updated_locals: Any) -> None:
        self._console = console
        self._loop = loop
        self._code = compiled
        self._namespaces = updated_globals, updated_locals
        self.evaluated_value: Any = None
        self.exc: Any = None

    def start(self) -> None:
        """Runs it, in this thread."""
        tracing = self._console.api.pause_tracing()
        try:
            coroutine = eval(self._code, *self._namespaces)
            self.evaluated_value = self._console.run(self._loop, coroutine)
        except BaseException as error:
            traceback = _without_ours(error.__traceback__)
            if not isinstance(error, (Exception, KeyboardInterrupt)):  # pydevd lets those through, and answers nothing.
                error = RuntimeError(type(error).__name__ + ": the await was cancelled." if self._is_cancelled(error) else repr(error))
            self.exc = (type(error), error, traceback)
        finally:
            self._console.api.go_on_tracing(tracing)

    @staticmethod
    def _is_cancelled(error: BaseException) -> bool:
        return isinstance(error, exceptions.CancelledError)

    def join(self) -> None:
        """It is done already."""


class _Interrupt:
    """Ctrl+C cancels what is awaited, and only a second one is the program's: from 3.11 on `asyncio.run` would cancel its main task."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stock: Any = None
        try:
            stock: Any = signal.getsignal(signal.SIGINT)
            if stock is not None and stock is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, self._cancel)
                self._stock = stock
        except ValueError:  # Not in the main thread: no signal comes here.
            pass

    def _cancel(self, number: int, frame: Any) -> None:
        if self._run.is_cancelled and self._stock is not signal.SIG_DFL:
            self._stock(number, frame)
        self._run.is_cancelled = True

    def give_back(self) -> None:
        """What is awaited is over."""
        if self._stock is not None:
            signal.signal(signal.SIGINT, self._stock)


class _RunningClock:
    """The loop's clock runs while something is awaited, whoever holds it."""

    def __init__(self, session: Session, recorder: Any) -> None:
        stepping: Any = getattr(session, "stepping", None)
        self._clocks: Any = stepping.clocks if stepping is not None else None
        self._recorder = recorder
        self._held: tuple[str, ...] = ()
        clock = self._clocks.of(recorder) if self._clocks is not None else None
        if clock is not None and clock.frozen and self._clocks is not None:
            self._held = tuple(clock.holders)
            for who in self._held:
                self._clocks.release_one(who, recorder)

    def stop(self) -> None:
        """It stands still again, if it did."""
        loop = self._recorder.loop()
        if self._clocks is not None and loop is not None:
            for who in self._held:
                self._clocks.hold_one(who, self._recorder, loop)


class Run:
    """One expression that is awaited, and the small loop that runs for it."""

    def __init__(self, console: Console, recorder: Any, loop: Any, coroutine: Any, stopped: Any) -> None:
        self.is_cancelled = False
        self._console = console
        self._recorder = recorder
        self._loop = loop
        self._stopped = stopped
        self._others = console.with_others
        self._own: dict[int, Any] = {}
        self._held: dict[int, Any] = {}
        self._outer = self._left = len(loop._ready)
        self._timers = list(loop._scheduled)
        self._timer_ids = {id(timer) for timer in self._timers}
        # Not through the loop's task factory: it is the program's.
        self._task: Any = tasks.Task(coroutine, loop=loop, name="console")
        self._own[id(self._task)] = weakref.ref(self._task)

    def until_done(self) -> Any:
        """Runs the loop until the expression is done; its result. Raises its exception, or an error that says what it needs."""
        task = self._task
        idle_since = 0.0
        cancelled_at = 0.0
        while not task.done():
            if self.is_cancelled and not cancelled_at:
                cancelled_at = monotonic()
                waiting, _ = self._needs_held()
                if waiting is None or not self._interrupt(waiting, None):
                    task.cancel()
            if cancelled_at and monotonic() > cancelled_at + CANCEL_SECONDS:
                raise RuntimeError("The await was cancelled, but does not end; its task stays: " + name_of(task) + ".")
            if self._turn():
                idle_since = 0.0
                continue
            now = monotonic()
            idle_since = idle_since or now
            if not cancelled_at and now > idle_since + PATIENCE:
                waiting, text = self._needs_held()
                if waiting is not None:
                    self._interrupt(waiting, NeedsHeldTask(text))
                idle_since = 0.0
        return task.result()

    def _interrupt(self, task: Any, error: Exception | None) -> bool:
        """Has a task of ours that waits for one that stands still go on with an error, or cancelled (None), as if what it awaits had ended
        so. Not by `cancel`: that would cancel what it awaits, which is the program's."""
        waiter = task._fut_waiter
        for entry in list(getattr(waiter, "_callbacks", None) or ()):
            callback, context = entry if type(entry) is tuple else (entry, None)
            ended: futures.Future[Any] = futures.Future(loop=self._loop)
            if self._console.task_of(callback, (ended,)) is not task:
                continue
            waiter.remove_done_callback(callback)
            if self._console.is_plain_future(waiter):
                waiter.add_done_callback(_retrieve)  # Nobody will, and asyncio would say so on the program's stderr.
            if error is None:
                ended.cancel()
            else:
                ended.set_exception(error)
            self._loop.call_soon(callback, ended, context=context)
            return True
        return False

    def _turn(self) -> bool:
        """Runs one handle, or waits for something to come. False: nothing came."""
        ran_all = self._left > 0
        if ran_all:
            self._left -= 1
            handle = self._take()
            if handle is not None:
                self._run(handle)
                return True
        loop = self._loop
        timer, due = self._next_timer()
        timeout = LOOK_SECONDS if ran_all else 0.0  # There may be more to run: a tick's end.
        if timer is not None:
            timeout = max(0.0, min(due - loop.time(), timeout))
        before = len(loop._ready)
        event_list = loop._selector.select(timeout)
        loop._process_events(event_list)
        self._left = len(loop._ready) + 1
        if timer is not None and due <= loop.time() + loop._clock_resolution:
            self._remove_timer(timer)
            self._run(timer)
            return True
        return not ran_all or len(loop._ready) > before

    def _take(self) -> Any:
        """The first handle of the ready queue that may run, taken out of it. In the place of one that the loop's tick has counted already
        comes one that is cancelled."""
        ready = self._loop._ready
        for index in range(len(ready)):
            handle = ready[index]
            if getattr(handle, "_callback", None) is None or handle._cancelled or not self._may_run(handle, index < self._outer):
                continue
            if index < self._outer:
                placeholder: Any = events.Handle(_nothing, (), self._loop)
                placeholder._cancelled = True
                ready[index] = placeholder
            else:
                del ready[index]
            return handle
        return None

    def _may_run(self, handle: Any, is_older: bool) -> bool:
        task = self._console.task_of(handle._callback, handle._args)
        if task is not None:
            if task is self._stopped:
                return False
            return self._others or self._is_own(task)
        if self._others or not is_older:
            return True
        # What was ready before the stop: asyncio's own work for futures and sockets may be what is waited for; the program's is not run.
        name = getattr(handle._callback, "__name__", "")
        return is_asyncio_function(handle._callback) and name != "_run_until_complete_cb"

    def _is_own(self, task: Any) -> bool:
        reference = self._own.get(id(task))
        return reference is not None and reference() is task

    def _run(self, handle: Any) -> None:
        """Runs a handle, records it, and notes which tasks it has made."""
        ready = self._loop._ready
        count = len(ready)
        task = self._console.task_of(handle._callback, handle._args)
        is_own = task is None or self._is_own(task)
        recorded = self._console.start(self._recorder, handle)
        handle._run()
        if recorded is not None:
            self._console.finish(self._recorder, recorded)
        for index in range(count, len(ready)):
            new = ready[index]
            callback = getattr(new, "_callback", None)
            made = self._console.task_of(callback, new._args) if callback is not None else None
            if made is not None and id(made) not in self._own and id(made) not in self._held:
                is_new = coroutine_of(made) is not None and _is_unstarted(coroutine_of(made))
                where = self._own if is_new and is_own and task is not None else self._held
                where[id(made)] = weakref.ref(made)

    def _next_timer(self) -> tuple[Any, float]:
        """The timer that is due next of those that may fire."""
        found: Any = None
        for timer in self._may_fire():
            if found is None or timer._when < found._when:
                found = timer
        return found, (found._when if found is not None else 0.0)

    def _may_fire(self) -> Iterator[Any]:
        budget = Budget()
        for timer in self._loop._scheduled:
            if timer._cancelled:
                continue
            if self._others or id(timer) not in self._timer_ids:
                yield timer
            elif not budget.spent():
                about = work_of(timer, budget).task
                if self._is_own(about) if about is not None else self._wakes_own(timer):
                    yield timer

    def _wakes_own(self, timer: Any) -> bool:
        """Whether a timer calls a method of a lock, an event or a queue of asyncio's for which a task of ours waits."""
        callback: Any = timer._callback
        if type(callback) is not MethodType or not is_asyncio_function(callback):
            return False
        mine = [task._fut_waiter for task in (reference() for reference in self._own.values()) if task is not None]
        queues: list[Any] = [getattr(callback.__self__, name, None) for name in ("_waiters", "_getters", "_putters")]
        return any(future is waiter for queue in queues if queue for future in list(queue) for waiter in mine)

    def _remove_timer(self, timer: Any) -> None:
        scheduled = self._loop._scheduled
        for index in range(len(scheduled)):
            if scheduled[index] is timer:
                del scheduled[index]
                break
        heapq.heapify(scheduled)
        timer._scheduled = False

    def _needs_held(self) -> tuple[Any, str]:
        """Which of our tasks waits for one that stands still, and a sentence that names that one; None, '' if none is known to."""
        if self._others:
            return None, ""
        current = self._task
        seen: set[int] = set()
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            budget = Budget(0.02)
            asked = Asked(self._loop, budget, NULL_CONTEXT, Holders(self._loop, budget))
            waits: dict[str, Any] = description(asked, current)["waitsFor"] or {}
            address = waits.get("task", 0)
            following: Any = find_tasks(self._loop, [address]).get(address) if address else None
            if following is None:
                held = [task for task in awaited_by(current, budget) if not self._is_own(task)]
                following = held[0] if held else None
            if following is None:
                return None, ""
            if not self._is_own(following):
                why = "is stopped here" if following is self._stopped else "stands still while the program is stopped"
                label = name_of(following) + " · " + coroutine_name(coroutine_of(following))
                return current, "This await needs " + label + ", which " + why + ": " + str(waits.get("text", "")) + "."
            current = following
        return None, ""


def _without_ours(traceback: Any) -> Any:
    """The part of a traceback that begins with the person's expression."""
    ours = (OWN_FOLDER, ASYNCIO_FOLDER)
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(ours):
        traceback = traceback.tb_next
    return traceback


def _is_unstarted(coroutine: Any) -> bool:
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    return frame is not None and not getattr(coroutine, "cr_running", False) and getattr(coroutine, "cr_await", None) is None


def _retrieve(future: Any) -> None:
    if not future.cancelled():
        future.exception()


def _nothing() -> None:
    pass


def _swap_current_task(loop: Any, before: Any, after: Any) -> None:
    """The task that asyncio takes for the one that runs: another, or none, while the small loop runs."""
    if before is after:
        return
    functions: Any = tasks
    swap = getattr(functions, "_swap_current_task", None)
    if swap is not None:
        swap(loop, after)
        return
    if before is not None:
        functions._leave_task(loop, before)
    if after is not None:
        functions._enter_task(loop, after)
