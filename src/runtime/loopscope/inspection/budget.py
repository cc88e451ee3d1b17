"""How long one answer may hold the loop: a deadline, and a count of the work done for the tests.

A question is answered in the loop's own thread, so every walk whose length the program decides (tasks, timers,
waiters)
asks its budget before each step and stops with what it has. It knows nothing of what the steps are.
"""

from __future__ import annotations

from time import perf_counter

#: Seconds one answer may take; the promise is 5 ms, the rest is for what comes after the answer (JSON, the write).
HOLD = 0.0035


class Budget:
    """The time left for one answer. `steps` counts the calls of `spent`, a measure of work that no slow machine
    changes."""

    __slots__ = ("deadline", "over", "steps")

    def __init__(self, seconds: float | None = None) -> None:
        """Begins now and ends after so many seconds (`HOLD`)."""
        self.deadline = perf_counter() + (HOLD if seconds is None else seconds)
        self.over = False
        self.steps = 0

    def spent(self) -> bool:
        """True once the time is used up; it stays true."""
        self.steps += 1
        if not self.over and perf_counter() >= self.deadline:
            self.over = True
        return self.over

    def part(self, share: float) -> Budget:
        """A budget of a share (0 to 1) of what is left of this one."""
        return Budget(max(0.0, self.deadline - perf_counter()) * share)
