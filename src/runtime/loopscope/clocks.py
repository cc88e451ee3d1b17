"""The system's clocks as they were before the program ran. It may put others in their place, or a library for its tests does.

How often something of ours is done goes by these. What is told of a loop goes by the loop's own clock; where that is not the system's
(`is_replaced`, or a `time` of the loop's own) the loop is asked.
"""

from __future__ import annotations

import time

monotonic = time.monotonic
"""Seconds of the monotonic clock, of which an asyncio loop's `time` is made."""

time_of_day = time.time
"""Seconds since the epoch."""


def is_replaced() -> bool:
    """Whether `time.monotonic` is another function than it was."""
    return time.monotonic is not monotonic
