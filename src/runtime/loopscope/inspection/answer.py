"""From a query to its answer: checks the query, looks the tasks up, and says at which tick and loop time the answer
is true.

No answer holds the loop long: what does not fit into its time is left out and named (`rest`, `more`), and is asked
for again.
"""

from __future__ import annotations

from . import pages, waits
from .budget import Budget
from .context import NULL_CONTEXT
from .describe import description, detail, short
from .holders import Holders
from .peek import a_list, exactly, kind_value
from .registry import Walk, find_tasks, is_complete
from .relations import awaited_by, awaiters_of
from .stock import stock
from .tasks import is_pending, loop_of
from .values import values_page
from .waits.model import Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .context import Context

#: Tasks that one query may name.
MOST_TASKS = 1000
#: Seconds that an answer may take while the loop is stopped: it holds nobody up.
STOPPED_HOLD = 0.25
#: Edges that one answer tells at most.
MOST_EDGES = 20_000


def answer(loop: Any, loop_number: int, query: dict[str, Any], context: Context = NULL_CONTEXT) -> dict[str, Any]:
    """The answer to a `RuntimeQuery` of src/protocol/wire.ts about a loop, as a JSON-able dict.

    To be called in the loop's own thread between two handles; from another thread while the loop is busy it works
    too, and
    what it says is then true of each object at the moment it was read. Raises LookupError or ValueError, with a
    sentence
    that says what to do, for a query that cannot be answered.
    """
    kind = query.get("query")
    handler = _HANDLERS.get(kind) if isinstance(kind, str) else None
    if handler is None:
        raise LookupError(f"There is no query {kind!r}: ask one of {', '.join(sorted(_HANDLERS))}.")
    waits.prepare()
    budget = Budget(STOPPED_HOLD if context.stopped() else None)
    asked = Asked(loop, budget, context, Holders(loop, budget))
    result: dict[str, Any] = {"loop": loop_number, "tick": context.tick(loop), "time": _time(loop, context)}
    result.update(handler(asked, query))
    return result


def _time(loop: Any, context: Context) -> float:
    """Time of the loop's clock."""
    known = context.time(loop)
    if known is not None:
        return known
    method: Any = kind_value(loop, "time")
    try:
        return float(method(loop))
    except Exception:  # a clock of the program's own that fails; the rest of the answer is still true
        return 0.0


def _int(query: dict[str, Any], name: str, default: int | None = None) -> int:
    """A field that counts from 0."""
    value = query.get(name, default)
    if type(value) is not int or value < 0:
        raise ValueError(f"The query's {name} must be a whole number from 0 on, not {value!r}.")
    return value


def _addresses(query: dict[str, Any]) -> list[int]:
    """The tasks that a query names, each once."""
    tasks = a_list(query.get("tasks"))
    if not exactly(query.get("tasks"), list) or not all(type(address) is int for address in tasks):
        raise ValueError("The query's tasks must be a list of addresses.")
    if len(tasks) > MOST_TASKS:
        raise ValueError(f"The query names {len(tasks):,} tasks: ask for at most {MOST_TASKS:,} at a time.")
    return list(dict.fromkeys(tasks))


def _tasks(asked: Asked, addresses: list[int]) -> list[Any]:
    """Those of these tasks that live on this loop, in the order asked for."""
    found = find_tasks(asked.loop, addresses)
    tasks = [found[address] for address in addresses if address in found]
    return [task for task in tasks if stock().is_task(task) and loop_of(task) is asked.loop]


def _describe(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    tasks = _tasks(asked, _addresses(query))
    for task in tasks:
        if rows and asked.budget.spent():
            return {"tasks": rows, "rest": [id(task) for task in tasks[len(rows) :]]}
        rows.append(description(asked, task))
    return {"tasks": rows}


def _task(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    tasks = _tasks(asked, [_int(query, "task")])
    if not tasks and not is_complete():
        raise LookupError("There are so many tasks that looking for this one again would stop the loop: ask in a second.")
    return {"task": detail(asked, tasks[0]) if tasks else None}


def _values(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    tasks = _tasks(asked, [_int(query, "task")])
    if not tasks:
        raise LookupError("That task has ended: look at the stack again.")
    if not asked.context.stopped():
        raise LookupError("The loop runs: values can be looked at while it is stopped.")
    return values_page(tasks[0], query)


def _ready(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    return pages.ready_page(asked.loop, _int(query, "offset", 0), _int(query, "limit", 200), asked.budget, asked.context)


def _timers(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    return pages.timers_page(asked.loop, _int(query, "offset", 0), _int(query, "limit", 200), asked.budget)


def _selector(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    return pages.selector_page(asked.loop, _int(query, "offset", 0), _int(query, "limit", 200), asked.budget)


def _edges(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    edges: dict[tuple[int, int], None] = {}
    tasks = _tasks(asked, _addresses(query))
    for done, task in enumerate(tasks):
        if done and (asked.budget.spent() or len(edges) > MOST_EDGES):
            return {"edges": [list(edge) for edge in edges], "rest": [id(task) for task in tasks[done:]]}
        for awaiter in awaiters_of(task, asked.budget):
            edges[id(awaiter), id(task)] = None
        for awaited in awaited_by(task, asked.budget):
            edges[id(task), id(awaited)] = None
    return {"edges": [list(edge) for edge in edges]}


#: Walks that are not at their end, by cursor. Weak references only.
_walks: dict[int, Walk] = {}
_last_cursor = 0


def _sync(asked: Asked, query: dict[str, Any]) -> dict[str, Any]:
    global _last_cursor
    cursor = _int(query, "cursor", 0)
    if cursor:
        walk = _walks.pop(cursor, None)
        if walk is None:
            raise LookupError("That cursor is not known (any more): begin again with cursor 0.")
    else:
        walk = Walk(asked.loop)
    rows: list[dict[str, Any]] = []
    while not walk.ended and not asked.budget.spent():
        for task in walk.take(20):
            if stock().is_task(task) and loop_of(task) is asked.loop and is_pending(task):
                rows.append(short(task))
    if walk.ended:
        return {"tasks": rows, "cursor": 0}
    _last_cursor += 1
    while len(_walks) >= 16:
        _walks.pop(next(iter(_walks)))
    _walks[_last_cursor] = walk
    return {"tasks": rows, "cursor": _last_cursor}


_HANDLERS = {
    "describe": _describe,
    "task": _task,
    "ready": _ready,
    "timers": _timers,
    "selector": _selector,
    "edges": _edges,
    "sync": _sync,
    "values": _values,
}
