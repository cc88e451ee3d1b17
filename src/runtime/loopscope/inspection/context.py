"""What the recorder knows and asyncio does not: the tick's number, who scheduled a handle, what an executor runs.

The inspection package asks for these facts through a `Context`; it has no other tie to the rest of the runtime, and
with
`NULL_CONTEXT` it works alone. Nothing here looks at a task, a handle or a loop itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Context:
    """What the caller of `answer` supplies; this base knows nothing. No method may raise, block, or keep what it is
    given."""

    __slots__ = ()

    def tick(self, loop: Any) -> int:
        """Number of the newest tick that has begun on the loop; 0: not counted."""
        return 0

    def time(self, loop: Any) -> float | None:
        """Time of the loop's own clock, in seconds; None: ask the loop."""
        return None

    def is_ours(self, handle: Any) -> bool:
        """Whether something in the ready queue is there for the recorder, and is shown to nobody."""
        return False

    def scheduled_by(self, handle: Any) -> str:
        """Who put this handle into the ready queue, in the user's terms; '' if not known."""
        return ""

    def stopped(self) -> bool:
        """Whether the loop stands at a stop: then a handle's address can be used."""
        return False

    def held(self) -> list[Any]:
        """Handles that a person holds back, out of the ready queue."""
        return []

    def mark(self, handle: Any) -> str:
        """What a person did with a handle: 'moved first', 'held back', 'fired early'; '' for nothing."""
        return ""

    def executor_call(self, address: int) -> str:
        """Name of the function that the executor runs for the future at this address; '' if not known."""
        return ""


NULL_CONTEXT = Context()
