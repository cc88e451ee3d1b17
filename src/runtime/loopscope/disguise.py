"""Makes a function of ours stand in for one of asyncio's so that nothing outside can tell: same name, file, globals and positions.

Tracebacks, warnings with a stack level, `logging` and stack dumps show asyncio's own lines, as they do without us. A line of ours that
stands for a line of the original ends in a comment `# = <text in the original's line>`; every other line takes the position of the first
such line. Where the original's source cannot be read, positions are those of its `def`.
It works on code objects alone, so the functions stay plain functions for people, linters and type checkers.
"""

from __future__ import annotations

import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    Position = tuple[int, int, Optional[int], Optional[int]]
    """First line, last line, first column, last column (columns count from 0; None: not known)."""

MARK = "# = "
LAST = " (last)"
"""Behind the text: the last line of the original with that text, not the first."""

_sources: dict[str, list[str]] = {}


def disguise(ours: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what `ours` does (its closure and its keyword defaults are kept) and looks like `original`.

    `ours` must not use globals: it gets those of the original, so that warnings are counted where they always were.
    """
    code = _disguise_code(ours.__code__, original.__code__)
    function = types.FunctionType(code, original.__globals__, original.__name__, ours.__defaults__, ours.__closure__)
    function.__kwdefaults__ = ours.__kwdefaults__  # type: ignore[assignment]
    function.__qualname__ = original.__qualname__
    function.__module__ = original.__module__
    function.__doc__ = original.__doc__
    function.__annotations__ = {}
    return function


def forget_sources() -> None:
    """Lets go of the texts that were read."""
    _sources.clear()


def _disguise_code(ours: types.CodeType, original: types.CodeType) -> types.CodeType:
    first = original.co_firstlineno
    places = _places(ours, original)
    default: Position = next(iter(places.values()), (first, first, None, None))
    positions = [places.get(line, default) for line in _line_of_each_unit(ours)]
    changes: dict[str, Any] = {"co_filename": original.co_filename, "co_name": original.co_name, "co_firstlineno": first}
    if sys.version_info >= (3, 11):
        changes["co_qualname"] = original.co_qualname
        changes["co_linetable"] = _location_table(positions, first)
    elif sys.version_info >= (3, 10):
        changes["co_linetable"] = _line_table_310(positions, first)
    else:
        changes["co_lnotab"] = _line_table_39(positions, first)
    return ours.replace(**changes)


def _places(ours: types.CodeType, original: types.CodeType) -> dict[int, Position]:
    """Our marked lines, in order, with the position in the original that each stands for."""
    own_lines = _source(ours.co_filename)
    original_lines = _source(original.co_filename)
    original_positions = _positions_by_line(original)
    result: dict[int, Position] = {}
    for line in sorted(set(_line_of_each_unit(ours))):
        text = own_lines[line - 1] if 0 < line <= len(own_lines) else ""
        if MARK not in text:
            continue
        wanted = text.split(MARK, 1)[1].strip()
        alike = [
            candidate
            for candidate in sorted(original_positions)
            if candidate <= len(original_lines) and wanted.removesuffix(LAST) in original_lines[candidate - 1]
        ]
        if alike:
            result[line] = original_positions[alike[-1 if wanted.endswith(LAST) else 0]]
    return result


def _source(path: str) -> list[str]:
    """The lines of a source file; none if it cannot be read."""
    lines = _sources.get(path)
    if lines is None:
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        except (OSError, ValueError):
            lines = []
        _sources[path] = lines
    return lines


def _line_of_each_unit(code: types.CodeType) -> list[int]:
    """The line of each code unit (two bytes), in order; 0 where it has none."""
    count = len(code.co_code) // 2
    lines = [0] * count
    if sys.version_info >= (3, 10):
        for start, end, line in code.co_lines():
            for unit in range(start // 2, end // 2):
                lines[unit] = line or 0
        return lines
    unit = 0
    line = code.co_firstlineno
    table: bytes = getattr(code, "co_lnotab")  # noqa: B009  # Deprecated from 3.12 on; here it is 3.9's.
    for index in range(0, len(table), 2):
        end = unit + table[index] // 2
        while unit < end:
            lines[unit] = line
            unit += 1
        step = table[index + 1]
        line += step - 256 if step >= 128 else step
    for unit in range(unit, count):  # noqa: B020
        lines[unit] = line
    return lines


def _positions_by_line(code: types.CodeType) -> dict[int, Position]:
    """For each line the widest position of an instruction on it: that of its outermost call."""
    result: dict[int, Position] = {}
    if sys.version_info >= (3, 11):
        for line, last, column, last_column in code.co_positions():
            if line is None or last is None:
                continue
            known = result.get(line)
            if known is None or (
                last == line
                and column is not None
                and last_column is not None
                and (known[2] is None or known[3] is None or last_column - column > known[3] - known[2])
            ):
                result[line] = (line, last, column, last_column)
        return result
    for line in _line_of_each_unit(code):
        result[line] = (line, line, None, None)
    return result


def _runs(positions: list[Position]) -> list[tuple[int, Position]]:
    """Neighbours with the same position, as (how many code units, position)."""
    runs: list[tuple[int, Position]] = []
    for position in positions:
        if runs and runs[-1][1] == position:
            runs[-1] = (runs[-1][0] + 1, position)
        else:
            runs.append((1, position))
    return runs


def _location_table(positions: list[Position], first: int) -> bytes:
    """`co_linetable` of 3.11 and later (CPython, Objects/locations.md or InternalDocs/code_objects.md)."""
    table = bytearray()
    previous = first
    for count, (line, last, column, last_column) in _runs(positions):
        while count > 0:
            length = min(count, 8)
            count -= length
            if column is None or last_column is None:
                table.append(0x80 | 13 << 3 | length - 1)
                _append_signed(table, line - previous)
            else:
                table.append(0x80 | 14 << 3 | length - 1)
                _append_signed(table, line - previous)
                _append_unsigned(table, last - line)
                _append_unsigned(table, column + 1)
                _append_unsigned(table, last_column + 1)
            previous = line
    return bytes(table)


def _append_unsigned(table: bytearray, value: int) -> None:
    while value >= 64:
        table.append(0x40 | value & 0x3F)
        value >>= 6
    table.append(value)


def _append_signed(table: bytearray, value: int) -> None:
    _append_unsigned(table, -value << 1 | 1 if value < 0 else value << 1)


def _line_table_310(positions: list[Position], first: int) -> bytes:
    """`co_linetable` of 3.10 (CPython, Objects/lnotab_notes.txt): pairs of bytes covered and the step of the line before them."""
    table = bytearray()
    previous = first
    for count, position in _runs(positions):
        step = position[0] - previous
        previous = position[0]
        while step < -127 or step > 127:
            part = 127 if step > 0 else -127
            table += bytes((0, part & 0xFF))
            step -= part
        size = count * 2
        while size > 254:
            table += bytes((254, step & 0xFF))
            step = 0
            size -= 254
        table += bytes((size, step & 0xFF))
    return bytes(table)


def _line_table_39(positions: list[Position], first: int) -> bytes:
    """`co_lnotab` of 3.9 (CPython, Objects/lnotab_notes.txt): pairs of an offset's and then a line's increment."""
    table = bytearray()
    previous = first
    gap = 0
    for count, position in _runs(positions):
        step = position[0] - previous
        previous = position[0]
        while gap > 254:
            table += bytes((254, 0))
            gap -= 254
        while step < -128 or step > 127:
            part = 127 if step > 0 else -128
            table += bytes((gap, part & 0xFF))
            gap = 0
            step -= part
        if step or gap:
            table += bytes((gap, step & 0xFF))
        gap = count * 2
    return bytes(table)
