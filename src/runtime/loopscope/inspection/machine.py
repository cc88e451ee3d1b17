"""An evaluator of byte code on an abstract stack: its items are the expressions of the source, as text and as
structure.

It runs forwards over a stretch of a function and follows both ways of a branch until they meet; what it does not
follow
becomes unknown, never wrong. What each instruction does to the stack is in `instructions`; what the result is for, in
`expressions`.
"""

from __future__ import annotations

import dis
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    Step = Callable[["Machine", int], None]

VERSION = sys.version_info[:2]
#: Longest name that is worth saying.
_LONGEST = 60
_OPNAMES = dis.opname
_EXTENDED_ARG = dis.EXTENDED_ARG
_ABSOLUTE = frozenset(dis.hasjabs)
_JUMPS = _ABSOLUTE | frozenset(dis.hasjrel)


class Expr:
    """An expression: its text ('' if not known) and what it is made of.

    `base` is what an attribute is of, what a call calls, or what an `async with` enters; `attr` the attribute's name.
    """

    __slots__ = ("args", "attr", "base", "call", "entered", "text")

    def __init__(self, text: str = "", base: Expr | None = None, attr: str = "") -> None:
        self.text = text if len(text) <= _LONGEST else ""
        self.base = base
        self.attr = attr
        self.call = False
        self.entered = False
        self.args: tuple[Expr, ...] = ()


UNKNOWN = Expr()
#: The empty place beside a callable.
NULL = Expr()


class Site:
    """A place in a function: the offset of an instruction, and the text of the expression that it is about."""

    __slots__ = ("asynchronous", "expr", "handler", "offset")

    def __init__(self, offset: int, expr: Expr, asynchronous: bool = True) -> None:
        self.offset = offset
        self.expr = expr
        self.asynchronous = asynchronous
        #: Of a `with`: the offset of what runs if an exception leaves its block; -1: not known.
        self.handler = -1


class Machine:
    """The stack, and what was met on the way: `with` blocks entered, `acquire()` awaited, `release()` called."""

    def __init__(self, code: CodeType, steps: dict[str, Step]) -> None:
        self.code = code
        self.raw = code.co_code
        self.stack: list[Expr] = []
        self.enters: list[Site] = []
        self.acquires: list[Site] = []
        self.releases: list[Site] = []
        #: True between KW_NAMES and its call (3.11, 3.12).
        self.keywords = False
        self._steps = steps
        self._joins: dict[int, list[Expr]] = {}
        self._fresh = False
        self._offset = 0

    def run(self, start: int, stop: int) -> None:
        """Evaluates the instructions in [start, stop)."""
        raw = self.raw
        stop = min(stop, len(raw))
        offset = start
        extended = 0
        while offset < stop:
            if offset in self._joins:
                self._join(self._joins.pop(offset))
            self._fresh = False
            op = raw[offset]
            arg = raw[offset + 1] | extended
            self._offset = offset
            offset += 2
            if op == _EXTENDED_ARG:
                extended = arg << 8
                continue
            extended = 0
            if VERSION >= (3, 11):
                while offset < len(raw) and raw[offset] == 0:  # inline caches
                    offset += 2
            name = _OPNAMES[op]
            if op in _JUMPS:
                self._jump(name, op, arg, offset)
            else:
                step = self._steps.get(name)
                if step is None:
                    self.stack.clear()
                else:
                    step(self, arg)

    def pop(self, count: int = 1) -> list[Expr]:
        """Takes that many off the stack, lowest first; what was pushed before the start is unknown."""
        self.pad(count)
        at = len(self.stack) - count
        taken = self.stack[at:]
        del self.stack[at:]
        return taken

    def push(self, *exprs: Expr) -> None:
        """Puts expressions on the stack, the last one on top."""
        self.stack.extend(exprs)

    def pad(self, count: int) -> None:
        """Makes the stack that deep, with unknowns below."""
        missing = count - len(self.stack)
        if missing > 0:
            self.stack[:0] = [UNKNOWN] * missing

    def peek(self, depth: int = 1) -> Expr:
        """The one at that depth (1: the top)."""
        return self.stack[-depth] if depth <= len(self.stack) else UNKNOWN

    def enter(self, context: Expr, asynchronous: bool) -> None:
        """A `with` or `async with` is about to enter its context."""
        self.enters.append(Site(self._offset, context, asynchronous))

    def call(self, callee: Expr, args: list[Expr], plain: bool) -> None:
        """Pushes the result of a call; `plain`: all its arguments are here, none has a keyword."""
        result = Expr(base=callee)
        result.call = True
        result.args = tuple(args)
        if callee.entered:  # the call of __aenter__ (3.14 on)
            result.entered = True
            result.base = callee.base
        elif callee.attr == "release" and callee.base is not None and not args:
            self.releases.append(Site(self._offset, callee.base))
        if plain and callee.text and all(arg.text for arg in args):
            result.text = Expr(f"{callee.text}({', '.join(arg.text for arg in args)})").text
        self.push(result)

    def awaits(self) -> None:
        """The top of the stack is about to be awaited."""
        top = self.peek()
        if top.call and top.base is not None and top.base.attr == "acquire" and top.base.base is not None:
            self.acquires.append(Site(self._offset, top.base.base))

    def stop(self) -> None:
        """What follows is reached by a jump, or from an exception: nothing is known of the stack there."""
        self._fresh = True
        self.stack.clear()

    def _jump(self, name: str, op: int, arg: int, after: int) -> None:
        """A jump: what is on the stack now will be there at its target too."""
        unit = 2 if VERSION >= (3, 10) else 1
        target = arg * unit if op in _ABSOLUTE else after + arg * unit
        special = self._steps.get("JUMP " + name)
        if name.startswith("SETUP_"):
            if special is not None:
                special(self, arg)
                if self.enters:
                    self.enters[-1].handler = target
        elif special is not None:
            special(self, arg)
        elif name != "JUMP_BACKWARD_NO_INTERRUPT":  # that is the loop around SEND
            keeps = "OR_POP" in name
            conditional = keeps or name.startswith(("POP_JUMP", "JUMP_IF"))
            if conditional:
                self.pop()
            if target > after and "BACKWARD" not in name:
                self._joins.setdefault(target, [*self.stack, UNKNOWN] if keeps else list(self.stack))
            if not conditional:
                self.stop()

    def _join(self, other: list[Expr]) -> None:
        """Two ways meet: only what is on both stacks is known."""
        if self._fresh:
            self.stack = list(other)
            return
        shared = min(len(other), len(self.stack))
        ours = self.stack[len(self.stack) - shared :]
        theirs = other[len(other) - shared :]
        self.stack = [a if a is b else UNKNOWN for a, b in zip(ours, theirs)]
