"""The pages of what a loop has before it: the ready queue in order, the timers by due time, the selector's
registrations.

Each is read from the loop's own containers at the moment of the call, and only as far as the page needs: a heap of
a million
timers gives its first 200 without being sorted. Works from another thread too: a container that changes meanwhile
is read
again, a bounded number of times.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import islice

from .endpoints import of_socket, of_transport
from .handles import Work, code_of_call, drain_task, reader_task, work_of, work_of_call
from .peek import a_dict, a_list, a_tuple, field, is_a, length, listed, number, text
from .relations import awaiters_of
from .stock import stock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .budget import Budget
    from .context import Context

#: Rows of one page at most.
MOST_ROWS = 200
#: A timer that is never due, as `sleep(math.inf)` sets one, is due at the end of all numbers: JSON has no infinity.
LATEST = 1.7976931348623157e308
#: Timers are listed in due order up to this one.
DEEPEST_TIMER = 2000
#: Up to so many timers the heap is taken apart as asyncio does it, so that timers due at the same time keep their
#: true order.
_EXACT_TIMERS = 1000
_RETRIES = 50


def ready_page(loop: Any, offset: int, limit: int, budget: Budget, context: Context) -> dict[str, Any]:
    """Rows `offset` … of the ready queue; row 0 runs next, what a person holds back comes last. `total` counts all."""
    queue: Any = field(loop, "_ready")
    if not is_a(queue, deque):
        return {"total": 0, "rows": []}
    count = min(limit, MOST_ROWS)
    held = context.held()
    handles = [handle for handle in _ready_slice(queue, offset, count) if not context.is_ours(handle)]
    if held and len(handles) < count:
        first = max(0, offset - len(queue))
        handles += held[first : first + count - len(handles)]
    stopped = context.stopped()
    rows: list[dict[str, Any]] = []
    for handle in handles:
        if rows and budget.spent():
            break
        work = work_of(handle, budget)
        rows.append(
            {
                **({"handle": id(handle), "mark": context.mark(handle)} if stopped else {}),
                "subject": id(work.task) if work.task is not None else 0,
                "kind": "timer" if is_a(handle, stock().TimerHandle) else work.kind,
                "text": work.text,
                "at": work.at,
                "by": text(context.scheduled_by(handle)),
                "cancelled": is_cancelled(handle),
            }
        )
    return {"total": len(queue) + len(held), "rows": rows}


def _ready_slice(queue: Any, offset: int, count: int) -> list[Any]:
    """Items of a deque that another thread may be changing."""
    for _ in range(_RETRIES):
        try:
            if offset <= 50_000:
                return list(islice(queue, offset, offset + count))
            return [queue[index] for index in range(offset, min(offset + count, len(queue)))]
        except (RuntimeError, IndexError):
            continue
    return []


def is_cancelled(handle: Any) -> bool:
    """True for a handle that was cancelled and not yet thrown away."""
    return field(handle, "_cancelled") is True


class _Due(float):
    """A due time with its timer: compares as fast as a float, which is how asyncio orders its heap."""

    __slots__ = ("handle",)
    handle: Any


def timers_page(loop: Any, offset: int, limit: int, budget: Budget) -> dict[str, Any]:
    """Rows `offset` … of the timers in due order, cancelled ones among them. Raises ValueError beyond
    `DEEPEST_TIMER`."""
    heap = a_list(field(loop, "_scheduled"))
    if offset + 1 > DEEPEST_TIMER:
        raise ValueError(f"Timers are listed in due order up to number {DEEPEST_TIMER:,}: ask for an offset below that.")
    last = min(offset + min(limit, MOST_ROWS), DEEPEST_TIMER)
    rows: list[dict[str, Any]] = []
    for due in timers_in_order(heap, last)[offset:]:
        if rows and budget.spent():
            break
        work = work_of(due.handle, budget)
        rows.append(
            {
                "handle": id(due.handle),
                "due": min(float(due), LATEST),
                "subject": id(work.task) if work.task is not None else 0,
                "text": work.text,
                "at": work.at,
                "cancelled": is_cancelled(due.handle),
            }
        )
    return {"total": len(heap), "rows": rows}


def _due(handle: Any) -> _Due:
    """A timer's due time."""
    due = _Due(number(field(handle, "_when")))
    due.handle = handle
    return due


def timers_in_order(heap: list[Any], count: int) -> list[_Due]:
    """The first timers of asyncio's heap in the order in which they will be taken from it."""
    if len(heap) <= _EXACT_TIMERS:
        copy = [_due(handle) for handle in list(heap)]
        return [heapq.heappop(copy) for _ in range(min(count, len(copy)))]
    # A heap's next is among the children of those already taken: a frontier of them is enough, whatever the heap's
    # size.
    taken: list[_Due] = []
    try:
        frontier: list[tuple[_Due, int]] = [(_due(heap[0]), 0)]
        while frontier and len(taken) < count:
            due, index = heapq.heappop(frontier)
            taken.append(due)
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(heap):
                    heapq.heappush(frontier, (_due(heap[child]), child))
    except IndexError:  # another thread has taken timers from it meanwhile
        pass
    return taken


def selector_page(loop: Any, offset: int, limit: int, budget: Budget) -> dict[str, Any]:
    """The selector's registrations by file descriptor: what is called, whom it connects to, who waits. `total`
    counts all."""
    keys = a_dict(field(field(loop, "_selector"), "_fd_to_key"))
    if not keys:
        return _proactor_page(loop, offset, limit, budget)
    fds = sorted(fd for fd in listed(keys) if type(fd) is int)
    rows: list[dict[str, Any]] = []
    for fd in fds[offset : offset + min(limit, MOST_ROWS)]:
        if rows and budget.spent():
            break
        # A SelectorKey is a tuple of file object, fd, events and data; asyncio's data are the handles of reader and
        # writer.
        key: Any = keys.get(fd)
        reader, writer = (*a_tuple(key[3] if length(key) == 4 else None), None, None)[:2]
        rows.append(_selector_row(fd, reader, writer, budget))
    return {"total": len(fds), "rows": rows}


def _selector_row(fd: int, reader: Any, writer: Any, budget: Budget) -> dict[str, Any]:
    """One registration."""
    events = "read, write" if reader is not None and writer is not None else "write" if reader is None else "read"
    said: list[str] = []
    peer = ""
    task: Any = None
    for handle, find_task in ((reader, reader_task), (writer, drain_task)):
        if handle is None:
            continue
        callback: Any = field(handle, "_callback")
        args = a_tuple(field(handle, "_args"))
        work = work_of_call(callback, args, budget) if callback is not None else Work("callback", "cancelled")
        said.append(work.text)
        target: Any = field(callback, "__self__")
        end = of_transport(target) if target is not None and not is_a(target, stock().BaseEventLoop) else None
        future = next((arg for arg in args if stock().is_future(arg)), None)
        if end is not None and end.fd >= 0:
            peer = peer or end.peer
            task = task if task is not None else find_task(target, budget)
        else:
            peer = peer or next((of_socket(arg).peer for arg in args if of_socket(arg).peer), "")
        if future is not None and task is None:
            task = next(iter(awaiters_of(future, budget)), None)
    return {
        "fd": fd,
        "events": events,
        "text": ", ".join(dict.fromkeys(said)),
        "peer": peer,
        "task": id(task) if task is not None else 0,
    }


def _proactor_page(loop: Any, offset: int, limit: int, budget: Budget) -> dict[str, Any]:
    """The same for a proactor (Windows): the overlapped operations that are under way, by the handle of their
    socket or pipe."""
    cache = a_dict(field(field(loop, "_proactor"), "_cache"))
    rows: list[dict[str, Any]] = []
    for operation in listed(cache.values(), offset + min(limit, MOST_ROWS))[offset:]:
        if rows and budget.spent():
            break
        if length(operation) != 4:
            continue
        future, _, obj, function = operation
        end = of_socket(obj)
        name = code_of_call(function)
        task = next(iter(awaiters_of(future, budget)), None) if stock().is_future(future) else None
        writes = name is not None and "send" in text(getattr(name, "co_qualname", name.co_name))
        events = "write" if writes else "read"
        rows.append(
            {
                "fd": end.fd,
                "events": events,
                "text": f"{events} on {end.place()}",
                "peer": end.peer,
                "task": id(task) if task is not None else 0,
            }
        )
    return {"total": length(cache), "rows": rows}
