"""What the recorder of a loop tells the inspection: the tick at which an answer is true, who scheduled a handle, what an executor runs."""

from __future__ import annotations

from .inspection import Context
from .marker import MARKER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recorder import Recorder


class Known(Context):
    """The facts of one recorder; those of none, if the loop has no recorder (any more)."""

    __slots__ = ("_executor_calls", "_recorder", "_sources")

    def __init__(self, recorder: Recorder | None, executor_calls: dict[int, str]) -> None:
        self._recorder = recorder
        self._executor_calls = executor_calls
        self._sources: dict[int, str] | None = None

    def tick(self, loop: Any) -> int:
        """Number of the newest tick that has begun."""
        return self._recorder.tick if self._recorder is not None else 0

    def time(self, loop: Any) -> float | None:
        """Time of the clock that the loop was given when it was first stopped; None: it has its class's."""
        stepper = self._stepper()
        clock = stepper.stepping.clocks.of(self._recorder) if stepper is not None else None
        return clock.time() if clock is not None else None

    def _stepper(self) -> Any:
        return self._recorder.stepper if self._recorder is not None else None

    def stopped(self) -> bool:
        """Whether the loop stands at a stop."""
        stepper = self._stepper()
        return stepper is not None and stepper.held

    def is_ours(self, handle: Any) -> bool:
        """Whether this is the marker of a stop."""
        return handle is MARKER

    def held(self) -> list[Any]:
        """Handles that a person holds back."""
        stepper = self._stepper()
        return [] if stepper is None else list(stepper.order.held)

    def mark(self, handle: Any) -> str:
        """What a person did with a handle."""
        stepper = self._stepper()
        return "" if stepper is None else stepper.order.mark(handle)

    def scheduled_by(self, handle: Any) -> str:
        """Who put this handle into the ready queue: with the place where few handles run, else where that was stepped through."""
        if self._sources is None:
            self._sources = self._recorder.sources.by_handle() if self._recorder is not None else {}
        known = self._sources.get(id(handle), "")
        stepper = self._stepper()
        return known or ("" if stepper is None else stepper.reporter.by(handle))

    def executor_call(self, address: int) -> str:
        """What the executor runs for the future at that address."""
        return self._executor_calls.get(address, "")
