"""Places in source files: which file is a library's and which is the user's, and frames as the wire wants them.

A file is a library's if it belongs to the standard library or to an installed package; the answer is worked out
once for
each file. It does not read files.
"""

from __future__ import annotations

import os

from . import peek

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .chain import Chain, Link

#: Frames at each end of a chain that are told; those between are counted.
ENDS = 200
_OWN_FOLDER = os.path.dirname(os.path.dirname(peek.field.__code__.co_filename)) + os.sep
_LIBRARY, _USER, _OWN = 1, 2, 3
_kinds: dict[str, int] = {}


_STANDARD_LIBRARY = os.path.normcase(os.path.dirname(os.__file__)) + os.sep
_PACKAGES = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))


def _kind_of(file: str) -> int:
    """Whose file it is."""
    kind = _kinds.get(file)
    if kind is None:
        name = os.path.normcase(file)
        if file.startswith(_OWN_FOLDER):
            kind = _OWN
        elif file.startswith("<frozen ") or name.startswith(_STANDARD_LIBRARY) or any(part in name for part in _PACKAGES):
            kind = _LIBRARY
        else:
            kind = _USER
        if len(_kinds) > 20_000:
            _kinds.clear()
        _kinds[file] = kind
    return kind


def is_library(code: CodeType) -> bool:
    """True for code of the standard library, of an installed package, or of this runtime."""
    return _kind_of(code.co_filename) != _USER


def is_own(code: CodeType) -> bool:
    """True for code of this runtime, which no answer shows."""
    return _kind_of(code.co_filename) == _OWN


def library_name(code: CodeType) -> str:
    """The installed package a file belongs to (`aiohttp`), as its folder is called; '' for the user's and the
    standard library's."""
    name = code.co_filename
    for part in _PACKAGES:
        _, found, rest = name.rpartition(part)
        if found:
            return rest.split(os.sep, 1)[0].partition(".")[0]
    return ""


def function_name(code: CodeType) -> str:
    """Qualified name of the function (CPython 3.11 on; before that its plain name)."""
    return peek.text(getattr(code, "co_qualname", code.co_name))


def short_place(code: CodeType, line: int) -> str:
    """`worker.py:9`"""
    return f"{os.path.basename(code.co_filename)}:{line}"


def site(code: CodeType, line: int, function: str) -> dict[str, Any]:
    """A `SourceSite`."""
    return {"file": code.co_filename, "line": line, "function": function}


def link_site(link: Link) -> dict[str, Any]:
    """Where a suspended frame stands."""
    return site(link.code, link.line, link.name)


def code_site(code: CodeType) -> dict[str, Any]:
    """Where a function is defined."""
    return site(code, code.co_firstlineno, function_name(code))


def innermost(chain: Chain) -> Link | None:
    """The innermost frame of the user's code; where none is, of an installed package; else of the standard
    library."""
    best: Link | None = None
    best_rank = 0
    for link in chain.links:
        kind = _kind_of(link.code.co_filename)
        rank = 3 if kind == _USER else 2 if library_name(link.code) else 1
        if kind != _OWN and rank >= best_rank:
            best, best_rank = link, rank
    return best


def _stack_frame(code: CodeType, line: int, function: str) -> dict[str, Any]:
    """A `StackFrame`."""
    return {**site(code, line, function), "library": is_library(code)}


def _with_gap(frames: list[Any]) -> tuple[list[Any], int]:
    """The frames, or both ends of them and how many are left out between."""
    gap = len(frames) - 2 * ENDS
    return (frames, 0) if gap <= 0 else (frames[:ENDS] + frames[-ENDS:], gap)


def chain_frames(chain: Chain) -> list[dict[str, Any]]:
    """The frames of an await chain as `StackFrame`s, outermost first; of a very long one both ends, and a row
    between that counts."""
    links, gap = _with_gap([link for link in chain.links if not is_own(link.code)])
    rows = [_stack_frame(link.code, link.line, link.name) for link in links]
    return _mark_gap(rows, gap)


def running_frames(frames: list[FrameType]) -> list[dict[str, Any]]:
    """The same for the frames of a running task."""
    shown, gap = _with_gap([frame for frame in frames if not is_own(frame.f_code)])
    rows = [_stack_frame(f.f_code, f.f_lineno or f.f_code.co_firstlineno, function_name(f.f_code)) for f in shown]
    return _mark_gap(rows, gap)


def traceback_frames(traceback: Any) -> list[dict[str, Any]]:
    """The frames of the traceback that a task failed with, outermost first."""
    steps: list[Any] = []
    while traceback is not None and len(steps) < 10_000:
        steps.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    shown, gap = _with_gap([step for step in steps if not is_own(step[0])])
    return _mark_gap([_stack_frame(code, line or code.co_firstlineno, function_name(code)) for code, line in shown], gap)


def _mark_gap(rows: list[dict[str, Any]], gap: int) -> list[dict[str, Any]]:
    """Puts a row in the middle that says how many frames are left out."""
    if gap:
        rows.insert(ENDS, {"file": "", "line": 0, "function": f"… {gap:,} frames", "library": True})
    return rows
