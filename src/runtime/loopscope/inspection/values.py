"""Values in the frames of a suspended task, for a person who looks at them while the loop is stopped.

Read without running a line of the program: the text of a value only where it is of a built-in type, its inside only where that is a
container of a built-in type, an instance's dict or a slot. Everything is bounded: a list of a million shows its first page.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MemberDescriptorType, MethodType, ModuleType

from . import sites
from .chain import chain_of
from .peek import a_dict, a_list, a_tuple, exactly, field, is_a, length, module_of, mro, text, type_module, type_name
from .stock import stock
from .tasks import name_of, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MOST_ROWS = 200
LONGEST_TEXT = 300
PREVIEWED = 6
"""Members of a container that its own text shows."""
WIDEST_INT = 4096
"""Bits of the largest number whose digits are made: more take long."""
_OPTIMIZED = 0x1
"""CPython, Include/cpython/code.h: CO_OPTIMIZED, the code of a function."""

_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_BRACKETS: dict[Any, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}
_missing = object()
_dict_of: Any = vars(type)["__dict__"].__get__
_qualname_of: Any = vars(type)["__qualname__"].__get__


def values_page(task: Any, query: dict[str, Any]) -> dict[str, Any]:
    """The answer to a query `values` about a task. Raises LookupError with a sentence."""
    frame = _frame_of(task, query.get("frame"))
    path = a_list(query.get("path"))
    found: Iterator[tuple[str, Any]]
    if path:
        value = _variables(frame).get(path[0], _missing)
        for step in path[1:]:
            value = next((inner for _, inner in islice(_children(value), step, step + 1)), _missing) if type(step) is int else _missing
        if value is _missing:
            raise LookupError("That value has changed: look at the variables again.")
        total = _count(value)
        found = _children(value)
    else:
        variables = _variables(frame)
        total = len(variables)
        found = iter(variables.items())
    offset = max(0, int(query.get("offset") or 0))
    limit = min(MOST_ROWS, max(0, int(query.get("limit") or 0)))
    only = query.get("only")
    if only:
        numbered = [(index, name, value) for index, (name, value) in enumerate(islice(found, MOST_ROWS * 10)) if name == only]
    else:
        numbered = [(offset + index, name, value) for index, (name, value) in enumerate(islice(found, offset, offset + limit))]
    rows: list[dict[str, Any]] = []
    for index, name, value in numbered:
        rows.append(
            {
                "key": index if path else name,
                "name": name,
                "type": type_name(value),
                "text": value_text(value),
                "children": _count(value),
                "indexed": exactly(value, *_SEQUENCES),
            }
        )
    return {"total": total, "rows": rows}


def _frame_of(task: Any, number: Any) -> FrameType:
    """A frame by its number in the task's `frames`, the outermost first."""
    if state_of(task) not in ("waiting", "ready"):
        raise LookupError("Only the frames of a suspended task can be looked into.")
    links = [link for link in chain_of(task).links if not sites.is_own(link.code)]
    if type(number) is not int or not number >= 0:
        raise LookupError("That frame is gone: look at the stack again.")
    gap = len(links) - 2 * sites.ENDS
    if gap > 0 and number >= sites.ENDS:
        number += gap - 1  # One row stands for those between.
    frame = links[number].frame if number < len(links) else None
    if frame is None:
        raise LookupError("That frame has no variables that can be read.")
    return frame


def _variables(frame: FrameType) -> dict[str, Any]:
    """The local variables of a frame."""
    found: Any = frame.f_locals
    variables = dict(found)
    code: CodeType = frame.f_code
    if type(found) is dict and code.co_flags & _OPTIMIZED:
        # Up to 3.12 the frame keeps this dict, and would keep what is in it alive.
        found.clear()
    return variables


def _instance_values(value: object) -> dict[str, Any]:
    """The attributes of an instance that can be read without code: its dict and its slots."""
    found: dict[str, Any] = {}
    if is_a(value, type) or exactly(value, ModuleType, FunctionType, BuiltinFunctionType, MethodType, CodeType, FrameType):
        return found
    own: Any = field(value, "__dict__")
    for name, inner in list(islice(a_dict(own).items(), MOST_ROWS * 10)):
        if type(name) is str:
            found[name] = inner
    for base in mro(type(value)):
        namespace: Any = _dict_of(base)
        for name, member in list(namespace.items()):
            if type(member) is MemberDescriptorType and not name.startswith("__") and name not in found:
                inner = field(value, name, _missing)
                if inner is not _missing:
                    found[name] = inner
    return found


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """What is inside a value, with names."""
    if exactly(value, *_SEQUENCES) or exactly(value, *_SETS):
        return ((f"[{index}]", inner) for index, inner in enumerate(value))
    if exactly(value, dict):
        return ((f"[{value_text(key)}]", inner) for key, inner in value.items())
    return iter(_instance_values(value).items())


def _count(value: Any) -> int:
    """How many values are inside."""
    if exactly(value, dict, *_SEQUENCES, *_SETS):
        return length(value)
    if exactly(value, type(None), bool, int, float, complex, str, bytes, bytearray, range):
        return 0
    return len(_instance_values(value))


def value_text(value: Any, nested: bool = False) -> str:
    """A value in one line: as Python writes it where it is of a built-in type, else its class."""
    if exactly(value, type(None), bool, float, complex, range):
        return repr(value)
    if exactly(value, int):
        return repr(value) if value.bit_length() <= WIDEST_INT else f"<int of {value.bit_length():,} bits>"
    if exactly(value, str, bytes, bytearray):
        return repr(value) if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]!r}… ({len(value):,})"
    if exactly(value, *_SEQUENCES) or exactly(value, *_SETS):
        begin, end = _BRACKETS[type(value)]
        shown = [] if nested else [value_text(inner, True) for inner in islice(value, PREVIEWED)]
        return _preview(value, begin, end, nested, shown)
    if exactly(value, dict):
        items: list[tuple[Any, Any]] = [] if nested else list(islice(value.items(), PREVIEWED))
        return _preview(value, "{", "}", nested, [f"{value_text(key, True)}: {value_text(inner, True)}" for key, inner in items])
    if stock().is_task(value):
        return f"<{type_name(value)} {name_of(value)} {state_of(value)}>"
    if is_a(value, BaseException):
        said = [value_text(part, True) for part in islice(a_tuple(field(value, "args")), PREVIEWED)]
        return f"{type_name(value)}({', '.join(said)})"
    if is_a(value, type):
        return f"<class {module_of(value)}.{text(_qualname_of(value))}>"
    if exactly(value, FunctionType, BuiltinFunctionType):
        return f"<function {text(value.__qualname__)}>"
    if exactly(value, MethodType):
        return f"<method {text(field(value.__func__, '__qualname__'))}>"
    if exactly(value, ModuleType):
        return f"<module {text(field(value, '__name__'))}>"
    module = type_module(value)
    return f"<{module + '.' if module and module != 'builtins' else ''}{type_name(value)}>"


def _preview(value: Any, begin: str, end: str, nested: bool, shown: list[str]) -> str:
    if nested and length(value) > 0:
        return f"{begin}…{end}"
    if length(value) > len(shown):
        shown.append(f"… ({length(value):,})")
    return f"{begin}{', '.join(shown)}{',' if type(value) is tuple and len(shown) == 1 else ''}{end}"
