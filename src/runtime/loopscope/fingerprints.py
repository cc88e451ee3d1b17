"""Recognises the functions of asyncio that we stand in for: by a fingerprint of their code, for the CPythons that were looked at.

Knows nothing of how they are replaced. The table is made by scripts/fingerprints.py from real CPythons; what is not in it is not wrong,
only unknown, and selftest.py tries it out. A fingerprint does not change with the file's place or line numbers, nor with docstrings.
"""

from __future__ import annotations

import _imp

from . import fingerprint_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any, Callable

    Functions = tuple[tuple[str, str], ...]

FUNCTIONS = (
    ("base_events", "BaseEventLoop._run_once"),
    ("base_events", "BaseEventLoop.call_soon"),
    ("base_events", "BaseEventLoop._call_soon"),
    ("base_events", "BaseEventLoop.call_soon_threadsafe"),
    ("base_events", "BaseEventLoop.call_at"),
    ("base_events", "BaseEventLoop.create_task"),
    ("base_events", "BaseEventLoop._timer_handle_cancelled"),
    ("base_events", "BaseEventLoop.stop"),
    ("base_events", "BaseEventLoop.time"),
    ("events", "Handle.__init__"),
    ("events", "Handle._run"),
    ("events", "TimerHandle.__init__"),
)
"""What is replaced, and what the replacements do in line: module of asyncio, qualified name."""

EVENT_FUNCTIONS = (
    ("base_events", "BaseEventLoop._add_callback"),
    ("selector_events", "BaseSelectorEventLoop._process_events"),
)
"""What a tick does in line only where it is known: else it calls them."""


def fingerprint(code: CodeType) -> int:
    """A number for what a code object does: its instructions, names and constants, without its docstring and its place in a file.

    The same for a source file whatever interpreter of that minor version compiled it; nothing can be said across minor versions.
    """
    return int.from_bytes(_imp.source_hash(0, repr(_parts(code)).encode("utf-8", "backslashreplace")), "little")


def _parts(code: CodeType) -> tuple[object, ...]:
    constants = list(code.co_consts)
    has_docstring = bool(constants) and isinstance(constants[0], str) and "\n" in constants[0]
    constants = constants[1:] if has_docstring else constants
    described = [_describe(constant) for constant in constants if constant is not None]
    flags = code.co_flags & ~_HAS_DOCSTRING
    return (code.co_argcount, code.co_kwonlyargcount, flags, code.co_code, code.co_names, code.co_varnames, code.co_freevars, described)


def _describe(constant: Any) -> object:
    if hasattr(constant, "co_code"):
        return _parts(constant)
    if isinstance(constant, frozenset):  # Its order is another in each process.
        members: frozenset[object] = constant  # pyright: ignore[reportUnknownVariableType]
        return sorted(repr(member) for member in members)
    return repr(constant)


_HAS_DOCSTRING = 0x4000000
"""CPython, Include/cpython/code.h, 3.13: CO_HAS_DOCSTRING."""


def functions_of(modules: dict[str, ModuleType], functions: Functions = FUNCTIONS) -> dict[str, Callable[..., Any] | None]:
    """The functions by qualified name; None for one that is not there or is no Python function."""
    result: dict[str, Callable[..., Any] | None] = {}
    for module, name in functions:
        found: Any = modules[module]
        for part in name.split("."):
            attributes: dict[str, Any] = getattr(found, "__dict__", {})
            found = attributes.get(part)
        result[name] = found if hasattr(found, "__code__") else None
    return result


def unknown(modules: dict[str, ModuleType], functions: Functions = FUNCTIONS) -> list[str]:
    """The names of the functions that are not those of a CPython that was looked at. `modules`: asyncio's by their last name."""
    result: list[str] = []
    for name, function in functions_of(modules, functions).items():
        if function is None or fingerprint(function.__code__) not in fingerprint_table.KNOWN.get(name, ()):
            result.append(name)
    return result
