"""The runtime's beginning: dials the adapter, says hello, and waits for the program to import asyncio.

Runs before the program, so it imports next to nothing; the rest of the package is loaded with asyncio. Without an adapter that answers
it leaves nothing behind.
"""

from __future__ import annotations

import _thread
import sys

from . import link
from .import_hook import watch_import, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


start_new_thread = _thread.start_new_thread
"""As it was before anybody replaced it: a debugger would trace and show our own thread."""


_connections: list[link.Link] = []
"""The connection that was made last by `start`."""


def start(address: str, token: str, started: str, follow: bool, stepping: str = "", asyncio_loop: bool = False) -> None:
    """Connects this process and arranges that asyncio is watched once the program imports it. `follow`: forked children connect too.

    `stepping`: what the adapter wants to stop at before the program begins, as JSON; see docs/wire.md.
    `asyncio_loop`: a program that asks uvloop for its loop gets asyncio's.
    Raises RuntimeError, with a sentence, if it is to be attached to a process that another adapter watches.
    """
    if started == "attach" and any(other.open for other in _connections):
        raise RuntimeError("Another session of Loopscope watches this program: end that one first.")
    try:
        connection = link.connect(address, token)
    except (OSError, ValueError):
        return
    _connections[:] = [connection]
    connection.send_message(link.describe_process(started))
    refusal = why_refused()
    if refusal:
        connection.send_message({"type": "log", "level": "error", "text": refusal})
        connection.send_message({"type": "bye", "reason": refusal})
        connection.close()
        return

    if asyncio_loop:
        from . import asyncio_loop as replacement

        replacement.arrange()

    taken: list[link.Link] = []

    def asyncio_is_imported() -> None:
        from . import session

        if started == "attach":
            _load_all()

        current = connection
        taken.append(connection)
        if not current.open:  # Forked since, before asyncio was imported: by a fork server, say. Or the adapter has gone.
            # A socket that is still open when the interpreter is cleared away ends CPython 3.9 with a fault: it warns of it, in no frame.
            current.close()
            if not follow:
                return
            try:
                current = link.connect(address, token)
            except (OSError, ValueError):
                return
            current.send_message(link.describe_process("fork"))
        session.begin(current, address, token, follow, stepping)

    def asyncio_is_there() -> None:
        # `_asyncio` imports asyncio itself if it comes first, before its own types can be used.
        if "_asyncio" in sys.modules:
            when_imported("_asyncio", asyncio_is_imported)
        else:
            asyncio_is_imported()

    if "asyncio" in sys.modules:
        asyncio_is_there()
    else:
        watch_import("asyncio", asyncio_is_there)
        _close_at_fork_and_exit(connection, lambda: bool(taken))


def _load_all() -> None:
    """A loop may run already, in another thread: its first tick and ours would import the same packages at once, and one of them fail."""
    from . import bridge, inspection
    from .stepping import manager

    bridge.load()
    del inspection, manager


def _close_at_fork_and_exit(connection: link.Link, is_taken: Callable[[], bool]) -> None:
    """Until asyncio is imported the connection is only closed: in a forked child (which dials anew when it imports it), and at the end."""
    import atexit
    import os

    def in_child() -> None:
        if not is_taken():
            connection.close()

    def at_exit() -> None:
        if not is_taken():
            connection.send_message({"type": "bye", "reason": "the program has ended; it never imported asyncio"})
            connection.finish()

    atexit.register(at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def why_refused() -> str:
    """A sentence for the person if this Python cannot be watched, else ''."""
    if sys.implementation.name != "cpython":
        return (
            "This program runs on "
            + sys.implementation.name
            + ". Loopscope sees the event loop of CPython only; the program runs without it."
        )
    if sys.version_info < (3, 9):
        return "This program runs on Python %d.%d. Loopscope needs 3.9 or newer; the program runs without it." % sys.version_info[:2]  # noqa: UP031
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    if is_gil_enabled is not None and not is_gil_enabled():
        return "This program runs on a free-threaded Python, which Loopscope does not support yet; the program runs without it."
    return ""
