"""What a person changes in the order of a loop: run first, hold back, release, fire a timer now, cancel; freeze a task and thaw it.

Everything here happens while the loop stands at a stop, or in its thread between two handles. What is held back is out of the ready queue
and kept here, as the queue would keep it; whatever ends the stepping puts it back. Every change is marked and becomes a sentence.
"""

from __future__ import annotations

import heapq
import weakref

from .report import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .stepper import Stepper

ACTIONS = ("first", "hold", "release", "fire", "cancel")
MOVED, HELD, FIRED = "moved first", "held back", "fired early"
MOST_CHANGES = 100
"""Sentences that are kept for the next stop; older ones are dropped."""


class Order:
    """The changes of one loop's order."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self._frozen: dict[int, weakref.ref[Any]] = {}
        self.held: list[Any] = []
        """Handles that are held back, in the order in which they were."""
        self._marks: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._changes: list[str] = []

    @property
    def holds(self) -> bool:
        """Whether handles must be looked at before they run: a task is frozen."""
        return bool(self._frozen)

    def keeps_back(self, handle: Any, task: Any) -> bool:
        """Takes the next handle of the ready queue over if its task is frozen."""
        if task is None or not self.is_frozen(task):
            return False
        self.held.append(handle)
        self._mark(handle, HELD)
        return True

    def is_frozen(self, task: Any) -> bool:
        """Whether a task's handles are held back."""
        reference = self._frozen.get(id(task))
        return reference is not None and reference() is task

    def mark(self, handle: Any) -> str:
        """What a person did with this handle; '' for nothing."""
        known = self._marks.get(id(handle))
        return known[1] if known is not None and known[0]() is handle else ""

    def take_changes(self) -> list[str]:
        """The sentences since the last stop, oldest first."""
        changes = self._changes
        self._changes = []
        return changes

    def goes_on(self) -> None:
        """The loop is let go: marks of what has run meanwhile are dropped."""
        for key, (reference, _) in list(self._marks.items()):
            if reference() is None:
                self._marks.pop(key, None)

    # ── Handles ──

    def change(self, loop: Any, action: str, address: int) -> str:
        """Does it, and says what was done. Raises LookupError or ValueError with a sentence."""
        if action not in ACTIONS:
            raise ValueError(f"There is no {action!r}: handles can be moved first, held, released, fired and cancelled.")
        ready = loop._ready
        place = next((index for index, handle in enumerate(ready) if id(handle) == address), -1)
        handle: Any = ready[place] if place >= 0 else None
        if handle is None:
            handle = next((held for held in self.held if id(held) == address), None)
            if handle is not None:
                return self._change_held(loop, action, handle)
            handle = next((timer for timer in loop._scheduled if id(timer) == address), None)
            if handle is not None:
                return self._change_timer(loop, action, handle)
            raise LookupError("That handle has run or was cancelled: look at the ready queue again.")
        if action == "cancel":
            return self._cancel(loop, handle)
        if action in ("release", "fire"):
            raise ValueError("It is in the ready queue already: it can be moved first, held back or cancelled.")
        text = text_of(handle)
        if handle._cancelled:
            raise ValueError(f"{text} is cancelled: it does not run.")
        del ready[place]
        in_tick = place < self._stepper.left
        if action == "first":
            ready.appendleft(handle)
            if not in_tick:
                self._stepper.left += 1
            self._mark(handle, MOVED)
            return self._note(f"{text} was moved first.")
        if in_tick:
            self._stepper.left -= 1
        self.held.append(handle)
        self._mark(handle, HELD)
        return self._note(f"{text} is held back.")

    def _change_held(self, loop: Any, action: str, handle: Any) -> str:
        text = text_of(handle)
        if action == "cancel":
            self._take_held(handle)
            loop._ready.append(handle)
            return self._cancel(loop, handle)
        if action == "release":
            task = self._stepper.task_of(handle)
            if task is not None and self.is_frozen(task):
                raise ValueError(f"{text} is held back because its task is frozen: thaw the task.")
            self._take_held(handle)
            loop._ready.append(handle)
            return self._note(f"{text} was released: it is the last of the ready queue.")
        if action == "first":
            task = self._stepper.task_of(handle)
            if task is not None and self.is_frozen(task):
                raise ValueError(f"{text} is held back because its task is frozen: thaw the task.")
            self._take_held(handle)
            loop._ready.appendleft(handle)
            self._stepper.left += 1
            self._mark(handle, MOVED)
            return self._note(f"{text} was moved first.")
        raise ValueError(f"{text} is held back: it can be released, moved first or cancelled.")

    def _take_held(self, handle: Any) -> None:
        self.held = [other for other in self.held if other is not handle]
        self._marks.pop(id(handle), None)

    def _change_timer(self, loop: Any, action: str, timer: Any) -> str:
        text = text_of(timer)
        if timer._cancelled:
            raise ValueError(f"{text} is cancelled: it does not fire.")
        if action == "cancel":
            return self._cancel(loop, timer)
        if action != "fire":
            raise ValueError(f"{text} is a timer: it can be fired now or cancelled.")
        scheduled = loop._scheduled
        # In place: whoever holds the heap goes on with it.
        scheduled[:] = [other for other in scheduled if other is not timer]
        heapq.heapify(scheduled)
        timer._scheduled = False
        loop._ready.append(timer)
        if self._stepper.recorder.listing:
            self._stepper.recorder.buffer.extend((8, id(timer)))
        self._mark(timer, FIRED)
        return self._note(f"{text} was fired before it was due: it is the last of the ready queue.")

    def _cancel(self, loop: Any, handle: Any) -> str:
        """Cancels a callback; of a task's step the task: without its step it would never end."""
        task = self._stepper.task_of(handle)
        if task is not None:
            return self.change_task(loop, "cancel", task)
        text = text_of(handle)
        if handle._cancelled:
            raise ValueError(f"{text} is cancelled already.")
        # What `Handle.cancel` does (CPython, Lib/asyncio/events.py), but for the text of it in debug mode: that calls the program's
        # `__repr__`.
        handle._cancelled = True
        if getattr(loop, "_debug", False):
            handle._repr = "<" + type(handle).__name__ + " cancelled in the debugger>"
        if hasattr(handle, "_when"):
            loop._timer_handle_cancelled(handle)
        handle._callback = handle._args = None
        return self._note(f"{text} was cancelled.")

    # ── Tasks ──

    def change_task(self, loop: Any, action: str, task: Any) -> str:
        """Cancels, freezes or thaws a task, and says so."""
        from ..inspection.tasks import name_of

        name = name_of(task)
        if action == "thaw":
            if not self.is_frozen(task):
                raise ValueError(f"{name} is not frozen.")
            return self._note(self._thaw(loop, task, name))
        if task.done():
            raise ValueError(f"{name} has ended already.")
        if action == "cancel":
            frozen = self.is_frozen(task)
            if not task.cancel():
                raise ValueError(f"{name} has ended already.")
            return self._note(f"{name} is being cancelled" + (", and is still frozen: thaw it." if frozen else "."))
        if action != "freeze":
            raise ValueError(f"There is no {action!r}: tasks can be cancelled, frozen and thawed.")
        if self.is_frozen(task):
            raise ValueError(f"{name} is frozen already.")
        self._frozen[id(task)] = weakref.ref(task)
        ready = loop._ready
        for index in range(len(ready) - 1, -1, -1):
            handle = ready[index]
            if self._stepper.task_of(handle) is task:
                del ready[index]
                if index < self._stepper.left:
                    self._stepper.left -= 1
                self.held.append(handle)
                self._mark(handle, HELD)
        return self._note(f"{name} is frozen: it does not run until it is thawed.")

    def _thaw(self, loop: Any, task: Any, name: str) -> str:
        self._frozen.pop(id(task), None)
        handles = [handle for handle in self.held if self._stepper.task_of(handle) is task]
        for handle in handles:
            self._take_held(handle)
            loop._ready.append(handle)
        return f"{name} was thawed" + (": it is the last of the ready queue." if handles else ".")

    def put_back(self, loop: Any) -> None:
        """The loop stops running: everything goes back, and nothing is frozen any more."""
        held = self.held
        if held or self._frozen:
            self.held = []
            self._frozen.clear()
            self._marks.clear()
            loop._ready.extend(held)
            if held:
                self._stepper.stepping.session.say("info", "The loop stops: what was held back was put back into its ready queue.")

    def thaw_all(self) -> None:
        """The stepping ends: everything goes back, and the loop is woken for it. From any thread."""
        loop = self._stepper.recorder.loop()
        held = self.held
        self.held = []
        self._frozen.clear()
        self._marks.clear()
        if held and loop is not None and not loop.is_closed():
            loop._ready.extend(held)
            loop._write_to_self()

    # ── Notes ──

    def _mark(self, handle: Any, text: str) -> None:
        self._marks[id(handle)] = (weakref.ref(handle), text)

    def _note(self, sentence: str) -> str:
        self._changes.append(sentence)
        del self._changes[:-MOST_CHANGES]
        return sentence
