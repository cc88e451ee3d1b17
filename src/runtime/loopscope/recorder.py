"""What is recorded of one loop: the buffer of numbers and the counters, and when they are sent.

A recorder holds its loop by a weak reference only. Its fields are plain attributes that the functions of tick.py, run.py and
schedule.py write directly: they run for every handle of the program. The buffer begins with room for a batch's header, and is only ever
added to by a single operation for each event, so that a thread that uses the loop where it should not cannot tear an event apart.

`alike` is the code object of the coroutine of the last creation that was recorded whole, as long as a creation with the same parent and
coroutine, without site and name, may be recorded by the task's address alone. `stop_due`: a stop is wanted as soon as can be.
"""

from __future__ import annotations

import _thread
import weakref

from . import dispatch, wire
from .clocks import monotonic
from .sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .session import Session

MAX_BUFFER = 20_000
"""Numbers in the buffer at which it is sent without waiting for the loop to sleep."""

FLUSH_SECONDS = 0.03
"""Least time between two batches of a loop, but for those that a full buffer makes."""

HANDLES_BETWEEN_CHECKS = 4096
"""Handles of one tick that are run before the buffer's size is looked at: the `stride` of a loop. 0: the loop is stepped."""

SERVE_SECONDS = 0.001
"""After so long of answering queries the loop goes on: each of them may take a few milliseconds, and there may be many."""

LOCK_SECONDS = 0.002
"""So long a loop waits at most for the reader's thread, which sends its events, before it answers."""

FEW_HANDLES = 2000
MANY_HANDLES = 4000
"""Handles a second below which they are listed and above which they are counted, at level adaptive."""

LISTED_AT_ONCE = 1500
"""Numbers in the buffer (five for each handle to come) above which listing ends at once, at level adaptive."""

CALM_SECONDS = 0.5
"""So long handles are only counted after a moment in which there were too many to list: a program that works in bursts lists the
begin of two a second at most."""

FOREVER = float("inf")

NO_EPOLL: tuple[Any, Any, Any] = (object(), None, None)
"""No loop's selector is this one."""

HEADER_NUMBERS = len(wire.BATCH_HEADER)


class Recorder:
    """The buffer of one loop and what belongs to it."""

    __slots__ = (
        "__weakref__",
        "alike",
        "announced",
        "attention",
        "began",
        "begun_listing",
        "buffer",
        "calm_at",
        "class_name",
        "dropped",
        "due",
        "eager_frames",
        "eager_parents",
        "eager_told",
        "eager_waits",
        "ended",
        "epoll",
        "full",
        "handle",
        "handles",
        "hides",
        "hook",
        "limit",
        "listed",
        "listing",
        "live",
        "lock",
        "loop",
        "mark",
        "marked",
        "name",
        "notes_births",
        "notes_sources",
        "number",
        "other_handles",
        "own_clock",
        "queries",
        "quick",
        "run",
        "run_one",
        "running",
        "sent_at",
        "session",
        "sleeping",
        "sources",
        "splits_sleep",
        "step_handles",
        "stepper",
        "stop_due",
        "stride",
        "taken",
        "taken_length",
        "task",
        "thread",
        "tick",
        "timers_cancelled",
        "timers_fired",
        "timers_set",
        "transitions",
        "turn",
        "wanted",
        "woken",
    )

    def __init__(self, session: Session, loop: Any, number: int) -> None:
        self.session = session
        self.number = number
        self.loop: Callable[[], Any] = weakref.ref(loop)
        self.buffer: list[float] = [0.0] * HEADER_NUMBERS
        self.taken: list[float] = []
        self.taken_length = 0
        self.alike: Any = None
        self.dropped = 0
        self.tick = 0
        self.began = 0.0
        self.mark = -FOREVER
        self.due = 0.0
        self.calm_at = 0.0
        self.sent_at = monotonic()
        self.full = session.level == "full"
        self.limit = MAX_BUFFER
        self.listing = True
        self.begun_listing = True
        """Whether the handle that `start` (run.py) began is listed: it ends as it began, though a batch is sent meanwhile."""
        self.run: Any = None
        self.run_one: Any = None
        """Runs a tick of one handle; None: `run` does."""
        self.attention = True
        self.queries: list[dict[str, Any]] = []
        self.sleeping = False
        self.woken: list[None] = []  # One for each byte of ours in the self-pipe: lists are safe between threads, numbers are not.
        self.running = False
        self.own_clock = False
        self.splits_sleep = False
        self.epoll: tuple[Any, Any, Any] = NO_EPOLL
        """The selector, its epoll object's `poll` and its keys, where a tick may ask epoll itself. One field: a thread may empty it."""
        self.quick = False
        """Whether the loop's last sleep was none, as where a program's sockets are its own: the next is tried without."""
        self.task = 0
        self.thread = 0
        self.turn = 0
        """How many handles have run that were not run by a tick of ours at full speed."""
        self.handle: Any = None
        """What runs at this moment, for the watchdog."""
        self.name: Any = None
        self.stepper: Any = None
        """The loop's `stepping.stepper.Stepper`, once it has been stepped."""
        self.stride = HANDLES_BETWEEN_CHECKS
        self.stop_due = False
        self.marked = False
        self.eager_parents: list[Any] = []
        self.eager_frames: list[Any] = []
        self.eager_told: Any = None
        self.announced: set[int] = set()
        self.class_name = ""
        self.transitions: dict[Any, Any] = {}
        self.lock = _thread.allocate_lock()
        self.wanted = False
        """Whether somebody wants a flush that has not begun."""
        self.hook = "replaced"
        self.hides = ""
        self.live = 0
        self.notes_births = session.births.wanted
        self.notes_sources = False
        self.sources = Sources()
        self.listed = 0
        """Handles that have events of their own; the next four are of those that are counted, whatever `listing` has become since."""
        self.handles = 0
        self.ended = 0
        self.eager_waits = 0
        self.step_handles = 0
        self.other_handles = 0
        self.timers_set = 0
        self.timers_fired = 0
        self.timers_cancelled = 0

    def set_listing(self, listing: bool) -> None:
        """From now on single handles are listed, or counted."""
        self.listing = listing
        self.run = self.session.run_listing if listing else self.session.run_counting
        if self.session.python_tasks:
            self.listing = listing = True
            self.run = self.session.run_listing
        self.run_one = None if listing else self.session.run_counting_one
        self.notes_sources = listing
        self.limit = LISTED_AT_ONCE if (listing and not self.full) or self.session.is_short_of_memory() else MAX_BUFFER
        if listing or self.own_clock:
            self.mark = -FOREVER

    def consider_flush(self, ntodo: int) -> None:
        """At a tick's start: sends the buffer if it is time or if it is full; stops listing if there are many handles to come."""
        if len(self.buffer) + 5 * ntodo > self.limit and self.listing and not self.full:
            self.listed += ntodo
            self.flush()
            self.set_listing(False)
            self.calm_at = self.sent_at + CALM_SECONDS
        elif len(self.buffer) > self.limit or monotonic() >= self.due:
            self.flush()
            self.session.reader.let_run()

    def set_level(self, full: bool) -> None:
        """From the next batch on: `full` or `adaptive`. May be called from any thread."""
        self.full = full
        self.due = 0.0

    def flush(self, sleep_until: float = -1.0) -> None:
        """Sends what there is, with the counters, and decides whether handles are listed or counted from here on. Never raises.

        `sleep_until` as in the batch's header.
        """
        self.wanted = True
        # Without the lock it is being flushed, by the reader's thread or further out on this stack: whoever does that does it once more.
        while self.wanted and self.lock.acquire(False):
            try:
                self.wanted = False
                self._flush(sleep_until)
            except Exception as error:
                self.session.fail(error)
            finally:
                self.lock.release()

    @property
    def has_news(self) -> bool:
        """Whether a flush would send more than a header."""
        if len(self.buffer) > HEADER_NUMBERS or not self.listing or self.dropped or len(self.taken) > self.taken_length:
            return True
        return any(message is not None for _, message in list(self.transitions.values()))

    def _flush(self, sleep_until: float) -> None:
        loop = self.loop()
        now = monotonic()
        if loop is None:
            ready = timers = 0
            loop_time = now
        else:
            ready = len(getattr(loop, "_ready", ()))
            timers = len(getattr(loop, "_scheduled", ()))
            loop_time = loop.time() if self.own_clock else now
        handles = self.handles + self.listed
        self._add_counts()
        numbers = self.buffer
        self.buffer = [0.0] * HEADER_NUMBERS
        self.alike = None
        self._take_late(numbers)
        if self.stepper is not None:
            self.stepper.reporter.sent(numbers)
        numbers[1:HEADER_NUMBERS] = (self.number, self.dropped, self.tick, loop_time, sleep_until, ready, timers, int(self.listing))
        length = self.session.send_batch(numbers)
        self.taken = numbers
        self.taken_length = length or len(numbers)
        if length:
            self.dropped = 0
        else:
            self.dropped += count_events(numbers)
            if not self.session.link.open:
                self.session.end()
        if self.transitions:
            self.session.loops.send_counted(self)
        elapsed = now - self.sent_at
        self.sent_at = now
        self.due = now + FLUSH_SECONDS
        self.session.watch_births()
        if self.full:
            self.set_listing(True)
            self.notes_sources = handles <= MANY_HANDLES * max(elapsed, FLUSH_SECONDS)
        elif self.listing:
            self.set_listing(handles <= MANY_HANDLES * max(elapsed, FLUSH_SECONDS))
        else:
            # In the middle of a tick its handles are not added up yet: many events say that there are many. And a moment says nothing.
            is_few = handles < FEW_HANDLES * elapsed and len(numbers) < LISTED_AT_ONCE and elapsed >= FLUSH_SECONDS / 2
            self.set_listing(is_few and now >= self.calm_at)

    def _take_late(self, numbers: list[float]) -> None:
        """Puts what a thread has added to the list before this one, after that was sent, in front of this one's events.

        A thread looks up `buffer` and then adds to it: between the two another may have taken the list and sent it.
        """
        late = self.taken[self.taken_length :]
        self.taken = []
        if not late:
            return
        if late[0] < -wire.SHORT_FORM:  # It refers to an event of the batch that was sent.
            self.dropped += count_events([0.0] * HEADER_NUMBERS + late)
        else:
            numbers[HEADER_NUMBERS:HEADER_NUMBERS] = late

    def _add_counts(self) -> None:
        handles = self.handles
        steps = handles - self.other_handles
        waits = steps - self.ended + self.eager_waits
        wakes = steps - self.step_handles
        counts = (handles, steps, waits, wakes, self.timers_set, self.timers_fired, self.timers_cancelled)
        if any(counts):
            self.buffer.extend((13, *counts))
        self.handles = self.listed = 0
        self.other_handles = self.step_handles = self.ended = self.eager_waits = 0
        self.timers_set = self.timers_fired = self.timers_cancelled = 0

    def let_go(self) -> None:
        """The adapter has gone: the loop has nothing of ours any more, but for a tick that runs at this moment."""
        loop = self.loop()
        if loop is not None:
            try:
                del loop._loopscope
            except AttributeError:
                pass
        self.buffer = [0.0] * HEADER_NUMBERS
        self.queries.clear()
        self.sources.clear()
        self.attention = False
        self.leave_epoll()
        self.stop_due = False
        self.stride = HANDLES_BETWEEN_CHECKS

    def leave_epoll(self) -> None:
        """From the next tick on the selector is asked, until the loop is examined again."""
        self.epoll = NO_EPOLL
        self.quick = False

    def serve(self, loop: Any) -> None:
        """Answers the queries that wait, in the loop's own thread, after everything that happened before.

        As many as fit into `SERVE_SECONDS`, and at least one; the others wait for the next tick, or for a sleeping loop's next look.
        """
        until = monotonic() + SERVE_SECONDS
        while self.queries:
            if monotonic() > until:
                self.attention = True
                return
            try:
                query = self.queries.pop(0)
            except IndexError:  # The reader's thread has taken it.
                return
            self.answer(loop, query, LOCK_SECONDS)

    def answer(self, loop: Any, query: dict[str, Any], patience: float) -> None:
        """Answers a query: no event that happened before is sent after the answer, and none that happens after it before.

        In any thread. Another that is sending this loop's events is waited for, `patience` seconds at most.
        """
        held = self.lock.acquire(True, patience)
        try:
            if held:
                self.wanted = False
                self._flush(-1.0)
            dispatch.answer(self.session, loop, self.number, query)
        except Exception as error:
            self.session.fail(error)
        finally:
            if held:
                self.lock.release()
        if self.wanted:
            self.flush()


_SIZES = {code: 1 + len(fields) for code, fields in wire.EVENTS.values()}


def count_events(numbers: list[float]) -> int:
    """How many events a batch holds."""
    position = len(wire.BATCH_HEADER)
    end = len(numbers)
    count = 0
    while position < end:
        code = numbers[position]
        if type(code) is float:
            position += 1
            continue  # When the handle starts that the next event names.
        if -wire.SHORT_FORM < code < wire.SHORT_FORM:
            position += _SIZES[int(code)]
        else:
            position += 1
        count += 1
    return count
