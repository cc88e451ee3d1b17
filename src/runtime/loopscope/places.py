"""Places in the user's source: the first frame outside asyncio, and the texts that stand for coroutines, callbacks and sites on the wire."""

from __future__ import annotations

import asyncio
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .session import Strings

ASYNCIO_FOLDER = os.path.dirname(asyncio.__file__) + os.sep


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The first frame, from that one outwards, that is not asyncio's."""
    while frame is not None and frame.f_code.co_filename.startswith(ASYNCIO_FOLDER):
        frame = frame.f_back
    return frame


def user_call(frame: FrameType | None) -> tuple[str, dict[str, Any] | None]:
    """The function of asyncio that the user called to get to that frame ('' if none), and the user's place."""
    last = ""
    while frame is not None and frame.f_code.co_filename.startswith(ASYNCIO_FOLDER):
        last = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
        frame = frame.f_back
    if frame is None:
        return last, None
    code = frame.f_code
    return last, {"file": code.co_filename, "line": frame.f_lineno or 0, "function": getattr(code, "co_qualname", code.co_name)}


def site_text(frame: FrameType | None) -> str:
    """A site as it is interned."""
    frame = user_frame(frame)
    if frame is None:
        return "\t0\t"
    code = frame.f_code
    return f"{code.co_filename}\t{frame.f_lineno}\t{getattr(code, 'co_qualname', code.co_name)}"


def coroutine_text(coroutine: Any) -> str:
    """A coroutine as it is interned: its qualified name, its file and the line of its `def`."""
    name = getattr(coroutine, "__qualname__", None) or getattr(coroutine, "__name__", None) or type(coroutine).__qualname__
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    if code is None:
        return f"{name}\t\t0"
    return f"{name}\t{code.co_filename}\t{code.co_firstlineno}"


def callback_text(callback: Any) -> str:
    """A callback as it is interned. Nothing of the user's is called."""
    while hasattr(type(callback), "func") and type(callback).__name__ == "partial":
        callback = callback.func
    function = getattr(callback, "__func__", callback)
    name = getattr(callback, "__qualname__", None)
    if not isinstance(name, str):
        name = type(callback).__qualname__
    code = getattr(function, "__code__", None)
    if code is None:
        return f"{name}\t\t0"
    return f"{name}\t{code.co_filename}\t{code.co_firstlineno}"
