"""Each loop's own clock, which stands still exactly while the loop's thread is stopped.

A loop gets one when its thread is first stopped, as its own attribute `time`: the time of its class's clock less what it stood still so
far. It stays when everything else of ours is let go: a clock that jumped forward would fire every timer at once.
Who stops a thread says so: the stepper for its own stops, the debugger's bridge for all others (`hold`, `release`). Times of the loop's
recording are read from the loop from then on (`Recorder.own_clock`).
"""

from __future__ import annotations

import time
import weakref

from ..untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

    from ..recorder import Recorder
    from ..session import Session


class LoopClock:
    """The clock of one loop. Does not hold the loop."""

    __slots__ = ("_base", "_holders", "_since", "stood")

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._holders: set[str] = set()
        self._since: float | None = None
        self.stood = 0.0
        """Seconds that it stood still, without the present hold."""

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._since is not None

    @property
    def holders(self) -> tuple[str, ...]:
        """Who holds it."""
        return tuple(self._holders)

    def time(self) -> float:
        """The loop's time."""
        since = self._since
        return (self._base() if since is None else since) - self.stood

    def hold(self, who: str) -> None:
        """Stands still until everybody who holds it has let go."""
        self._holders.add(who)
        if self._since is None:
            self._since = self._base()

    def release(self, who: str) -> None:
        """Goes on from where it stood, unless somebody else holds it."""
        self._holders.discard(who)
        if not self._holders:
            self.release_all()

    def release_all(self) -> None:
        """Goes on, whoever holds it."""
        self._holders.clear()
        since = self._since
        if since is not None:
            # In this order: a thread that asks for the time between the two sees it stand still.
            self.stood += self._base() - since
            self._since = None


class Clocks:
    """The clocks of all loops of the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clocks: weakref.WeakKeyDictionary[Recorder, LoopClock] = weakref.WeakKeyDictionary()
        self.freezes = True
        """The setting: whether clocks stand still at all."""

    def of(self, recorder: Recorder) -> LoopClock | None:
        """The clock that a loop was given; None: it has its own still."""
        return self._clocks.get(recorder)

    def hold(self, who: str, threads: Iterable[int] | None = None) -> None:
        """Stops the clocks of the loops that run in these threads (`get_ident`); None: in all. From any thread, any number of times.

        `who` names the holder: a clock goes on when every holder has released it.
        """
        if self.freezes:
            for recorder, loop in self._running(threads):
                self.hold_one(who, recorder, loop)

    def release(self, who: str, threads: Iterable[int] | None = None) -> None:
        """The opposite of `hold`."""
        for recorder, _ in self._running(threads):
            self.release_one(who, recorder)

    def release_all(self) -> None:
        """The adapter has gone: no clock stands still any more."""
        for clock in list(self._clocks.values()):
            clock.release_all()

    def hold_one(self, who: str, recorder: Recorder, loop: Any) -> None:
        """Stops the clock of one loop, which is given one if it has none."""
        if self.freezes:
            (self._clocks.get(recorder) or self._install(recorder, loop)).hold(who)

    def release_one(self, who: str, recorder: Recorder) -> None:
        """The clock of one loop goes on."""
        clock = self._clocks.get(recorder)
        if clock is not None:
            clock.release(who)

    def _running(self, threads: Iterable[int] | None) -> list[tuple[Recorder, Any]]:
        idents = None if threads is None else set(threads)
        found: list[tuple[Recorder, Any]] = []
        for recorder in self._session.loops.all():
            loop = recorder.loop()
            if loop is not None and recorder.hook != "calls" and (idents is None or getattr(loop, "_thread_id", None) in idents):
                found.append((recorder, loop))
        return found

    def _install(self, recorder: Recorder, loop: Any) -> LoopClock:
        clock = LoopClock(_base_of(loop, self._session.facts.loop))
        loop.time = clock.time
        self._clocks[recorder] = clock
        # Flushed, so that no batch holds times of two clocks; from here on the recording asks the loop.
        recorder.flush()
        self._session.loops.examine(recorder, loop)
        return clock


def _monotonic() -> float:
    """What `BaseEventLoop.time` does: the clock of the moment, which a program may have replaced."""
    return time.monotonic()


def _base_of(loop: Any, stock: Any) -> Callable[[], float]:
    """The clock that a loop had, without a reference to the loop: it would never be collected otherwise."""
    own = getattr(loop, "__dict__", {}).get("time")
    if own is not None:
        return own
    if type_of(loop).time is stock.time:
        return _monotonic
    reference = weakref.ref(loop)
    method: Any = type_of(loop).time

    def base() -> float:
        target = reference()
        return time.monotonic() if target is None else method(target)

    return base
