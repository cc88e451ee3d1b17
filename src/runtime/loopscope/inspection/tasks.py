"""The plain facts of one task: its name, its coroutine, its state, what its outcome was.

A task's fields are read where asyncio keeps them (the same names in the C and the Python implementation, CPython
3.9 to
3.15); no method of the task is called. What it waits for is not said here.
"""

from __future__ import annotations

from types import AsyncGeneratorType, CoroutineType, GeneratorType

from .peek import exactly, field, kind_value, number, text, type_qualname
from .stock import find, stock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def name_of(task: Any) -> str:
    """The task's name, past an overridden `get_name`."""
    c_task = find("_asyncio", "Task")
    if c_task is not None:
        try:
            return text(vars(c_task)["get_name"](task), "?")
        except (TypeError, KeyError):
            pass
    return text(field(task, "_name"), type_qualname(task))


def coroutine_of(task: Any) -> Any:
    """The task's coroutine; None once it has ended."""
    return field(task, "_coro")


def coroutine_name(coroutine: Any) -> str:
    """Qualified name of a coroutine, generator or async generator; the type's for other awaitables; '' for None."""
    if coroutine is None:
        return ""
    if exactly(coroutine, CoroutineType, GeneratorType, AsyncGeneratorType):
        return text(coroutine.__qualname__)
    return text(field(coroutine, "__qualname__")) or type_qualname(coroutine)


def loop_of(task: Any) -> Any:
    """The loop that runs the task."""
    return field(task, "_loop")


def is_pending(future: Any) -> bool:
    """True for an asyncio future or task without an outcome."""
    return text(field(future, "_state")) == "PENDING"


def cancelling(task: Any) -> int:
    """How many cancellations are requested and not taken back (CPython 3.11 on; before that 0)."""
    count = field(task, "_num_cancels_requested")
    if count is None:
        method = kind_value(task, "cancelling")
        c_method = vars(find("_asyncio", "Task") or object).get("cancelling")
        count = method(task) if method is not None and method is c_method else 0
    return int(number(count))


def is_running(task: Any) -> bool:
    """True while the task's coroutine executes, in whatever thread."""
    coroutine = coroutine_of(task)
    if type(coroutine) is CoroutineType:
        return coroutine.cr_running
    if type(coroutine) is GeneratorType:
        return coroutine.gi_running
    return field(coroutine, "cr_running", False) is True


def state_of(task: Any) -> str:
    """The `TaskState` of src/protocol/wire.ts, as it is at this instant.

    A pending task that is suspended is ready unless it waits for a future without outcome: asyncio puts its step
    into the
    ready queue in every other case (the invariant is written down in asyncio/tasks.py, class Task). On a closed loop,
    whose ready queue is gone, it waits for ever.
    """
    state = text(field(task, "_state"))
    if state == "CANCELLED":
        return "cancelled"
    if state == "FINISHED":
        return "finished" if field(task, "_exception") is None else "failed"
    if is_running(task):
        return "running"
    waiter = field(task, "_fut_waiter")
    if waiter is not None and (not stock().is_future(waiter) or is_pending(waiter)):
        return "waiting"
    return "waiting" if field(loop_of(task), "_closed") is True else "ready"
