"""The runtime's own thread under pydevd: not traced, not held at a stop, not shown to the person."""

from __future__ import annotations

import _thread
import sys
from collections import deque
from itertools import chain

from ..start import start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


_ended: list[Any] = []
"""The thread that ended last: were its object given up with it, `threading` would run a line in it when pydevd has forgotten whose."""


def begin(function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Starts the thread, known to `threading` before its first line: pydevd would make an object for it otherwise, and use up a number of
    the program's threads. Until then it is in C alone: it waits for a lock, then calls the function."""
    gate = _thread.allocate_lock()
    gate.acquire()
    calls = chain(iter(gate.acquire, True), iter(lambda: function(*arguments), None))
    all_of: deque[bool | None] = deque(maxlen=0)
    run: Any = all_of.extend
    ident = start_new_thread(run, (calls,))
    mark(True, ident)
    gate.release()


def mark(begins: bool, ident: int = 0) -> None:
    """Marks a thread (0: the calling one) as pydevd marks its own (`mark_as_pydevd_daemon_thread`). pydevd asks `threading` for its
    object; it has none, so it gets one, which pydevd hides from the program's `threading.enumerate()` as it does its own.

    `begins` False: the thread ends.
    """
    threading: Any = sys.modules.get("threading")
    if threading is None:
        return
    if not begins:
        _ended[:] = [leave()]
        return
    ident = ident or _thread.get_ident()
    thread: Any = threading._active.get(ident)
    if thread is None:
        thread = threading.Thread(name="Loopscope", daemon=True)  # With a name, or it would use up a number of the program's threads.
        thread._started.set()
        thread._ident = ident
        # Asked without a lock of `threading`'s to look at, a thread asserts that it has ended (CPython 3.9 to 3.12, Lib/threading.py,
        # `is_alive`, which `repr` asks too).
        thread.is_alive = lambda: ident in threading._active
        # What counts the threads that a program left behind (CPython's own tests do) finds none of ours.
        threading._dangling.discard(thread)
        threading._active[ident] = thread
    thread.is_pydev_daemon_thread = True
    thread.pydev_do_not_trace = True


def leave() -> Any:
    """The calling thread ends: the object that it had, which is to be kept for as long as the thread may run."""
    threading: Any = sys.modules.get("threading")
    return None if threading is None else threading._active.pop(_thread.get_ident(), None)
