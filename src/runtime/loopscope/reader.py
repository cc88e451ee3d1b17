"""The runtime's own thread: reads the adapter's messages, answers in a loop's place when it does not come to its next tick, and sends
what a loop that has stopped left in its buffer.

It is started with the first loop that runs, is stopped around a fork, and sleeps in one system call while nothing arrives. It is no
`threading.Thread`: nothing that the program lists shows it.
"""

from __future__ import annotations

import _thread
import os
import select
import time

from . import dispatch, link
from .clocks import monotonic
from .start import start_new_thread
from .watchdog import Watchdog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .recorder import Recorder
    from .session import Session

PATIENCE = 0.05
"""Seconds that a loop has to come to its next tick before a query is answered without it."""

DRAIN_SECONDS = 0.02
"""How long to wait between two tries to send what waits."""

LET_RUN_SECONDS = 0.00005
LET_RUN_TIMES = 12
LET_RUN_EVERY = 0.03
"""With what a sleep takes beyond what it is asked for: 2 ms at most, at most every 30."""

_sleep = time.sleep
_select = select.select
"""The real ones, whatever takes their place later."""

MOST_WAKES = 64
"""Bytes of ours in a self-pipe that are remembered: a loop that does not tell them from others' never forgets them."""

STOP_SECONDS = 1.0
"""How long a fork waits for the thread to end, at most."""


class Reader:
    """The thread and what it waits for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watchdog = Watchdog(session, wake_loop)
        self._waiting: list[tuple[float, Recorder, dict[str, Any]]] = []
        self._flush_at = 0.0
        self._draining = False
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._stopping = False
        self._alive: Any = None
        self._thread = 0
        self._let_run_at = 0.0
        self.starts_later = False
        """Whether it is to be started when it has something to do: after a fork."""
        self.works = False
        """Whether it has something to do, and may only be waiting to be let run."""
        self._errands: list[Callable[[bool], None]] = []
        self._done_errands = 0
        self.begin_thread: Callable[[Callable[..., None], tuple[Any, ...]], object] = start_new_thread
        self._wake_in: link.Descriptor | None = None
        self._wake_out: link.Descriptor | None = None

    def start(self) -> None:
        """Starts the thread, unless it runs."""
        self.starts_later = False
        if self._alive is not None and self._alive.locked():
            return
        if self._wake_in is None and os.name == "posix":
            self._wake_in, self._wake_out = link.pipe_out_of_the_way()
        self._stopping = False
        self._alive = _thread.allocate_lock()
        self._alive.acquire()
        try:
            self.begin_thread(self._run, (self._alive,))
        except BaseException:
            self._alive.release()
            raise

    def read_early(self) -> None:
        """Before the thread is first started: does what the adapter has said so far, such as what a loop that is made now is to stop at.

        Never raises."""
        if self._alive is None and not self.starts_later and self._session.link.open:
            try:
                for message in self._session.link.receive():
                    self._handle(message)
            except Exception as error:
                self._session.fail(error)

    def stop(self) -> bool:
        """Ends the thread and waits for it, before a fork; what it was to send later is sent. False: there was none."""
        alive = self._alive
        if alive is None or not alive.locked():
            return False
        self._stopping = True
        self._wake()
        if alive.acquire(True, STOP_SECONDS):
            alive.release()
            wait_for_end_of(self._thread)
        self._alive = None
        if self._flush_at:
            self._flush_stopped()
        return True

    def run_in_thread(self, function: Callable[[bool], None]) -> None:
        """Has a function called in the thread with True: now if it runs, and whenever it begins; and with False when it ends."""
        self._errands.append(function)
        self._wake()

    def close(self) -> None:
        """Gives back the descriptors. The thread must have ended, or be the caller."""
        for descriptor in (self._wake_in, self._wake_out):
            if descriptor is not None:
                descriptor.close()
        self._wake_in = self._wake_out = None

    def flush_later(self, when: float) -> None:
        """Has the buffers of loops that do not run, or whose ticks we do not see, sent at that time, unless that is arranged already."""
        if not self._flush_at:
            self._flush_at = when
            self._wake()

    def do_later(self, seconds: float, function: Callable[[], None]) -> None:
        """Has a function called in the thread when so many seconds have passed; of several in the order of the calls. From any thread."""
        self._later.append((monotonic() + seconds, function))
        self._wake()

    def drain_later(self) -> None:
        """Has what the socket did not take tried again until it has gone: the loops may sleep meanwhile."""
        if not self._draining:
            self._draining = True
            self._wake()
        elif self.starts_later:
            self.start()

    def let_run(self) -> None:
        """In the thread of a busy loop, now and then: lets the reader's thread run if it has something to do.

        A thread that waits for the interpreter's lock asks for it only after 5 ms in which nobody let go of it (CPython 3.9 to 3.15,
        Python/ceval_gil.c, `take_gil`). A loop lets go of it at each select, for less time than the other takes to wake up: on an idle
        machine it may wait for ever, and is woken for nothing by each. So we sleep for a moment, again while it works, LET_RUN_TIMES at
        most. If the watchdog is about to look we wake it, so that it does not come by itself at a bad time.
        """
        now = monotonic()
        if now < self._let_run_at:
            return
        self._let_run_at = now + LET_RUN_EVERY
        watchdog = self._watchdog
        is_wanted = now >= watchdog.wanted_at and self._wake_out is not None
        if is_wanted:
            self._wake()
        for _ in range(LET_RUN_TIMES):
            if not (self.works or (is_wanted and now >= watchdog.wanted_at) or self._has_input()):
                return
            _sleep(LET_RUN_SECONDS)

    def _has_input(self) -> bool:
        """Whether something of the adapter's has arrived that was not read."""
        connection = self._session.link
        try:
            return connection.open and connection.is_ours() and bool(_select([connection.descriptor], (), (), 0)[0])
        except (OSError, ValueError):  # ValueError: a descriptor beyond those that select knows.
            return False

    def _wake(self) -> None:
        if self.starts_later:
            self.start()
        if self._wake_out is not None:
            self._wake_out.write(b"\0")

    def _run(self, alive: Any) -> None:
        session = self._session
        self._done_errands = 0
        self._thread = _thread.get_native_id()
        try:
            while session.active and session.link.open and not self._stopping:
                while self._done_errands < len(self._errands):
                    self._done_errands += 1
                    self._errands[self._done_errands - 1](True)
                self.works = False
                has_input = self._wait_for_input()
                self.works = True
                if has_input:
                    for message in session.link.receive():
                        self._handle(message)
                self._answer_overdue()
                if self._flush_at and monotonic() >= self._flush_at:
                    self._flush_stopped()
                self._watchdog.look()
                while self._later and monotonic() >= self._later[0][0]:
                    self._later.pop(0)[1]()
                if self._draining:
                    self._draining = False
                    session.link.pump()
                    if session.link.backlog_bytes:
                        self._draining = True
        except Exception as error:
            session.fail(error)
        finally:
            self.works = False
            ends = not self._stopping
            for errand in self._errands:
                errand(False)
            alive.release()
        if ends:
            session.end()

    def _wait_for_input(self) -> bool:
        """Sleeps until there is input from the adapter (True), until something is due, or until somebody wakes us."""
        now = monotonic()
        times = [when for when, _, _ in self._waiting[:1]]
        if self._flush_at:
            times.append(self._flush_at)
        if self._draining:
            times.append(now + DRAIN_SECONDS)
        times += [when for when, _ in self._later[:1]]
        look = self._watchdog.due()
        if look is not None:
            times.append(look)
        timeout = max(0.0, min(times) - now) if times else None
        connection = self._session.link
        if not connection.is_ours():
            connection.fail()
            return False
        if self._wake_in is None:
            # Windows: select takes sockets only, and nobody can wake us; what is due is found late by as much.
            return bool(select.select([connection.descriptor], [], [], 0.05 if timeout is None else min(timeout, 0.05))[0])
        poll = select.poll()
        poll.register(connection.descriptor, select.POLLIN)
        if self._wake_in.is_ours():
            poll.register(self._wake_in.number, select.POLLIN)
        ready = poll.poll(None if timeout is None else int(timeout * 1000) + 1)
        for descriptor, _ in ready:
            if descriptor == self._wake_in.number:
                self._wake_in.drain()
        return any(descriptor == connection.descriptor for descriptor, _ in ready)

    def _handle(self, message: dict[str, Any]) -> None:
        session = self._session
        kind = message.get("type")
        if kind in ("welcome", "level"):
            session.set_slow(message.get("slow"))
            session.set_level(message.get("level"))
        elif kind == "command":
            asked = session.use_stepping().receive(message)
            if asked is not None:
                self._hand_over(*asked)
        elif kind == "query":
            dispatch.prepare(session)
            recorder = session.loops.by_number(message.get("loop"))
            if recorder is None:
                dispatch.answer(session, None, 0, message)
                return
            if recorder.stepper is not None and recorder.stepper.is_elsewhere:
                recorder.answer(recorder.loop(), message, PATIENCE)
                return
            self._waiting.append((monotonic() + PATIENCE, recorder, message))
            self._hand_over(recorder, message)

    def _hand_over(self, recorder: Recorder, message: dict[str, Any]) -> None:
        """Gives a query or a command to the loop's own thread."""
        recorder.queries.append(message)
        recorder.attention = True
        stepper = recorder.stepper
        if stepper is not None and stepper.held:
            stepper.stepping.gate.wake(stepper)
        elif message.get("type") == "command" and self._session.stepping is not None:
            self._session.stepping.nudge(recorder)
        elif recorder.sleeping:
            wake_loop(recorder)

    def _answer_overdue(self) -> None:
        waiting = self._waiting
        now = monotonic()
        while waiting:
            when, recorder, message = waiting[0]
            if message in recorder.queries:
                if when > now:
                    return
                try:
                    recorder.queries.remove(message)
                except ValueError:
                    del waiting[0]
                    continue
                del waiting[0]
                recorder.answer(recorder.loop(), message, PATIENCE)
            else:
                del waiting[0]

    def _flush_stopped(self) -> None:
        self._flush_at = 0.0
        for recorder in self._session.loops.all():
            if (not recorder.running or recorder.hook == "handle") and recorder.has_news:
                recorder.flush()


def wake_loop(recorder: Recorder) -> None:
    """Ends the sleep of a loop; the tick takes our byte out of the self-pipe again where it can."""
    loop = recorder.loop()
    if loop is not None:
        if len(recorder.woken) < MOST_WAKES:
            recorder.woken.append(None)
        try:
            loop._write_to_self()
        except (AttributeError, OSError, RuntimeError):
            pass


def wait_for_end_of(thread: int) -> None:
    """A thread that has ended is counted by the system for a moment more, and Python would warn of it at a fork (3.12 and later).

    `thread` is the system's number of it. Waits `STOP_SECONDS` at most.
    """
    end = monotonic() + STOP_SECONDS
    folder = "/proc/self/task/"
    if not os.path.isdir(folder):
        _sleep(0.001)
        return
    while os.path.exists(folder + str(thread)) and monotonic() < end:
        _sleep(LET_RUN_SECONDS)  # A shorter release of the lock would not let it run: see `let_run`.
