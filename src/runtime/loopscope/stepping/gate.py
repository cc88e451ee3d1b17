"""What holds a loop's thread at a stop: the runtime's own gate, and what any other must do in its place.

A gate is called in the thread of the loop, between two handles (or before the loop selects). It knows nothing of goals, of what is
shown, or of the clock: `Stepper` has done all that before it calls, and does the rest after.

Another gate (the debugger's bridge) is put in place by `session.stepping.gate = ItsGate()`, whenever it likes: the next stop uses it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .stepper import Stepper

LOOK_SECONDS = 1.0
"""How often a held thread looks by itself whether it may go on: a wake-up that got lost costs no more than this."""


class Gate:
    """The runtime's own: the thread waits for a lock, and answers queries and commands of the adapter meanwhile."""

    by_debugger = False
    """Whether a debugger tells the client of the stop by itself (goes into the message `stopped`)."""

    serves = True
    """Whether `wait` answers queries and commands in the loop's thread. If not, the reader's thread does it: the loop's stands still."""

    def wait(self, stepper: Stepper, loop: Any, stop: dict[str, Any]) -> None:
        """Returns when the loop goes on, and then `stepper.held` is False.

        Whoever lets the loop go calls `stepper.release(goal)` (a `StepGoal` of src/protocol/stepping.ts, None: run on), from any thread,
        also from within `wait` itself: the own gate does so when the adapter says `step` or `continue`, and for every gate the session
        does when the adapter is lost. A gate that returns while `stepper.held` is True releases without a goal.
        `stop` is the message `stopped` that the adapter has been sent. May raise KeyboardInterrupt and SystemExit, as select may.
        """
        while stepper.held:
            stepper.serve(loop)
            if stepper.held and not stepper.recorder.queries:
                stepper.lock.acquire(True, LOOK_SECONDS)

    def is_asked_again(self, stepper: Stepper) -> bool:
        """Called in the loop's thread when it goes on from a stop: whether who holds it has asked for the next one meanwhile, when the
        stepper still took the loop for held and let that pass. The own gate is asked for nothing but through the stepper."""
        return False

    def has_let_go(self, stepper: Stepper) -> bool:
        """Whether a thread that the stepper takes for held has been let go by somebody else. From any thread."""
        return False

    def leave_line(self, stepper: Stepper) -> None:
        """The thread, which a debugger holds at a line, is to go on; it has been noted until when. From any thread."""

    def enters(self, stepper: Stepper, task: Any, within: str) -> bool:
        """A task is about to run within which a goal lies (`Goal.within`): whether a debugger will stop it there, so that it may run."""
        return False

    def wake(self, stepper: Stepper) -> None:
        """Something has come for a held thread: it was released, or there is a query. Called in any thread; must not block."""
        try:
            stepper.lock.release()
        except RuntimeError:  # It has been woken already and has not looked yet.
            pass
