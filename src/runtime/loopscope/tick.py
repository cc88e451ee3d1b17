"""One tick: what stands in for `BaseEventLoop._run_once` while somebody listens.

Does what the original does (CPython, Lib/asyncio/base_events.py, 3.9 to 3.15: prune cancelled timers, select, move due timers, run what
was ready), and records the tick. Faster than the original where a loop does not sleep, which pays for the recording: the epoll object
is asked directly and what it returns is put into the ready queue without what `EpollSelector.select` and `_process_events` make of it in
between, and the handles are run by one call of run.py instead of one each. Handles that are not plain ones, and all handles
in asyncio's debug mode, run as they always did.
"""

from __future__ import annotations

import heapq
import math
import select
import selectors
import socket
import sys
import time

from . import clocks
from . import run as run_module
from .marker import MARKER, take_marker
from .own import Own
from .recorder import FOREVER, HEADER_NUMBERS, MAX_BUFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .facts import Facts
    from .recorder import Recorder
    from .session import Session

QUICK_SECONDS = 0.000_05
"""A sleep that took no longer was none: what it waited for was there."""

COUNTED_TICKS_SECONDS = 0.001
"""While handles are counted: time between two ticks that are listed."""


def make_run_once(session: Session, facts: Facts, attend: Callable[[Any], Recorder], leave: Callable[[Recorder, Any], None]) -> Any:
    """The function. `attend(loop)` gives the loop's recorder and does what it asked attention for; `leave` is told that the loop stops."""
    from asyncio import base_events

    clock = clocks.monotonic
    time_module = time
    ulp: Any = math.ulp if sys.version_info >= (3, 15) else None
    # A function that stands in for another has that one's globals: what it uses of ours it must have as its own.
    own = Own(
        attend=attend,
        leave=leave,
        base=base_events,
        heappop=heapq.heappop,
        prune_timers=prune,
        keys_of_events=keys_of_epoll,
        without_our_wake=without_our_wake,
        without_marker=take_marker,
        marker=MARKER,
        start=run_module.make_start(session, facts),
        finish=run_module.make_finish(session),
        forever=FOREVER,
        quick_seconds=QUICK_SECONDS,
        counted_ticks_seconds=COUNTED_TICKS_SECONDS,
        max_buffer=MAX_BUFFER,
        header_numbers=HEADER_NUMBERS,
        ulp=ulp,
    )

    def _run_once(self: Any) -> None:
        handle = task = None
        try:
            recorder = self._loopscope
            if recorder.attention or (time_module.monotonic is not clock and not recorder.own_clock):
                recorder = own.attend(self)
        except AttributeError:
            recorder = own.attend(self)
        try:
            scheduled = self._scheduled
            if scheduled:
                count = len(scheduled)
                if (
                    count > own.base._MIN_SCHEDULED_TIMER_HANDLES
                    and self._timer_cancelled_count / count > own.base._MIN_CANCELLED_TIMER_HANDLES_FRACTION
                ):
                    scheduled = own.prune_timers(self)
                else:
                    while scheduled and scheduled[0]._cancelled:
                        self._timer_cancelled_count -= 1
                        handle = own.heappop(scheduled)
                        handle._scheduled = False

            ready = self._ready
            before = 0.0
            selector, poll, fd_map = recorder.epoll
            event_list = fd_events = None
            if ready or self._stopping:
                if self._selector is selector:
                    fd_events = poll(0, len(fd_map) or 1)
                    if fd_events and recorder.woken:
                        event_list = own.without_our_wake(recorder, self, own.keys_of_events(fd_map, fd_events))
                        self._process_events(event_list)  # = self._process_events(event_list)
                        fd_events = None
                    now = clock()
                else:
                    event_list = self._selector.select(0)  # = event_list = self._selector.select(timeout)
                    if event_list and recorder.woken:
                        event_list = own.without_our_wake(recorder, self, event_list)
                    self._process_events(event_list)  # = self._process_events(event_list)
                    now = self.time()
            else:
                handle = None
                before = now = clock()
                if recorder.listing:
                    recorder.buffer.extend((12, self.time() if recorder.own_clock else before))
                if recorder.quick and self._selector is selector and recorder.stride and not recorder.queries and not recorder.stop_due:
                    fd_events = poll(0, len(fd_map) or 1)
                    if recorder.woken:
                        fd_events = None  # They are still there: epoll tells of them again.
                while not fd_events:
                    until = own.forever
                    timeout = None
                    if scheduled:
                        until = scheduled[0]._when
                        timeout = until - (self.time() if recorder.own_clock else now)
                        if timeout > own.base.MAXIMUM_SELECT_TIMEOUT:
                            timeout = own.base.MAXIMUM_SELECT_TIMEOUT
                        elif timeout < 0:
                            timeout = 0
                    wait = timeout
                    if recorder.handles or len(recorder.buffer) > own.header_numbers:
                        if (clock() if recorder.own_clock else now) >= recorder.due or not recorder.splits_sleep:
                            recorder.flush(until)
                        elif timeout is None or timeout > recorder.due - now:
                            wait = recorder.due - now
                    recorder.sleeping = True
                    if not recorder.stride and recorder.stepper.wants_stop(self):
                        wait = 0
                    if recorder.queries or recorder.stop_due:
                        wait = 0
                    event_list = self._selector.select(wait)  # = event_list = self._selector.select(timeout)
                    recorder.sleeping = False
                    if event_list:
                        if recorder.woken:
                            event_list = own.without_our_wake(recorder, self, event_list)
                        if event_list:
                            break
                    elif wait is timeout:
                        break
                    if recorder.marked:
                        own.without_marker(recorder, ready)
                    if ready:
                        break
                    if recorder.queries:
                        recorder.serve(self)
                    if not recorder.stride and not ready:
                        recorder.stepper.before_sleep(self)
                    if ready:  # A person has put something there meanwhile.
                        break
                    now = clock()
                if fd_events:
                    now = clock()
                else:
                    self._process_events(event_list)  # = self._process_events(event_list)
                    now = self.time() if recorder.own_clock else clock()
                    recorder.quick = now - before < own.quick_seconds
            event_list = None
            if fd_events:
                # As `EpollSelector.select` and `_process_events`: EPOLLIN is 1, EPOLLOUT 4, EVENT_READ 1, EVENT_WRITE 2.
                fd = event = 0
                try:
                    for fd, event in fd_events:
                        key = fd_map.get(fd)
                        if key:
                            fileobj, fd, wanted, (reader, writer) = key
                            if reader is not None and event & ~4 and wanted & 1:
                                if reader._cancelled:
                                    self._remove_reader(fileobj)  # = self._process_events(event_list)
                                else:
                                    ready.append(reader)
                            if writer is not None and event & ~1 and wanted & 2:
                                if writer._cancelled:
                                    self._remove_writer(fileobj)  # = self._process_events(event_list)
                                else:
                                    ready.append(writer)
                except (TypeError, ValueError):  # A key of somebody else's: asyncio itself is to say so.
                    event_list = own.keys_of_events(fd_map, fd_events[fd_events.index((fd, event)) :])
                    self._process_events(event_list)  # = self._process_events(event_list)
                event_list = fd_events = key = fileobj = reader = writer = None

            if scheduled:
                if own.ulp is not None:
                    end_time = now + max(self._clock_resolution, own.ulp(now))
                else:
                    end_time = now + self._clock_resolution
                while scheduled:
                    handle = scheduled[0]
                    if handle._when >= end_time:
                        break
                    handle = own.heappop(scheduled)
                    handle._scheduled = False
                    ready.append(handle)
                    if recorder.listing:
                        recorder.buffer.extend((8, id(handle)))
                    else:
                        recorder.timers_fired += 1
                handle = None

            ntodo = len(ready)
            if recorder.marked:
                own.without_marker(recorder, ready)
                ntodo = len(ready)
                if not ntodo and not self._stopping:
                    return  # There was nothing but the marker: no tick.
            recorder.tick += 1
            recorder.began = now
            if now >= recorder.mark:
                if before:
                    before = (clock() if recorder.own_clock else now) - before
                recorder.buffer.extend((1, recorder.tick, now, before, ntodo))
                if not recorder.listing and not recorder.own_clock:
                    recorder.mark = now + own.counted_ticks_seconds
                if recorder.own_clock or now >= recorder.due or len(recorder.buffer) + 5 * ntodo > recorder.limit:
                    recorder.consider_flush(ntodo)

            if self._debug:
                while ntodo:
                    if not recorder.stride:
                        ntodo = recorder.stepper.before_handle(self, ntodo)
                        if not ntodo:
                            break
                    handle = ready.popleft()
                    if handle is own.marker:
                        recorder.marked = False
                        if recorder.queries:
                            recorder.serve(self)
                        continue
                    ntodo -= 1
                    if handle._cancelled:
                        continue
                    task = own.start(recorder, handle)
                    try:
                        self._current_handle = handle
                        t0 = self.time()
                        handle._run()  # = handle._run()
                        dt = self.time() - t0
                        if dt >= self.slow_callback_duration:
                            text = own.base._format_handle(handle)
                            own.base.logger.warning("Executing %s took %.3f seconds", text, dt)  # = logger.warning('Executing
                    finally:
                        self._current_handle = None
                    recorder.handle = None
                    if task is not None:
                        own.finish(recorder, task)
                        task = None
                    if not recorder.stride:
                        handle = None
                        recorder.stepper.after_handle(self)
            else:
                if ntodo == 1 and recorder.run_one is not None and recorder.stride:
                    ntodo = recorder.run_one(recorder, ready)  # = handle._run() (last)
                while ntodo:
                    stride = recorder.stride
                    if ntodo <= stride:
                        ntodo = undone = recorder.run(recorder, ready, ntodo)  # = handle._run() (last)
                    elif stride:
                        undone = recorder.run(recorder, ready, stride)  # = handle._run() (last)
                        ntodo -= stride - undone
                        if len(recorder.buffer) > own.max_buffer:
                            recorder.flush()
                    else:
                        ntodo = recorder.stepper.before_handle(self, ntodo)
                        if not ntodo:
                            break
                        undone = recorder.run(recorder, ready, 1)  # = handle._run() (last)
                        if not undone:
                            ntodo -= 1
                            recorder.stepper.after_handle(self)
                    if undone:
                        handle = ready.popleft()
                        if handle is own.marker:
                            recorder.marked = False
                            handle = None
                            if recorder.queries:
                                recorder.serve(self)
                            continue
                        ntodo -= 1
                        if not handle._cancelled:
                            task = own.start(recorder, handle)
                            handle._run()  # = handle._run() (last)
                            recorder.handle = None
                            if task is not None:
                                own.finish(recorder, task)
                                task = None
                        handle = None
                        if not stride:
                            recorder.stepper.after_handle(self)
            handle = None
            if self._stopping:
                own.leave(recorder, self)
        except BaseException:
            handle = task = None
            own.leave(recorder, self)
            raise

    return _run_once


def prune(loop: Any) -> list[Any]:
    """Removes cancelled timers from the heap where they are too many; the new heap."""
    kept: list[Any] = []
    for handle in loop._scheduled:
        if handle._cancelled:
            handle._scheduled = False
        else:
            kept.append(handle)
    heapq.heapify(kept)
    loop._scheduled = kept
    loop._timer_cancelled_count = 0
    return kept


def keys_of_epoll(fd_map: dict[int, Any], fd_events: list[tuple[int, int]]) -> list[Any]:
    """What `EpollSelector.select` makes of what epoll returned (CPython, Lib/selectors.py)."""
    result: list[Any] = []
    for fd, event in fd_events:
        key = fd_map.get(fd)
        if key:
            events = 0
            if event & ~_EPOLLIN:
                events |= selectors.EVENT_WRITE
            if event & ~_EPOLLOUT:
                events |= selectors.EVENT_READ
            result.append((key, events & key.events))
    return result


_EPOLLIN: int = getattr(select, "EPOLLIN", 1)
_EPOLLOUT: int = getattr(select, "EPOLLOUT", 4)


def without_our_wake(recorder: Recorder, loop: Any, event_list: list[Any]) -> list[Any]:
    """The events without that of our bytes in the loop's self-pipe, which are taken out again, if nobody else has put one there."""
    ours = len(recorder.woken)
    try:
        for index, (key, _) in enumerate(event_list):
            if key.fd == loop._ssock.fileno():
                found = loop._ssock.recv(ours + 1, socket.MSG_PEEK)
                if len(found) <= ours and not found.strip(b"\0"):
                    loop._ssock.recv(len(found))
                    del recorder.woken[: len(found)]
                    return event_list[:index] + event_list[index + 1 :]
                break
    except (AttributeError, TypeError, ValueError, OSError):
        pass
    recorder.woken.clear()
    return event_list
