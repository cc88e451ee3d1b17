"""The vocabulary of the recognisers: what a task waits for, and the view of its await chain that a recogniser
gets."""

from __future__ import annotations

from ..expressions import awaited_expression, owner_text
from ..machine import UNKNOWN
from ..tasks import coroutine_name, coroutine_of, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..budget import Budget
    from ..chain import Chain, Link
    from ..context import Context
    from ..holders import Holders
    from ..machine import Expr

    Recogniser = Callable[["View"], "Wait | None"]


class Wait:
    """What a task waits for: a `WaitsFor` of src/protocol/wire.ts. `task` is an address, `due` a time of the loop's
    clock."""

    __slots__ = ("due", "kind", "task", "text")

    def __init__(self, kind: str, text: str, due: float | None = None, task: int = 0) -> None:
        self.kind = kind
        self.text = text
        self.due = due
        self.task = task

    def row(self) -> dict[str, Any]:
        """As it goes over the wire."""
        row: dict[str, Any] = {"kind": self.kind, "text": self.text}
        # What is never due, as in `sleep(math.inf)`, does not end by itself.
        if self.due is not None and abs(self.due) < float("inf"):
            row["due"] = self.due
        if self.task:
            row["task"] = self.task
        return row


class Asked:
    """What all recognisers of one answer share."""

    __slots__ = ("budget", "context", "holders", "loop")

    def __init__(self, loop: Any, budget: Budget, context: Context, holders: Holders) -> None:
        self.loop = loop
        self.budget = budget
        self.context = context
        self.holders = holders


class View:
    """A task's chain as seen from one of its links: the one that a recogniser knows."""

    __slots__ = ("_transparent", "asked", "chain", "index", "named_by", "task")

    def __init__(self, asked: Asked, task: Any, chain: Chain, index: int, named_by: Expr | None, transparent: frozenset[int]) -> None:
        self.asked = asked
        self.task = task
        self.chain = chain
        self.index = index
        self.named_by = named_by
        self._transparent = transparent

    @property
    def link(self) -> Link:
        """The link that was recognised."""
        return self.chain.links[self.index]

    @property
    def inside(self) -> list[Link]:
        """The links below it."""
        return self.chain.links[self.index + 1 :]

    def at_tail(self) -> View:
        """The same chain as seen from the future at its end."""
        return View(self.asked, self.task, self.chain, len(self.chain.links), self.named_by, self._transparent)

    def awaiter(self) -> Link | None:
        """The frame that awaits this link, past those that only pass it on; None for the task's own coroutine."""
        at = self.index - 1
        while at >= 0 and id(self.chain.links[at].code) in self._transparent:
            at -= 1
        return self.chain.links[at] if at >= 0 else None

    def expression(self) -> Expr:
        """The expression with which the program awaits this link; unknown for the task's own coroutine."""
        link = self.awaiter()
        return awaited_expression(link.code, link.offset) if link is not None else self.named_by or UNKNOWN

    def owner(self, *methods: str) -> str:
        """How the program names the object on which it awaits one of these methods; '' if that is not known."""
        return owner_text(self.expression(), methods)


def named(kind: str, name: str) -> str:
    """`Lock self.db`, or `Lock`."""
    return f"{kind} {name}" if name else kind


def task_label(task: Any) -> str:
    """`Task-3 · fetch()`"""
    coroutine = coroutine_name(coroutine_of(task))
    return f"{name_of(task)} · {coroutine}()" if coroutine else name_of(task)
