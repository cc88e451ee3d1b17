"""Who put a handle into the ready queue, in the user's terms: `woken by Queue.put · producer() server.py:18`.

Noted for the newest handles while they are few; the notes hold weak references and texts only. Of what was put there while handles were
many, and of what a selector's event brings, nothing is known.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from weakref import ref

from . import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .facts import Facts

NEWEST = 1024
"""So many handles are remembered."""

TIMERS = ("_set_result_unless_cancelled", "_on_timeout", "_release_waiter")
"""The functions of asyncio that its own timers call: who set such a timer is the one that it wakes."""


class Sources:
    """The notes of one loop."""

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: deque[tuple[ref[Any], str]] = deque(maxlen=NEWEST)

    def note(self, handle: Any, text: str) -> None:
        """Remembers who scheduled a handle."""
        self._notes.append((ref(handle), text))

    def by_handle(self) -> dict[int, str]:
        """The texts by the address of each noted handle that still lives."""
        return {id(handle): text for handle, text in ((reference(), text) for reference, text in list(self._notes)) if handle is not None}

    def clear(self) -> None:
        """Forgets all."""
        self._notes.clear()


def make_source_text(facts: Facts) -> Callable[[str, Any, FrameType | None], str]:
    """A function from a verb, the running loop and the frame that called to a text; '' if nothing can be said."""
    from asyncio import tasks

    any_tasks: Any = tasks
    current_task = any_tasks.current_task
    c_name: Any = getattr(facts.c_task, "get_name", None)

    def source_text(verb: str, loop: Any, frame: FrameType | None) -> str:
        called = ""
        while frame is not None and frame.f_code.co_filename.startswith(places.FOLDERS):
            code = frame.f_code
            if code.co_name in places.RUN_BY_LOOP:
                return by_loop(verb, loop, called)
            if code.co_filename.startswith(places.ASYNCIO_FOLDER) and code.co_name != "_run":
                called = getattr(code, "co_qualname", code.co_name)
            frame = frame.f_back
        if frame is None:
            return ""
        code = frame.f_code
        where = f"{code.co_name}() {os.path.basename(code.co_filename)}:{frame.f_lineno or 0}"
        return f"{verb} by {called} · {where}" if called else f"{verb} by {where}"

    def by_loop(verb: str, loop: Any, called: str) -> str:
        """Nobody's code runs but asyncio's: a task's step that has just ended, a timer, a transport."""
        task = current_task(loop)
        if task is not None:
            name = c_name(task) if c_name is not None and isinstance(task, facts.c_task) else getattr(task, "_name", "a task")
            return f"{verb} by the end of {name}" if task._state != "PENDING" else f"{name} gave way"
        if called.rpartition(".")[2] in TIMERS:
            return f"{verb} by its timer"
        return f"{verb} by {called}" if called else ""

    return source_text


def thread_source(text: str) -> str:
    """The same for what another thread has put there."""
    thread: Any = getattr(sys.modules.get("threading"), "_active", {}).get(_ident())
    return f"{text} in thread {thread.name}" if thread is not None and text else text


def _ident() -> int:
    import _thread

    return _thread.get_ident()
