"""Who put a handle into the ready queue, in the user's terms: `woken by Queue.put · producer() server.py:18`.

Noted for the newest handles while they are few, as what is quickly had; the text is made when somebody asks. The notes hold no handle and
no task. Of what was put there while handles were many, and of what a selector's event brings, nothing is known.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from weakref import ref

from . import places
from .facts import make_current_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable, Optional

    from .facts import Facts

    Note = tuple[ref[Any], str, Optional[CodeType], Optional[CodeType], int, str, str]
    """The handle, a verb, the function of asyncio that was called, the user's function that called it and its line, the task that ran
    where it was none of the user's, and the thread where it was not the loop's."""

NEWEST = 1024
"""So many handles are remembered."""

MOST_FUNCTIONS = 4096
"""So many functions are known by whose they are before all are forgotten."""

TIMERS = ("_set_result_unless_cancelled", "_on_timeout", "_release_waiter")
"""The functions of asyncio that its own timers call: who set such a timer is the one that it wakes."""

USERS, UNNAMED, NAMED, LOOPS = range(4)
"""Whose a function is: the user's, between asyncio and the user, asyncio's, one that calls what is due."""

GAVE_WAY = "gave way"


class Sources:
    """The notes of one loop."""

    __slots__ = ("notes",)

    def __init__(self) -> None:
        self.notes: deque[Note] = deque(maxlen=NEWEST)

    def by_handle(self) -> dict[int, str]:
        """The texts by the address of each noted handle that still lives."""
        return {id(handle): text_of(note) for handle, note in ((note[0](), note) for note in list(self.notes)) if handle is not None}

    def clear(self) -> None:
        """Forgets all."""
        self.notes.clear()


def text_of(note: Note) -> str:
    """What a note says."""
    _, verb, called, code, line, task, thread = note
    function = "" if called is None else getattr(called, "co_qualname", called.co_name)
    if code is not None:
        where = f"{code.co_name}() {os.path.basename(code.co_filename)}:{line}"
        text = f"{verb} by {function} · {where}" if function else f"{verb} by {where}"
    elif task:
        text = f"{task} {GAVE_WAY}" if verb == GAVE_WAY else f"{verb} by the end of {task}"
    elif function.rpartition(".")[2] in TIMERS:
        text = f"{verb} by its timer"
    else:
        text = f"{verb} by {function}" if function else ""
    return f"{text} in thread {thread}" if thread and text else text


def _learn(code: CodeType) -> int:
    """Whose a function is, which is known from now on."""
    path = code.co_filename
    if not path.startswith(places.FOLDERS):
        kind = USERS
    elif code.co_name in places.RUN_BY_LOOP:
        kind = LOOPS
    else:
        kind = NAMED if path.startswith(places.ASYNCIO_FOLDER) and code.co_name != "_run" else UNNAMED
    if len(_known) >= MOST_FUNCTIONS:
        _known.clear()
    _known[id(code)] = (code, kind)
    return kind


_known: dict[int, tuple[CodeType, int]] = {}
"""By the address of the code, which is kept so that no other gets it."""


def make_note(facts: Facts) -> Callable[[Sources, Any, str, Any, FrameType | None, str], None]:
    """A function that notes a handle: with a verb, the running loop, the frame that called, and the thread if it is not the loop's."""
    current_task = make_current_task()
    known = _known
    c_name: Any = getattr(facts.c_task, "get_name", None)
    c_task = facts.c_task

    def note(sources: Sources, handle: Any, verb: str, loop: Any, frame: FrameType | None, thread: str) -> None:
        called: CodeType | None = None
        while frame is not None:
            code = frame.f_code
            found = known.get(id(code))
            kind = _learn(code) if found is None else found[1]
            if kind == USERS:
                sources.notes.append((ref(handle), verb, called, code, frame.f_lineno or 0, "", thread))
                return
            if kind == LOOPS:
                # Nobody's code runs but asyncio's: a task's step that has just ended, a timer, a transport.
                task = current_task(loop)
                name = ""
                if task is not None:
                    name = c_name(task) if c_name is not None and isinstance(task, c_task) else getattr(task, "_name", "a task")
                    if task._state == "PENDING":
                        verb = GAVE_WAY
                sources.notes.append((ref(handle), verb, called, None, 0, name, thread))
                return
            if kind == NAMED:
                called = code
            frame = frame.f_back

    return note


def thread_name() -> str:
    """The name of the thread that runs, if `threading` knows it."""
    thread: Any = getattr(sys.modules.get("threading"), "_active", {}).get(_ident())
    return thread.name if thread is not None else ""


def _ident() -> int:
    import _thread

    return _thread.get_ident()
