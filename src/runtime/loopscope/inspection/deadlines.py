"""When the time-outs around a suspended task will strike: `asyncio.timeout`, `wait_for`, and what libraries have
like it.

The time-outs a task is inside of are contexts whose exits wait in its frames. This finds the nearest due time; it
does not
look at the loop's timers.
"""

from __future__ import annotations

from .chain import link_of
from .expressions import has_blocks
from .holders import exit_owners
from .peek import field, is_a, number, type_module, type_name
from .stock import find, stock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .chain import Chain, Link

_EXITS = ("__aexit__", "__exit__")
_NEVER = float("inf")


def deadline_of(chain: Chain) -> float | None:
    """The nearest due time of the time-outs that a task is inside of, on the loop's clock; None: it is in none."""
    due = min((_deadline_in(link, 3) for link in chain.links if has_blocks(link.code)), default=_NEVER)
    return due if due < _NEVER else None


def _deadline_in(link: Link, depth: int) -> float:
    """The same for one frame."""
    due = _NEVER
    for context in exit_owners(link.referents(), _EXITS):
        kind = type_name(context)
        when: Any = None
        if is_a(context, stock().Timeout):
            when = field(context, "_when")
        elif (kind, type_module(context).partition(".")[0]) in (("CancelScope", "anyio"), ("Timeout", "async_timeout")):
            when = field(context, "_deadline")
        elif depth > 0 and is_a(context, find("contextlib", "_GeneratorContextManagerBase")):
            inner = link_of(field(context, "gen"))
            if inner is not None and has_blocks(inner.code):
                due = min(due, _deadline_in(inner, depth - 1))
        due = min(due, number(when, _NEVER))
    return due
