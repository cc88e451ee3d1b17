"""What a fork does to us: the reader's thread is stopped before, so that Python warns of no second thread; the child lets everything go.

A child whose processes are followed dials the adapter itself and begins anew, with the loops that it has inherited as new ones.
"""

from __future__ import annotations

import os
import sys

from . import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .session import Session


def watch_forks(session: Session, begin_again: Callable[[link.Link], None]) -> None:
    """Registers with `os.register_at_fork`, where there is fork. Nothing can be unregistered: after the session's end it does nothing."""
    register = getattr(os, "register_at_fork", None)
    if register is None:
        return
    had_thread = False

    def before() -> None:
        nonlocal had_thread
        had_thread = session.active and session.reader.stop()

    def after_in_parent() -> None:
        if had_thread and session.active:
            if sys.version_info >= (3, 13):  # They count the threads after this (Modules/posixmodule.c, `os_fork_impl`).
                session.reader.starts_later = True
            else:
                session.reader.start()

    def after_in_child() -> None:
        if not session.active:
            return
        session.end()
        if session.follow:
            try:
                connection = link.connect(session.address, session.token)
                connection.send_message(link.describe_process("fork"))
            except (OSError, ValueError):
                return
            begin_again(connection)

    register(before=guarded(before), after_in_parent=guarded(after_in_parent), after_in_child=guarded(after_in_child))


def guarded(function: Callable[[], None]) -> Callable[[], None]:
    """The function without its exceptions: Python would print them."""

    def call() -> None:
        try:
            function()
        except Exception:
            pass

    return call
