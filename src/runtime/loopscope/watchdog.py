"""Finds handles that run for too long, and where they stand: looks from the reader's thread, so that a handle costs nothing.

A handle is the one that was seen before if its tick (or turn) and address are the same. When it began and ended is known to within the time
between two looks; while handles are listed the model knows it exactly, and is told the place only. C code that keeps the interpreter to
itself is seen as soon as it lets go.
"""

from __future__ import annotations

import sys

from . import clocks, places, run
from .recorder import FLUSH_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .recorder import Recorder
    from .session import Session

LOOKS = 2
"""Looks in the time after which a handle is too slow. One that has run for a while already is looked at again when it would be."""

A_WHILE = 0.01
"""Seconds that a handle has run at a look, for the next look to be when it would be too slow."""

LEAST_PERIOD = 0.005
MOST_PERIOD = 0.05
"""Seconds between two looks."""

IDLE_PERIODS = 4
"""While every loop sleeps the next look is so many times later."""

GRACE = FLUSH_SECONDS + 0.005
"""So much longer we wait for a busy loop to let us run (`Reader.let_run`), which it does when it sends. One that does not come is stuck."""

NEVER = float("inf")

monotonic = clocks.monotonic


class Seen:
    """A handle that ran at the last look."""

    __slots__ = ("counted", "key", "start", "subject", "told")

    def __init__(self, key: tuple[int, int, int], start: float) -> None:
        self.key = key
        self.start = start
        self.subject = 0
        self.told = False
        self.counted = False


class Watchdog:
    """What was seen of each loop at the last look."""

    def __init__(self, session: Session, wake: Callable[[Recorder], None]) -> None:
        """`wake` ends the sleep of a loop, so that it sends what it has."""
        self._session = session
        self._wake = wake
        self._seen: dict[int, Seen] = {}
        self._looked = 0.0
        self._next = 0.0
        self.wanted_at = NEVER
        """When a busy loop is to let us look."""
        self._task_of = run.make_task_of(session.facts)
        self._text_number = places.make_callback_number(session.strings)

    def due(self) -> float | None:
        """When to look next; None: there is nothing to look at."""
        if self._session.slow_after <= 0 or not any(recorder.running for recorder in self._session.loops.all()):
            self.wanted_at = NEVER
            return None
        return self._next

    def look(self) -> None:
        """Looks, if it is time."""
        due = self.due()
        now = monotonic()
        if due is None:
            self._looked = self._next = 0.0
            return
        if now < min(due, self.wanted_at):
            return
        after = self._session.slow_after
        period = min(max(after / LOOKS, LEAST_PERIOD), MOST_PERIOD)
        # What began since the last look began in the middle, unless this look was kept waiting. Before the first nothing is known.
        between = now if not self._looked else self._looked if now - due > period else (self._looked + now) / 2
        self._looked = now
        self.wanted_at = now + period
        self._next = now + period + GRACE
        recorders = self._session.loops.all()
        is_idle = all(recorder.sleeping for recorder in recorders)
        for recorder in recorders:
            seen = self._look_at(recorder, now, between)
            if seen is not None and now - seen.start >= A_WHILE:
                self._next = min(self._next, max(seen.start + after, now + LEAST_PERIOD) if not seen.told else now + period)
        if is_idle:
            self._next = now + period * IDLE_PERIODS

    def _look_at(self, recorder: Recorder, now: float, between: float) -> Seen | None:
        """What runs there, if something does that is not meant to stand."""
        handle = recorder.handle
        stands = (
            recorder.sleeping
            or not recorder.running
            or (recorder.stepper is not None and (recorder.stepper.held or recorder.stepper.at_line))
        )
        key = None if handle is None or stands else (recorder.tick, recorder.turn, id(handle))
        seen = self._seen.get(recorder.number)
        if seen is not None and seen.key != key:
            del self._seen[recorder.number]
            if seen.told and seen.counted:
                recorder.buffer.extend((19, seen.subject, seen.start, max(between - seen.start, self._session.slow_after), 0))
                if recorder.sleeping:
                    self._wake(recorder)
            seen = None
        if key is None:
            return None
        if seen is None:
            seen = self._seen[recorder.number] = Seen(key, between if recorder.own_clock else max(between, recorder.began))
        if not seen.told and now - seen.start >= self._session.slow_after:
            self._tell(recorder, seen, handle)
        return seen

    def _tell(self, recorder: Recorder, seen: Seen, handle: Any) -> None:
        """A handle is too slow: says so at once, since its loop cannot."""
        seen.told = True
        seen.counted = not recorder.listing
        seen.subject = self._subject(recorder, handle)
        site = self._site(recorder)
        recorder.buffer.extend((19, seen.subject, seen.start, 0.0, site))
        recorder.flush()

    def _subject(self, recorder: Recorder, handle: Any) -> int:
        callback: Any = getattr(handle, "_callback", None)
        if callback is None:
            return recorder.task
        task = self._task_of(callback, handle._args)
        return id(task) if task is not None else -self._text_number(callback)

    def _site(self, recorder: Recorder) -> int:
        """The line of the user's code where the loop's thread stands; of a library's, if it is called by no code of the user's."""
        frame: FrameType | None = sys._current_frames().get(recorder.thread)  # pyright: ignore[reportPrivateUsage]
        chosen: FrameType | None = None
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(places.FOLDERS):
                if code.co_name in places.RUN_BY_LOOP:
                    break
            elif not places.is_library_file(code.co_filename):
                chosen = frame
                break
            elif chosen is None:
                chosen = frame
            frame = frame.f_back
        if chosen is None:
            return 0
        code = chosen.f_code
        return self._session.strings.number(f"{code.co_filename}\t{chosen.f_lineno or 0}\t{getattr(code, 'co_qualname', code.co_name)}")
