"""Breakpoints in coroutines that are suspended while the breakpoint is set.

From 3.12 on pydevd has lines reported for each code object by itself: of functions that begin and of those on the stack of a thread
(`PyDB.set_tracing_for_untraced_contexts`). A coroutine that was begun before and waits is neither, so that a breakpoint which is set in the
loop of a server that runs already would never be reached. Here its code is added. Up to 3.11 each resumption is a call that pydevd sees.
"""

from __future__ import annotations

import asyncio
import sys

from ..inspection.budget import Budget
from ..inspection.chain import link_of, owners_of
from ..inspection.registry import is_live_on, snapshot
from . import pydevd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from ..session import Session

SECONDS = 1.0
"""How long the suspended coroutines may be looked through after a change, in pydevd's thread; what is left out then is told."""


def make_set_tracing(session: Session, api: pydevd.Pydevd) -> Any:
    """What stands in for `PyDB.set_tracing_for_untraced_contexts`."""
    stock: Any = api.PyDB.set_tracing_for_untraced_contexts

    def set_tracing_for_untraced_contexts(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = stock(self, *args, **kwargs)
        try:
            if session.active:
                _trace_suspended(session, api, self)
        except Exception as error:
            session.fail(error)
        return result

    return set_tracing_for_untraced_contexts


def _trace_suspended(session: Session, api: pydevd.Pydevd, py_db: Any) -> None:
    budget = Budget(SECONDS)
    for ident, loop in _running_loops():
        seen: set[Any] = set()
        for reference in snapshot(loop):
            task = reference()
            if task is None or not is_live_on(task, loop):
                continue
            for owner in owners_of(task)[0]:
                link = link_of(owner)
                if link is not None and link.frame is not None and link.code not in seen:
                    seen.add(link.code)
                    api.trace_code(py_db, ident, link.frame)
            if budget.spent():
                session.say("warning", "There are very many tasks: those suspended when the breakpoint was set may miss it.")
                return
    api.see_lines_again()


def _running_loops() -> list[tuple[int, Any]]:
    """The loops that run, each with its thread, as the stacks tell: of one just attached to we have seen no tick."""
    found: list[tuple[int, Any]] = []
    current_frames: Any = vars(sys)["_current_frames"]
    for ident, innermost in current_frames().items():
        frame: FrameType | None = innermost
        while frame is not None:
            if frame.f_code.co_name == "run_forever":
                loop = frame.f_locals.get("self")
                if isinstance(loop, asyncio.AbstractEventLoop):
                    found.append((ident, loop))
            frame = frame.f_back
    return found
