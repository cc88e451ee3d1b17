"""What stands in a ready queue for "come back to us": put before the next handle from another thread, it ends a tick's fast run of handles.

It is never run, is counted in no tick and is shown to nobody. There is at most one in a queue (`Recorder.marked`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recorder import Recorder


class Marker:
    """Looks enough like a handle for whoever goes through the queue."""

    __slots__ = ()
    _cancelled = False
    _callback = _args = None

    def cancel(self) -> None:
        """Nothing."""


MARKER = Marker()


def put_marker(recorder: Recorder, loop: Any) -> None:
    """Puts it first, unless it is there. From any thread."""
    if not recorder.marked:
        recorder.marked = True  # First: whoever counts the queue must know that it may be in it.
        loop._ready.appendleft(MARKER)


def take_marker(recorder: Recorder, ready: Any) -> None:
    """Takes it out of the queue, if it is there already. In the loop's thread, or while that stands still."""
    if recorder.marked and ready and ready[0] is MARKER:
        ready.popleft()
        recorder.marked = False
