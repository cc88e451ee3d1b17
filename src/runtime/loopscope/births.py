"""Weak references to the tasks of this process by address, noted as they are created while there is more than a crowd of them.

To read all tasks holds the loop for 7 ns a task up to CPython 3.13 and for 150 ns from 3.14 on, where only `all_tasks` can: of a crowd
that would be too long, and the notes answer instead, in parts. An address is noted again when the next task takes it, so the notes grow
with the most tasks that ever lived at once, not with those that were made. It knows nothing of what a task does.
"""

from __future__ import annotations

import sys
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

CROWD = 250_000 if sys.version_info < (3, 14) else 20_000
"""From how many live tasks on reading all of them at once takes too long."""

_SHARDS = 1024
"""Parts: each is small enough to be copied, or to grow, in a moment."""


class Births:
    """The notes. `wanted` says whether `note` has to be called for each creation."""

    def __init__(self) -> None:
        """Not wanted, nothing noted."""
        self.wanted = False
        self._shards: list[dict[int, ref[Any]]] = [{} for _ in range(_SHARDS)]
        self._earlier: list[ref[Any]] = []
        self._earlier_at: dict[int, ref[Any]] = {}

    def note(self, task: Any) -> None:
        """A task was created."""
        address = id(task)
        self._shards[(address >> 5) & (_SHARDS - 1)][address] = ref(task)

    def watch(self, live: int, read: Callable[[], tuple[list[ref[Any]], dict[int, ref[Any]]]]) -> None:
        """Tells how many tasks live, now and then; begins and ends the noting where that crosses the limit.

        `read` gives the tasks that live at that moment, in a list or, where nothing else finds them by their address, in a table.
        """
        if not self.wanted and live > CROWD:
            self.wanted = True
            self._earlier, self._earlier_at = read()
        elif self.wanted and live < CROWD // 2:
            self.wanted = False
            self._shards = [{} for _ in range(_SHARDS)]
            self._earlier, self._earlier_at = [], {}

    def find(self, address: int) -> Any:
        """The live task at that address; None: none is known."""
        if self.wanted:
            for notes in (self._shards[(address >> 5) & (_SHARDS - 1)], self._earlier_at):
                reference = notes.get(address)
                task = None if reference is None else reference()
                if task is not None:
                    return task
        return None

    def earlier(self) -> list[ref[Any]]:
        """A new list of the references to tasks that lived when the noting began."""
        return list(self._earlier_at.values()) or list(self._earlier)

    def part(self, number: int) -> list[ref[Any]]:
        """The references in one of the parts (0, 1, … `parts` - 1); those that are dead are dropped."""
        notes = self._shards[number]
        for address in [address for address, reference in list(notes.items()) if reference() is None]:
            notes.pop(address, None)
        return list(notes.values())

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return _SHARDS
