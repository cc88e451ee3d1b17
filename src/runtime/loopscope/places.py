"""Places in the user's source: the first frame outside asyncio, and the texts that stand for coroutines, callbacks, sites."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType

from . import FOLDER, wire
from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .session import Strings

_NAMED_TYPES = (FunctionType, MethodType, BuiltinFunctionType, type(object.__init__), type)

OWN_FOLDER = FOLDER + os.sep
ASYNCIO_FOLDER = os.path.dirname(asyncio.__file__) + os.sep
HIDDEN_FILE = "<frozen importlib._bootstrap>"
"""What our frames between asyncio's and the user's say they are of: `warnings` passes over it (CPython, Lib/warnings.py,
_is_internal_frame), so a stack level means what it means without us."""


def user_call(frame: FrameType | None) -> tuple[str, FrameType | None]:
    """The outermost function of asyncio on the way from that frame to the user's (`asyncio.run`; '' if none), and the user's frame."""
    name = ""
    while frame is not None and (
        frame.f_code.co_filename.startswith((ASYNCIO_FOLDER, OWN_FOLDER, HIDDEN_FILE)) or frame.f_globals.get("__name__") == "uvloop"
    ):
        code = frame.f_code
        if code.co_filename.startswith(ASYNCIO_FOLDER):
            name = getattr(code, "co_qualname", code.co_name)
        frame = frame.f_back
    if name in _MODULE_FUNCTIONS:
        name = "asyncio." + name
    return name.rpartition("BaseEventLoop.")[2], frame


_MODULE_FUNCTIONS = ("run", "new_event_loop", "set_event_loop", "get_event_loop")


def site_of(frame: FrameType | None) -> dict[str, Any] | None:
    """A frame as a `SourceSite` of the wire."""
    if frame is None:
        return None
    code = frame.f_code
    return {"file": code.co_filename, "line": frame.f_lineno or 0, "function": getattr(code, "co_qualname", code.co_name)}


def make_site_number(strings: Strings) -> Callable[[FrameType | None], int]:
    """A function from a frame to the number of the user's site: of the first frame outwards that is not asyncio's.

    0: there is none, or the loop itself did it: the frame that started the loop is not to blame.
    """
    known: dict[tuple[int, int], tuple[Any, int]] = {}
    folders = FOLDERS
    run_by_loop = RUN_BY_LOOP

    def site_number(frame: FrameType | None) -> int:
        while frame is not None and frame.f_code.co_filename.startswith(folders):
            if frame.f_code.co_name in run_by_loop:
                return 0
            frame = frame.f_back
        if frame is None:
            return 0
        code = frame.f_code
        key = (id(code), frame.f_lasti)
        found = known.get(key)
        if found is not None:
            return found[1]
        if len(known) >= MAX_KNOWN_CODE:
            known.clear()
        number = strings.number(f"{code.co_filename}\t{frame.f_lineno or 0}\t{getattr(code, 'co_qualname', code.co_name)}")
        known[key] = (code, number)
        return number

    return site_number


FOLDERS = (ASYNCIO_FOLDER, OWN_FOLDER, HIDDEN_FILE)
"""Where the files are whose frames are not the user's."""

RUN_BY_LOOP = ("_run_once", "run_forever", "step")
"""The functions of asyncio, and of uvloop_hooks.py, that call what is due."""


def is_library_file(path: str) -> bool:
    """Whether a file is of the standard library or of an installed package."""
    return path.startswith(_LIBRARY_FOLDERS) or any(part in path for part in _PACKAGES)


_LIBRARY_FOLDERS = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
_PACKAGES = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))


def is_asyncio_function(callback: Any) -> bool:
    """Whether a callback is a function or method of asyncio's own: such a timer wakes the task that set it."""
    function = callback.__func__ if type(callback) is MethodType else callback
    return type(function) is FunctionType and function.__code__.co_filename.startswith(ASYNCIO_FOLDER)


def coroutine_text(coroutine: Any) -> str:
    """A coroutine as it is interned: its qualified name, its file and the line of its `def`."""
    name = getattr(coroutine, "__qualname__", None) or getattr(coroutine, "__name__", None) or type(coroutine).__qualname__
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    if code is None:
        return f"{name}\t\t0"
    return f"{name}\t{code.co_filename}\t{code.co_firstlineno}"


def callback_text(callback: Any) -> str:
    """A callback as it is interned. Nothing of the user's is called."""
    callback = _unwrapped(callback)
    function = getattr(callback, "__func__", callback) if type(callback) is MethodType else callback
    kind: Any = type_of(callback)
    if kind in _NAMED_TYPES:
        name = callback.__qualname__
        code = getattr(function, "__code__", None)
        if code is not None:
            return f"{name}\t{code.co_filename}\t{code.co_firstlineno}"
    else:
        name = f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}\t\t0"


def _unwrapped(callback: Any) -> Any:
    for _ in range(8):
        if type(callback) is not partial:
            break
        callback = callback.func
    return callback


def make_callback_number(strings: Strings) -> Callable[[Any], int]:
    """A function from a callback to the number of its text. Texts are remembered by code object, of which the table holds on to few."""
    known: dict[int, tuple[Any, int]] = {}
    function_type = FunctionType
    method_type = MethodType

    def callback_number(callback: Any) -> int:
        kind: Any = type_of(callback)
        if kind is function_type:
            key = callback.__code__
        elif kind is method_type:
            key = getattr(callback.__func__, "__code__", None)
        else:
            key = None
        if key is None:
            return strings.number(callback_text(callback))
        found = known.get(id(key))
        if found is not None:
            return found[1]
        if len(known) >= MAX_KNOWN_CODE:
            known.clear()
        number = strings.number(callback_text(callback))
        known[id(key)] = (key, number)
        return number

    return callback_number


def make_callback_event(strings: Strings, kind: int) -> Callable[[Any], int]:
    """A function from a callback to the event of that `SHORT_` kind about it."""
    number = make_callback_number(strings)
    kinds = wire.SHORT_KINDS
    first = wire.SHORT_STRINGS * kinds + kind

    def callback_event(callback: Any) -> int:
        return number(callback) * kinds + first

    return callback_event


MAX_KNOWN_CODE = 10_000
"""Code objects that a table holds on to, so that their addresses stay theirs."""
