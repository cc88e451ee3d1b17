"""What a suspended frame's source says, without the source: the expression it awaits, and the `async with` blocks
it is in.

The names that a person wrote (`self.db`, `locks[key]`) are in the byte code. So they are known for a program whose
source
is not there, no file is read while the loop waits, and it is the same on all versions. Results are kept for each code
object as long as it lives. It knows nothing of asyncio.
"""

from __future__ import annotations

import dis
from types import CodeType
from weakref import ref

from .instructions import STEPS
from .machine import UNKNOWN, VERSION, Expr, Machine, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of byte code before an await in which its expression is looked for.
_WINDOW = 1024
#: Functions with more byte code than this are not scanned whole: it would take longer than an answer may.
_LONGEST_SCAN = 6_000
_ENTERS = frozenset(
    code for code, name in enumerate(dis.opname) if name in ("BEFORE_ASYNC_WITH", "BEFORE_WITH", "SETUP_WITH", "LOAD_SPECIAL")
)
_AWAITS = frozenset(code for code, name in enumerate(dis.opname) if name in ("GET_AWAITABLE", "GET_ANEXT", "GET_YIELD_FROM_ITER"))
_EXTENDED_ARG = dis.EXTENDED_ARG
#: Bytes from the instruction that gets an awaitable to the one at which a frame stands while it awaits it.
_AWAIT_REACH = 4 if VERSION < (3, 11) else 6 if VERSION < (3, 12) else 10 if VERSION < (3, 15) else 12
#: From the instruction that gets an awaitable to the one that suspends on it there are at most so many bytes (3.15:
#: 10).
_AWAIT_LENGTH = 12


class _Known:
    """What was worked out for one code object."""

    __slots__ = ("awaited", "blocks", "code", "handlers", "scan")

    def __init__(self, code: CodeType) -> None:
        self.code = ref(code)
        self.awaited: dict[int, Expr] = {}
        self.scan: Machine | None = None
        self.blocks: bool | None = None
        self.handlers: list[tuple[int, int, int]] | None = None


_known: dict[int, _Known] = {}


def _about(code: CodeType) -> _Known:
    """The notes on a code object."""
    known = _known.get(id(code))
    if known is None or known.code() is not code:
        if len(_known) > 10_000:
            _known.clear()
        known = _known[id(code)] = _Known(code)
    return known


def awaited_expression(code: CodeType, offset: int) -> Expr:
    """The expression that a frame suspended at that offset (`f_lasti`) awaits."""
    known = _about(code)
    expr = known.awaited.get(offset)
    if expr is None:
        if len(known.awaited) > 200:
            known.awaited.clear()
        expr = known.awaited[offset] = _evaluate(code, offset)
    return expr


def _evaluate(code: CodeType, offset: int) -> Expr:
    """The same, worked out."""
    raw = code.co_code
    if not 0 <= offset < len(raw):
        return UNKNOWN
    at = offset
    # The await is GET_AWAITABLE (or what stands for it), then a constant and the instruction that suspends.
    while raw[at] not in _AWAITS:
        at -= 2
        if at < max(0, offset - _AWAIT_REACH):
            return UNKNOWN
    start = max(0, at - _WINDOW)
    while start >= 2 and raw[start - 2] == _EXTENDED_ARG:
        start -= 2
    machine = Machine(code, STEPS)
    machine.run(start, at)
    if dis.opname[raw[at]] == "GET_ANEXT":
        machine.run(at, at + 2)
    return machine.peek()


def has_pairs(code: CodeType) -> bool:
    """True if the function calls an `acquire` and a `release`, so that a frame of it may hold something by them."""
    return "release" in code.co_names and "acquire" in code.co_names


def has_blocks(code: CodeType) -> bool:
    """True if the function has a `with` or an `async with`. Cheap."""
    known = _about(code)
    if known.blocks is None:
        known.blocks = not _ENTERS.isdisjoint(code.co_code[::2])
    return known.blocks


def _scan(code: CodeType) -> Machine:
    """All of a function's sites (none, if it is too long)."""
    known = _about(code)
    if known.scan is None:
        machine = Machine(code, STEPS)
        if len(machine.raw) <= _LONGEST_SCAN:
            machine.run(0, len(machine.raw))
            if VERSION >= (3, 11):
                _pair_handlers(machine.enters, _handlers(code), machine.raw)
        known.scan = machine
    return known.scan


def _handlers(code: CodeType) -> list[tuple[int, int, int]]:
    """The exception table (3.11 on; format: CPython, Objects/exception_handling_notes.txt): start, end and target,
    in bytes."""
    known = _about(code)
    if known.handlers is None:
        numbers = list(_varints(getattr(code, "co_exceptiontable", b"")))
        rows = zip(numbers[0::4], numbers[1::4], numbers[2::4])
        known.handlers = [(start * 2, (start + length) * 2, target * 2) for start, length, target in rows]
    return known.handlers


def _varints(table: bytes) -> Iterator[int]:
    """The numbers in an exception table."""
    value = 0
    for byte in table:
        value = (value << 6) | (byte & 63)
        if not byte & 64:
            yield value
            value = 0


def _pair_handlers(enters: list[Site], handlers: list[tuple[int, int, int]], raw: bytes) -> None:
    """Finds for each `with` its handler: of those that call `__exit__`, the one whose block begins next."""
    begins: dict[int, int] = {}
    for start, _, target in handlers:
        if "WITH_EXCEPT_START" in (dis.opname[op] for op in raw[target : target + 6 : 2]):
            begins[target] = min(start, begins.get(target, start))
    for site in enters:
        later = [(start, target) for target, start in begins.items() if start > site.offset]
        site.handler = min(later)[1] if later else -1


def open_blocks(code: CodeType, offset: int) -> list[Site]:
    """The `with` and `async with` blocks that a frame at that offset has entered, outermost first.

    One whose `__aexit__` is being awaited is still among them up to 3.10, and no more from 3.11 on.
    """
    sites = [site for site in _scan(code).enters if site.offset < offset]
    if VERSION < (3, 11):
        return [site for site in sites if site.offset + _AWAIT_LENGTH < offset < site.handler]
    inside: set[int] = set()
    at = offset
    while True:
        target = next((target for start, end, target in _handlers(code) if start <= at < end), -1)
        if target < 0 or target in inside:
            break
        inside.add(target)
        at = target
    return [site for site in sites if site.handler in inside]


def acquired_at(code: CodeType, offset: int) -> list[Site]:
    """What a frame at that offset has acquired by `await x.acquire()` and releases by `x.release()` further on."""
    machine = _scan(code)
    held: list[Site] = []
    for site in machine.acquires:
        name = site.expr.text
        let_go = [release.offset for release in machine.releases if release.expr.text == name and name]
        if (
            site.offset + _AWAIT_LENGTH < offset
            and not any(site.offset < at < offset for at in let_go)
            and any(at > offset for at in let_go)
        ):
            held = [*(other for other in held if other.expr.text != name), site]
    return held


def line_at(code: CodeType, offset: int) -> int:
    """The line of the instruction at that offset."""
    found = code.co_firstlineno
    for start, line in dis.findlinestarts(code):
        if start > offset:
            break
        found = line or found
    return found


def owner_text(expr: Expr, methods: tuple[str, ...], depth: int = 8) -> str:
    """In an expression, the text of that on which one of these methods is called (or which an `async with` enters).

    `wait_for(self.q.get(), 1)` and `('get',)` give `self.q`. '' if there is none, more than one, or it has no text.
    """
    found = set(_owners(expr, methods, depth))
    return found.pop() if len(found) == 1 else ""


def _owners(expr: Expr, methods: tuple[str, ...], depth: int) -> Iterator[str]:
    """All candidates for `owner_text`."""
    base = expr.base
    if depth <= 0 or base is None:
        return
    if expr.entered:
        if "__aenter__" in methods:
            yield base.text
        return
    if expr.call and base.attr in methods and base.base is not None:
        yield base.base.text
    for arg in expr.args:
        yield from _owners(arg, methods, depth - 1)
    yield from _owners(base, methods, depth - 1)
