"""The await chain: from a task's coroutine down through what each suspended frame awaits, to what the task waits for.

It follows `cr_await`, `gi_yieldfrom` and `ag_await`, and passes the glue objects between (an `__await__` iterator, an
`asend`, a class of the program) by asking the garbage collector what they refer to, so that no code of the program
runs.
It tells where a chain leads, not what that means.
"""

from __future__ import annotations

import sys
from gc import get_referents
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType

from . import peek
from .peek import field
from .stock import stock
from .tasks import coroutine_of, is_running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: No chain is followed further: it would take longer than an answer may.
DEEPEST = 20_000
#: How many objects are looked at to pass one glue object.
_GLUE_REACH = 60
_GENERATORS = (CoroutineType, GeneratorType, AsyncGeneratorType)


class Link:
    """One suspended frame of a chain: a coroutine, generator or async generator, and where it stands."""

    __slots__ = ("_referents", "code", "frame", "owner")

    def __init__(self, owner: Any, code: CodeType, frame: FrameType | None) -> None:
        self.owner = owner
        self.code = code
        #: None for a frame that only a C coroutine has, or that has ended.
        self.frame = frame
        self._referents: list[Any] | None = None

    @property
    def line(self) -> int:
        """The line it is suspended on; the first line of its `def` where that is not known."""
        line = self.frame.f_lineno if self.frame is not None else None
        return line or self.code.co_firstlineno

    @property
    def name(self) -> str:
        """Qualified name of the function."""
        return peek.text(field(self.owner, "__qualname__")) or peek.text(self.code.co_name)

    @property
    def offset(self) -> int:
        """Offset of the instruction it is suspended at, in bytes; -1: not begun."""
        return self.frame.f_lasti if self.frame is not None else -1

    def referents(self) -> list[Any]:
        """What its frame refers to: the bound local variables in their order (arguments first), then the evaluation
        stack."""
        if self._referents is None:
            self._referents = _frame_referents(self.owner, self.frame)
        return self._referents

    def local(self, cls: Any) -> Any:
        """The first local variable of that class, which for a method of the class is its `self`; None if there is
        none."""
        if cls is None:
            return None
        return next((value for value in self.referents() if peek.is_a(value, cls)), None)


def _frame_referents(owner: Any, frame: FrameType | None) -> list[Any]:
    """Locals and stack of a suspended frame, without making a dict of them that would keep them alive."""
    if sys.version_info < (3, 11):
        # A coroutine refers to its frame, and the frame to code, builtins, globals (and f_locals, f_trace), then
        # the values.
        referents = get_referents(frame) if frame is not None else []
        begin = next((i for i, value in enumerate(referents) if type(value) is CodeType), -1)
        return referents[begin + 3 :]
    referents = get_referents(owner)
    # A generator refers to its name, its frame object, its function and code, then the values (Objects/genobject.c).
    code = next((i for i in range(min(8, len(referents)) - 1, -1, -1) if type(referents[i]) is CodeType), -1)
    return referents[code + 1 :]


def link_of(owner: Any) -> Link | None:
    """The link of a coroutine, generator or async generator; None for anything else."""
    if type(owner) is CoroutineType:
        return Link(owner, owner.cr_code, owner.cr_frame)
    if type(owner) is GeneratorType:
        return Link(owner, owner.gi_code, owner.gi_frame)
    if type(owner) is AsyncGeneratorType:
        return Link(owner, owner.ag_code, owner.ag_frame)
    code: Any = field(owner, "cr_code")
    if type(code) is CodeType:  # a coroutine of Cython
        frame: Any = field(owner, "cr_frame")
        return Link(owner, code, frame if type(frame) is FrameType else None)
    return None


def _next_of(owner: Any, waiter: Any) -> Any:
    """What an object of the chain awaits; None: nothing more."""
    if type(owner) is CoroutineType:
        return owner.cr_await
    if peek.exactly(owner, GeneratorType):
        return owner.gi_yieldfrom
    if type(owner) is AsyncGeneratorType:
        return owner.ag_await
    awaited = field(owner, "cr_await")
    return awaited if awaited is not None else _through_glue(owner, waiter)


def _through_glue(glue: Any, waiter: Any) -> Any:
    """What a glue object passes `send` on to: a suspended generator of any kind, or the future the task waits for."""
    queue = [glue]
    seen = {id(glue)}
    for reached in queue:
        if len(seen) > _GLUE_REACH:
            break
        for value in get_referents(reached):
            if value is waiter or _is_suspended(value):
                return value
            if id(value) not in seen and not peek.is_a(value, type) and not peek.exactly(value, CodeType, FrameType):
                seen.add(id(value))
                # Into the glue's own attributes and other glue, not through everything the program has.
                if reached is glue or peek.exactly(reached, dict):
                    queue.append(value)
    return None


def _is_suspended(owner: Any) -> bool:
    """True for a generator of any kind that awaits something now."""
    return peek.exactly(owner, *_GENERATORS) and _next_of(owner, None) is not None


class Chain:
    """A task's await chain at one instant. Not to be kept: it refers to the program's objects."""

    __slots__ = ("links", "tail", "too_deep")

    def __init__(self, links: list[Link], tail: Any, too_deep: bool) -> None:
        #: Outermost (the task's coroutine) first.
        self.links = links
        #: The future at its end, as the innermost frame awaits it; None: none, or not known.
        self.tail = tail
        self.too_deep = too_deep


def owners_of(task: Any) -> tuple[list[Any], Any]:
    """The suspended coroutines of a task, outermost first, and the future at their end (None: none is known).

    A task that runs has only its outermost one: what a running coroutine awaits cannot be told from outside.
    """
    coroutine = coroutine_of(task)
    waiter = field(task, "_fut_waiter")
    if coroutine is None or is_running(task):
        return ([] if coroutine is None else [coroutine]), None
    owners: list[Any] = []
    current = coroutine
    seen: set[int] = set()
    is_future = stock().is_future
    while current is not None and len(owners) < DEEPEST and id(current) not in seen:
        if not peek.exactly(current, *_GENERATORS):
            if is_future(current):
                return owners, current
            seen.add(id(current))
            if field(current, "cr_code") is not None:
                owners.append(current)
        else:
            seen.add(id(current))
            owners.append(current)
        current = _next_of(current, waiter)
    return owners, waiter


def chain_of(task: Any) -> Chain:
    """The await chain of a task that is not running."""
    owners, tail = owners_of(task)
    links = [link for link in (link_of(owner) for owner in owners) if link is not None]
    return Chain(links, tail, len(owners) >= DEEPEST)


def frames_while_running(task: Any) -> list[FrameType]:
    """The frames of a task that runs now, outermost first: its coroutines and the functions they have called."""
    loop: Any = field(task, "_loop")
    thread = field(loop, "_thread_id")
    current_frames: Any = vars(sys)["_current_frames"]
    frame: FrameType | None = current_frames().get(thread) if type(thread) is int else None
    coroutine = coroutine_of(task)
    outermost: Any = field(coroutine, "cr_frame") or field(coroutine, "gi_frame")
    frames: list[FrameType] = []
    while frame is not None and len(frames) < DEEPEST:
        frames.append(frame)
        if frame is outermost:
            frames.reverse()
            return frames
        frame = frame.f_back
    return [outermost] if type(outermost) is FrameType else []
