"""One tick: what stands in for `BaseEventLoop._run_once` while somebody listens.

Does what the original does (CPython, Lib/asyncio/base_events.py, 3.9 to 3.15: prune cancelled timers, select, move due timers, run what
was ready), and records the tick. Faster than the original where a loop does not sleep, which pays for the recording: the epoll object
is asked directly, and the handles are run by one call of run.py instead of one each. Handles that are not plain ones, and all handles
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
from .recorder import FOREVER, HEADER_NUMBERS, MAX_BUFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .facts import Facts
    from .recorder import Recorder
    from .session import Session

COUNTED_TICKS_SECONDS = 0.001
"""While handles are counted: time between two ticks that are listed."""

HANDLES_BETWEEN_CHECKS = 4096
"""Handles of one tick that are run before the buffer's size is looked at."""


def make_run_once(session: Session, facts: Facts, attend: Callable[[Any], Recorder], leave: Callable[[Recorder, Any], None]) -> Any:
    """The function. `attend(loop)` gives the loop's recorder and does what it asked attention for; `leave` is told that the loop stops."""
    from asyncio import base_events

    base: Any = base_events
    heappop = heapq.heappop
    clock = clocks.monotonic
    time_module = time
    start = run_module.make_start(session, facts)
    finish = run_module.make_finish(session)
    ulp: Any = math.ulp if sys.version_info >= (3, 15) else None
    strictly_later = sys.version_info >= (3, 15)

    # A function that stands in for another has that one's globals: what it uses of ours it must have as its own.
    forever = FOREVER
    counted_ticks_seconds = COUNTED_TICKS_SECONDS
    handles_between_checks = HANDLES_BETWEEN_CHECKS
    max_buffer = MAX_BUFFER
    header_numbers = HEADER_NUMBERS
    prune_timers = prune
    is_woken_by_us = is_our_wake
    keys_of_events = keys_of_epoll

    def _run_once(self: Any) -> None:
        handle = task = None
        try:
            recorder = self._loopscope
            if recorder.attention or (time_module.monotonic is not clock and not recorder.own_clock):
                recorder = attend(self)
        except AttributeError:
            recorder = attend(self)
        try:
            scheduled = self._scheduled
            if scheduled:
                count = len(scheduled)
                if (
                    count > base._MIN_SCHEDULED_TIMER_HANDLES
                    and self._timer_cancelled_count / count > base._MIN_CANCELLED_TIMER_HANDLES_FRACTION
                ):
                    scheduled = prune_timers(self)
                else:
                    while scheduled and scheduled[0]._cancelled:
                        self._timer_cancelled_count -= 1
                        handle = heappop(scheduled)
                        handle._scheduled = False

            ready = self._ready
            before = 0.0
            if ready or self._stopping:
                if self._selector is recorder.selector:
                    event_list = recorder.poll(0, len(recorder.fd_map) or 1)
                    if event_list:
                        event_list = keys_of_events(recorder.fd_map, event_list)
                        self._process_events(event_list)  # = self._process_events(event_list)
                    now = clock()
                else:
                    event_list = self._selector.select(0)  # = event_list = self._selector.select(timeout)
                    self._process_events(event_list)  # = self._process_events(event_list)
                    now = self.time()
            else:
                handle = None
                before = now = clock()
                if recorder.listing:
                    recorder.buffer.extend((12, self.time() if recorder.own_clock else before))
                while True:
                    until = forever
                    timeout = None
                    if scheduled:
                        until = scheduled[0]._when
                        timeout = until - self.time()
                        if timeout > base.MAXIMUM_SELECT_TIMEOUT:
                            timeout = base.MAXIMUM_SELECT_TIMEOUT
                        elif timeout < 0:
                            timeout = 0
                    wait = timeout
                    if recorder.handles or len(recorder.buffer) > header_numbers:
                        if now >= recorder.due or not recorder.splits_sleep:
                            recorder.flush(until)
                        elif timeout is None or timeout > recorder.due - now:
                            wait = recorder.due - now
                    recorder.sleeping = True
                    if recorder.queries:
                        wait = 0
                    event_list = self._selector.select(wait)  # = event_list = self._selector.select(timeout)
                    recorder.sleeping = False
                    if event_list:
                        if not recorder.woken or not is_woken_by_us(recorder, self, event_list):
                            break
                    elif wait is timeout or ready:
                        break
                    if recorder.queries:
                        recorder.serve(self)
                    now = clock()
                self._process_events(event_list)  # = self._process_events(event_list)
                now = self.time()
            event_list = None

            if scheduled:
                if strictly_later:
                    end_time = now + max(self._clock_resolution, ulp(now))
                else:
                    end_time = now + self._clock_resolution
                while scheduled:
                    handle = scheduled[0]
                    if handle._when >= end_time:
                        break
                    handle = heappop(scheduled)
                    handle._scheduled = False
                    ready.append(handle)
                    if recorder.listing:
                        recorder.buffer.extend((8, id(handle)))
                    else:
                        recorder.timers_fired += 1
                handle = None

            ntodo = len(ready)
            recorder.tick += 1
            if now >= recorder.mark or recorder.own_clock:
                if before:
                    before = (clock() if recorder.own_clock else now) - before
                recorder.buffer.extend((1, recorder.tick, now, before, ntodo))
                if not recorder.listing:
                    recorder.mark = now + counted_ticks_seconds
                if recorder.own_clock or now >= recorder.due or len(recorder.buffer) + 5 * ntodo > recorder.limit:
                    recorder.consider_flush(ntodo)

            if self._debug:
                for _ in range(ntodo):
                    handle = ready.popleft()
                    if handle._cancelled:
                        continue
                    task = start(recorder, handle)
                    try:
                        self._current_handle = handle
                        t0 = self.time()
                        handle._run()  # = handle._run()
                        dt = self.time() - t0
                        if dt >= self.slow_callback_duration:
                            text = base._format_handle(handle)
                            base.logger.warning("Executing %s took %.3f seconds", text, dt)  # = logger.warning('Executing
                    finally:
                        self._current_handle = None
                    if task is not None:
                        finish(recorder, task)
                        task = None
            else:
                while ntodo:
                    if ntodo <= handles_between_checks:
                        ntodo = undone = recorder.run(recorder, ready, ntodo)  # = handle._run() (last)
                    else:
                        undone = recorder.run(recorder, ready, handles_between_checks)  # = handle._run() (last)
                        ntodo -= handles_between_checks - undone
                        if len(recorder.buffer) > max_buffer:
                            recorder.flush()
                    if undone:
                        ntodo -= 1
                        handle = ready.popleft()
                        if not handle._cancelled:
                            task = start(recorder, handle)
                            handle._run()  # = handle._run() (last)
                            if task is not None:
                                finish(recorder, task)
                                task = None
            handle = None
            if self._stopping:
                leave(recorder, self)
        except BaseException:
            handle = task = None
            leave(recorder, self)
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


def is_our_wake(recorder: Recorder, loop: Any, event_list: list[Any]) -> bool:
    """Whether the loop was woken by our reader and by nobody else. If so the byte in its self-pipe is taken out again."""
    try:
        if len(event_list) != 1 or loop._ready or event_list[0][0].fileobj is not loop._ssock:
            recorder.woken = False
            return False
        if loop._ssock.recv(2, socket.MSG_PEEK) != b"\0":
            recorder.woken = False
            return False
        loop._ssock.recv(1)
        recorder.woken = False
        return True
    except (AttributeError, TypeError, OSError):
        recorder.woken = False
        return False
