"""One task as the wire wants it: described for a row, or whole for a person who looks at it.

It puts together what the other modules read; it decides nothing itself.
"""

from __future__ import annotations

from . import sites
from .chain import chain_of, frames_while_running
from .handles import task_site
from .peek import field, is_a
from .relations import awaiters_of
from .tasks import cancelling, coroutine_name, coroutine_of, name_of, state_of
from .waits import of_chain
from .waits.model import Wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .chain import Chain
    from .waits.model import Asked


def short(task: Any) -> dict[str, Any]:
    """A task of a `SyncAnswer`: address, name, coroutine, state."""
    return {
        "task": id(task),
        "name": name_of(task),
        "coroutine": coroutine_name(coroutine_of(task)),
        "state": state_of(task),
    }


def description(asked: Asked, task: Any) -> dict[str, Any]:
    """A `TaskDescription`."""
    row = short(task)
    row["waitsFor"] = None
    row["at"] = None
    if row["state"] == "running":
        row["at"] = task_site(task)
    elif row["state"] in ("waiting", "ready"):
        chain = chain_of(task)
        inner = sites.innermost(chain)
        row["at"] = sites.link_site(inner) if inner is not None else None
        if row["state"] == "waiting":
            row["waitsFor"] = _wait(asked, task, chain).row()
    return row


def _wait(asked: Asked, task: Any, chain: Chain) -> Wait:
    """What it waits for. An object that nobody foresaw costs its own row a text, not the page its answer."""
    try:
        return of_chain(asked, task, chain)
    except Exception:
        return Wait("unknown", "something that could not be read")


def detail(asked: Asked, task: Any) -> dict[str, Any]:
    """A `TaskDetail`."""
    row = description(asked, task)
    row["frames"] = _frames(task, row["state"])
    row["awaitedBy"] = [id(awaiter) for awaiter in awaiters_of(task, asked.budget)]
    row["cancelling"] = cancelling(task)
    return row


def _frames(task: Any, state: str) -> list[dict[str, Any]]:
    """Where a task stands, or where it failed."""
    if state == "running":
        return sites.running_frames(frames_while_running(task))
    if state in ("waiting", "ready"):
        return sites.chain_frames(chain_of(task))
    error: Any = field(task, "_exception") if state == "failed" else None
    return sites.traceback_frames(error.__traceback__) if is_a(error, BaseException) else []
