"""What the recorder of a loop tells the inspection: the number of the tick at which an answer is true."""

from __future__ import annotations

from .inspection import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recorder import Recorder


class Known(Context):
    """The facts of one recorder; those of none, if the loop has no recorder (any more)."""

    __slots__ = ("_recorder",)

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder

    def tick(self, loop: Any) -> int:
        """Number of the newest tick that has begun."""
        return self._recorder.tick if self._recorder is not None else 0
