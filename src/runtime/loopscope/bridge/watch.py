"""Puts the bridge in place when pydevd is imported, if it has what the bridge needs. Loads nothing else of the bridge before."""

from __future__ import annotations

import sys

from ..import_hook import watch_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..session import Session


def watch(session: Session) -> None:
    """Has the bridge put in place for this session when pydevd is imported, or now if it is. Never raises."""

    def pydevd_is_imported() -> None:
        try:
            if session.active:
                build(session)
        except Exception as error:
            session.fail(error)

    if "pydevd" in sys.modules:
        pydevd_is_imported()
    elif session.hooks is not None:
        session.hooks.at_uninstall.append(watch_import("pydevd", pydevd_is_imported))


def load() -> None:
    """Loads what `build` needs."""
    from . import bridge

    del bridge


def build(session: Session) -> None:
    """The bridge, if pydevd has what it needs; else a line in the log says what is missing."""
    from . import own_thread, pydevd

    # Whatever the version: at a stop of its own pydevd would hold our thread as well, and show it.
    session.reader.begin_thread = own_thread.begin
    session.reader.run_in_thread(own_thread.mark)
    lacks = pydevd.missing(pydevd.NEEDED)
    if lacks:
        session.say(
            "warning",
            "This debugpy "
            + pydevd.version()
            + " lacks "
            + ", ".join(lacks)
            + ": tasks are not shown beside threads, and loops stop at the runtime's own gate.",
        )
        return
    from .bridge import Bridge

    Bridge(session)
