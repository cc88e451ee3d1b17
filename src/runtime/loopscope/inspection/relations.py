"""Who awaits whom: the tasks that wait for a task or future (up), and the tasks that a task waits for (down).

Up goes from a future's callbacks to the tasks that they will wake: a wake-up's own task, a partial's or a closure's
future
(`gather`, `wait`, `shield`, `wait_for`, `as_completed`), a TaskGroup's parent. Down is read from the same objects the
other
way round. asyncio's own record of it (3.14 on) is used where callbacks tell nothing.
"""

from __future__ import annotations

from collections import deque
from gc import get_referents
from types import BuiltinMethodType, FunctionType, MethodType

from .chain import chain_of
from .closures import callbacks_of, cells, concurrent_source, partial_parts, remote_task
from .peek import exactly, field, is_a, listed, type_name
from .stock import find, stock
from .waits.combining import futures_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .budget import Budget

#: How many steps from a future over other futures a task may be away.
_DEPTH = 6
#: Awaiters of one future, and awaited tasks of one task, that are told.
MOST = 1000
_CELLS = ("outer", "waiter", "destination", "inner_future", "fut", "future", "done", "self")


def awaiters_of(future: Any, budget: Budget) -> list[Any]:
    """The tasks that wait for a task or future, each once; at most `MOST`."""
    found: dict[int, Any] = {}
    seen: set[int] = {id(future)}
    queue: deque[tuple[Any, int]] = deque([(future, _DEPTH)])
    is_task = stock().is_task
    while queue and len(found) < MOST and not budget.spent():
        current, depth = queue.popleft()
        for callback in callbacks_of(current):
            for reached in _reached(callback):
                if is_task(reached):
                    if reached is not future:
                        found[id(reached)] = reached
                elif depth > 0 and id(reached) not in seen:
                    seen.add(id(reached))
                    queue.append((reached, depth - 1))
    if not found:
        found.update((id(task), task) for task in _recorded(future))
    return list(found.values())


def _reached(callback: Any) -> list[Any]:
    """The tasks and futures that a callback wakes: a task for a wake-up, the outer future of a `gather`, and so
    on."""
    function, args = partial_parts(callback)
    own = stock()
    if type_name(function) == "TaskWakeupMethWrapper":
        return [wrapped_task(function)]
    if is_a(function, BuiltinMethodType):
        target: Any = function.__self__
        return [target] if own.is_future(target) and function.__name__ in ("task_wakeup", "set_result") else []
    if type(function) is MethodType:
        return _of_method(function)
    reached = [arg for arg in args[:5] if own.is_future(arg)]  # functools.partial(_release_waiter, waiter)
    if type(function) is FunctionType:
        inside = cells(function)
        for name in _CELLS:
            value = inside.get(name)
            if value is None:
                continue
            if own.is_future(value):
                reached.append(value)
            elif is_a(value, own.Queue):  # as_completed, up to 3.12
                reached += _getters(value)
            elif type_name(value) == "TaskGroup":
                reached += _group_parent(value)
    return reached


def wrapped_task(wrapper: Any) -> Any:
    """The task of a wake-up of CPython 3.9, which does not tell it by `__self__`."""
    return field(wrapper, "__self__") or next((r for r in get_referents(wrapper) if stock().is_task(r)), None)


def _of_method(method: MethodType) -> list[Any]:
    """The same for a bound method: a Python task's wake-up, a task group, the iterator of `as_completed`."""
    target: Any = method.__self__
    name = method.__name__ if type(method.__func__) is FunctionType else ""
    if stock().is_task(target):
        return [target] if name in ("__wakeup", "_Task__wakeup", "_PyTask__wakeup") else []
    kind = type_name(target)
    if kind == "TaskGroup":
        return _group_parent(target)
    if kind == "_AsCompletedIterator":
        return _getters(field(target, "_done"))
    return []


def _group_parent(group: Any) -> list[Any]:
    """The task in whose block a task group is: asyncio's, or anyio's."""
    parent: Any = field(group, "_parent_task")
    if parent is None:
        parent = field(field(group, "cancel_scope"), "_host_task")
    return [parent] if parent is not None and stock().is_task(parent) else []


def _getters(queue: Any) -> list[Any]:
    """The futures of those who wait in `Queue.get`."""
    getters: Any = field(queue, "_getters")
    return [getter for getter in listed(getters, MOST) if stock().is_future(getter)]


def _recorded(future: Any) -> list[Any]:
    """Who awaits a pending C future by asyncio's own record (3.14 on), read without hashing anybody's task."""
    own = stock()
    if find("_asyncio", "future_add_to_awaited_by") is None or field(future, "_state") != "PENDING":
        return []
    waits_for = field(future, "_fut_waiter")
    recorded: list[Any] = []
    for value in get_referents(future):
        if exactly(value, set):
            recorded += [task for task in listed(value, MOST) if own.is_task(task)]
        elif own.is_task(value) and value is not waits_for and value is not future:
            recorded.append(value)
    return recorded


def awaited_by(task: Any, budget: Budget) -> list[Any]:
    """The tasks that a task waits for, each once: one for `await task`, several for `gather`, `wait` or a group; at
    most `MOST`."""
    found: dict[int, Any] = {}
    own = stock()
    waiter: Any = field(task, "_fut_waiter")
    if waiter is None or not own.is_future(waiter):
        return []
    for future in _leads_to(task, waiter):
        if len(found) >= MOST or budget.spent():
            break
        if own.is_task(future):
            if future is not task and field(future, "_state") == "PENDING":
                found[id(future)] = future
            continue
        if is_a(future, own.GatheringFuture):
            for child in listed(field(future, "_children"), MOST):
                if own.is_task(child) and field(child, "_state") == "PENDING":
                    found[id(child)] = child
    return list(found.values())


def _leads_to(task: Any, waiter: Any) -> Iterator[Any]:
    """The futures that one waits for by waiting for the future at the end of a task's chain."""
    yield waiter
    if stock().is_task(waiter) or is_a(waiter, stock().GatheringFuture):
        return
    for callback in callbacks_of(waiter)[:20]:  # shield
        inner = cells(callback).get("inner")
        if inner is not None and stock().is_future(inner):
            yield inner
    concurrent = concurrent_source(waiter)
    if concurrent is not None:
        remote = remote_task(concurrent)
        if remote is not None:
            yield remote
        return
    for link in chain_of(task).links[-4:]:
        name = link.name.rpartition(".")[2]
        if name in ("__aexit__", "_aexit"):
            group = next((value for value in link.referents() if type_name(value) == "TaskGroup"), None)
            yield from listed(field(group, "_tasks"), MOST)
        elif name == "_wait":
            yield from listed(futures_in(link.referents()), MOST)
        elif name in ("wait_for", "_cancel_and_wait"):
            yield from (value for value in link.referents() if stock().is_task(value))
        elif name in ("__anext__", "_wait_for_one"):
            iterator = next((value for value in link.referents() if type_name(value) == "_AsCompletedIterator"), None)
            yield from listed(field(iterator, "_todo"), MOST)
