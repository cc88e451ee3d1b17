"""A loop's life: created, set current, runs, stop requested, stopped, closed, collected, each with the user's line that caused it.

Gives loops their recorders, and finds out how each can be watched.
"""

from __future__ import annotations

import _thread
import itertools
import selectors
import sys
import threading
import weakref

from . import clocks, fallback, places
from .clocks import monotonic
from .marker import take_marker
from .recorder import Recorder
from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .facts import Facts
    from .session import Session

SENT_ALIKE = 5
"""So many transitions that are alike in all but time are sent one by one; after that they are counted, and sent with the next batch."""


HIDDEN_BY_UVLOOP = (
    "uvloop hides its ready queue, its ticks, its selector and the timers that it sets itself; run on asyncio's own loop to see them."
)


class Loops:
    """The recorders of this process's loops."""

    def __init__(self, session: Session, facts: Facts) -> None:
        self._session = session
        self._facts = facts
        self._recorders: dict[int, Recorder] = {}
        self.watched: tuple[Any, ...] = (facts.loop,)
        self._numbers = itertools.count(1)
        self.on_run: Callable[[Recorder, Any], None] | None = None
        self.on_created: Callable[[Recorder, Any], None] | None = None
        self.on_close: Callable[[Recorder, Any], None] | None = None
        """Called in the thread that has made the loop, or is about to close it."""
        self.run_once: Any = None
        """The replaced `_run_once`; None where it was not replaced."""
        self.not_replaced = ""
        """Why not, for all loops."""

    def all(self) -> list[Recorder]:
        """The recorders of all loops that are not collected."""
        return list(self._recorders.values())

    def by_number(self, number: object) -> Recorder | None:
        """The recorder of a loop that is not collected."""
        return self._recorders.get(number) if isinstance(number, int) else None

    def recorder_of(self, loop: Any) -> Recorder:
        """A loop's recorder; one that has none is told of as created, where is not known."""
        recorder = getattr(loop, "_loopscope", None)
        if type(recorder) is Recorder and recorder.session is self._session:
            return recorder
        recorder = self._adopt(loop)
        self._tell(recorder, "created", "", None)
        return recorder

    def recorder_if_watched(self, loop: Any) -> Recorder | None:
        """The recorder of a task's loop; None where that is no loop that we know how to watch (a mock, another library's)."""
        return self.recorder_of(loop) if isinstance(loop, self.watched) else None

    def _adopt(self, loop: Any) -> Recorder:
        number = next(self._numbers)  # In one operation: loops are made in several threads at once.
        recorder = Recorder(self._session, loop, number)
        recorder.loop = weakref.ref(loop, lambda _: self._collected(number))
        recorder.set_listing(True)
        self._recorders[number] = recorder
        recorder.class_name = type(loop).__module__ + "." + type(loop).__qualname__
        loop._loopscope = recorder
        self.choose_hook(recorder, loop)
        return recorder

    def choose_hook(self, recorder: Recorder, loop: Any) -> None:
        """Uses the hook on `Handle._run` for a loop that never calls the replaced `_run_once`: from now on, if that has changed."""
        if recorder.hook != "replaced":
            return
        if not isinstance(loop, self._facts.loop):
            recorder.hook = "calls"
            recorder.hides = HIDDEN_BY_UVLOOP
            return
        reason = self.not_replaced or fallback.overrides(loop, self.run_once)
        if reason:
            recorder.hook = "handle"
            recorder.hides = fallback.sentence(reason)
            recorder.set_listing(True)
            recorder.running = False
            recorder.attention = True
            self._session.watch_handles()

    def was_created(self, loop: Any, frame: FrameType | None) -> None:
        """Tells of a new loop. Never raises."""
        try:
            if type(getattr(loop, "_loopscope", None)) is not Recorder:
                self._session.reader.read_early()
                recorder = self._adopt(loop)
                self.transition(recorder, "created", frame)
                self.call(self.on_created, recorder, loop)
        except Exception as error:
            self._session.fail(error)

    def call(self, hook: Callable[[Recorder, Any], None] | None, recorder: Recorder, loop: Any) -> None:
        """Calls one of the hooks, if it is set. Raises nothing of ours."""
        if hook is not None:
            try:
                hook(recorder, loop)
            except Exception as error:
                self._session.fail(error)

    def transition(self, recorder: Recorder, what: str, frame: FrameType | None, pending: int | None = None) -> None:
        """Tells of a step in a loop's life that the user's code outside that frame caused. Never raises."""
        try:
            call, user = places.user_call(frame)
            key = (what, call, 0 if user is None else id(user.f_code), 0 if user is None else user.f_lasti)
            if what in ("runs", "stopped"):
                times, since = recorder.transitions.get(key, (0, None))
                if times >= SENT_ALIKE:
                    recorder.transitions[key] = (times + 1, since or self._message(recorder, what, call, places.site_of(user)))
                    return
                recorder.transitions[key] = (times + 1, None)
            self._tell(recorder, what, call, places.site_of(user), pending)
        except Exception as error:
            self._session.fail(error)

    def send_counted(self, recorder: Recorder) -> None:
        """Sends the transitions that were only counted."""
        for key, (times, message) in list(recorder.transitions.items()):
            if message is not None:
                recorder.transitions[key] = (SENT_ALIKE, None)
                self._session.link.send_message({**message, "times": times - SENT_ALIKE})

    def _tell(self, recorder: Recorder, what: str, call: str, site: dict[str, Any] | None, pending: int | None = None) -> None:
        message = self._message(recorder, what, call, site)
        if pending is not None:
            message["pending"] = pending
        self._session.link.send_message(message)

    def _message(self, recorder: Recorder, what: str, call: str, site: dict[str, Any] | None) -> dict[str, Any]:
        loop = recorder.loop()
        ident = _thread.get_ident()
        thread: Any = getattr(threading, "_active", {}).get(ident)
        return {
            "type": "loop",
            "loop": recorder.number,
            "what": what,
            "time": float(loop.time()) if recorder.own_clock and loop is not None else monotonic(),
            "wall": clocks.time_of_day(),
            "class": recorder.class_name,
            "thread": thread.name if thread is not None else "thread " + str(ident),
            "threadId": ident,
            "debug": bool(getattr(loop, "_debug", False)),
            "site": site,
            "call": call,
            "hook": recorder.hook,
            "hides": recorder.hides,
        }

    def _collected(self, number: int) -> None:
        recorder = self._recorders.pop(number, None)
        if recorder is not None and self._session.active:
            try:
                recorder.flush()
                self._tell(recorder, "collected", "", None)
            except Exception as error:
                self._session.fail(error)

    def examine(self, recorder: Recorder, loop: Any) -> None:
        """Finds out what of a loop is stock, and so may be done in our own way: its clock, its selector, its handles."""
        facts = self._facts
        # Not `vars(loop)`: to make an object's dictionary makes its attributes slower, up to 3.12.
        recorder.own_clock = clocks.is_replaced() or getattr(loop.time, "__func__", None) is not facts.loop.time
        selector: Any = getattr(loop, "_selector", None)
        recorder.leave_epoll()
        recorder.splits_sleep = False
        if not recorder.own_clock and selector is not None and "select" not in getattr(selector, "__dict__", ()):
            kind: Any = type_of(selector)
            recorder.splits_sleep = kind.__module__ in ("selectors", "asyncio.windows_events") and kind.__name__ in _KNOWN_SELECTORS
            epoll = getattr(selectors, "EpollSelector", None)
            if kind is epoll and kind.select is facts.epoll_select and facts.processes_events(loop):
                poll = getattr(getattr(selector, "_selector", None), "poll", None)
                fd_map = getattr(selector, "_fd_to_key", None)
                if poll is not None and type(fd_map) is dict:
                    recorder.epoll = (selector, poll, fd_map)
        recorder.set_listing(recorder.listing)

    def attend(self, loop: Any) -> Recorder:
        """At a tick's start, when something asks for attention: the loop has begun to run, or there are queries."""
        recorder = self.recorder_of(loop)
        recorder.attention = False
        try:
            if not recorder.running:
                recorder.running = True
                recorder.thread = _thread.get_ident()
                self.examine(recorder, loop)
                self.transition(recorder, "runs", sys._getframe(1))  # pyright: ignore[reportPrivateUsage]
                self._session.reader.start()
                self.call(self.on_run, recorder, loop)
            elif clocks.is_replaced() and not recorder.own_clock:
                self.examine(recorder, loop)
            if recorder.marked:
                take_marker(recorder, loop._ready)
            if recorder.queries:
                recorder.serve(loop)
        except Exception as error:
            self._session.fail(error)
        return recorder

    def leave(self, recorder: Recorder, loop: Any) -> None:
        """At a tick's end: the loop stops. Never raises."""
        try:
            recorder.running = False
            recorder.handle = None
            recorder.attention = True
            if recorder.stepper is not None:
                recorder.stepper.leaves(loop)
            now = monotonic()
            if recorder.listing:
                recorder.buffer.extend((12, float(loop.time()) if recorder.own_clock else now))
            self.transition(recorder, "stopped", None)
            if now >= recorder.due:
                recorder.flush()
            else:
                self._session.reader.flush_later(recorder.due)
        except Exception as error:
            self._session.fail(error)


_KNOWN_SELECTORS = ("EpollSelector", "KqueueSelector", "PollSelector", "SelectSelector", "DevpollSelector", "IocpProactor")


def make_init(loops: Loops, stock: Any) -> Any:
    """`BaseEventLoop.__init__`."""
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        loops.was_created(self, get_frame(1))

    return __init__


def make_stop(loops: Loops, facts: Facts) -> Any:
    """`BaseEventLoop.stop`. The stop at the end of `run_until_complete` is part of that and not told of."""
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    end_of_run = facts.run_until_complete_callback

    def stop(self: Any) -> None:
        self._stopping = True
        frame = get_frame(1)
        if frame.f_code is not end_of_run:
            loops.transition(loops.recorder_of(self), "stopRequested", frame)
        frame = None

    return stop


def make_close(loops: Loops, session: Session, stock: Any) -> Any:
    """`BaseEventLoop.close`."""
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def close(self: Any) -> None:
        was_closed = self._closed
        if not was_closed:
            loops.call(loops.on_close, loops.recorder_of(self), self)
        stock(self)
        if self._closed and not was_closed:
            recorder = loops.recorder_of(self)
            recorder.flush()
            recorder.leave_epoll()
            loops.transition(recorder, "closed", get_frame(1), session.count_pending(self))

    return close


def make_set_event_loop(loops: Loops, facts: Facts, stock: Any) -> Any:
    """`set_event_loop` of the default policy."""
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]

    def set_event_loop(self: Any, loop: Any) -> None:
        stock(self, loop)
        if isinstance(loop, facts.loop):
            loops.transition(loops.recorder_of(loop), "setCurrent", get_frame(1))

    return set_event_loop
