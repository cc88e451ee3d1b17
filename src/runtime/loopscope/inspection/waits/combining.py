"""Waits for time, for other tasks, and for futures: sleep, wait_for, gather, wait, TaskGroup, shield, executors."""

from __future__ import annotations

from functools import partial
from types import CellType, FunctionType, GeneratorType

from ..chain import Link
from ..closures import callbacks_of, cells, concurrent_source, partial_parts, remote_task
from ..peek import exactly, field, function_of, is_a, kind_value, length, listed, number, text, type_module, type_name
from ..sites import is_library
from ..stock import stock
from ..tasks import coroutine_of, is_pending
from .model import View, Wait, named, task_label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..machine import Expr

#: Futures that are looked at one by one to count those left.
_MOST_COUNTED = 2000


def timer_due(handle: Any) -> float | None:
    """When a timer is due, on the loop's clock; None for anything that is not a timer."""
    if is_a(handle, stock().TimerHandle):
        when: Any = field(handle, "_when")
        return when if exactly(when, int, float) else None
    if type_name(handle) == "TimerHandle" and type_module(handle).startswith("uvloop"):
        method: Any = kind_value(handle, "when")
        return float(method(handle)) if method is not None else None
    return None


def _timer_in(link: Link) -> float | None:
    """The due time of the timer that a frame holds."""
    return next((due for due in map(timer_due, link.referents()) if due is not None), None)


def sleep(view: View) -> Wait | None:
    """`sleep`, with the time it is due."""
    return Wait("sleep", "sleep", _timer_in(view.link))


def futures_in(values: list[Any]) -> Any:
    """The first builtin collection of futures among some values; None if there is none."""
    for value in values:
        first = next(iter(listed(value, 1)), None)
        if first is not None and stock().is_future(first):
            return value
    return None


def _pending(collection: Any) -> int:
    """How many of these futures are pending; -1: too many to count."""
    if length(collection) > _MOST_COUNTED:
        return -1
    distinct = {id(future): future for future in listed(collection, _MOST_COUNTED)}
    return sum(is_pending(future) for future in distinct.values())


def wait(view: View) -> Wait | None:
    """`wait of 3, 2 left`; `wait for the first of 3`"""
    inner = next((link for link in [view.link, *view.inside] if link.name == "_wait"), None)
    if inner is None:
        return None
    done = next(
        (value for value in inner.referents() if type(value) is FunctionType and value.__name__ == "_on_completion"),
        None,
    )
    inside = cells(done)
    collection = futures_in(inner.referents())
    total = length(collection)
    due = timer_due(inside.get("timeout_handle"))
    if text(inside.get("return_when")) == "FIRST_COMPLETED":
        return Wait("wait", f"wait for the first of {total}", due)
    left = _pending(collection)
    return Wait("wait", f"wait of {total}, {int(number(inside.get('counter'))) if left < 0 else left} left", due)


def wait_for(view: View) -> Wait | None:
    """Up to 3.11, where `wait_for` waits in a task of its own: what that one waits for, with the time-out's due
    time."""
    link = view.link
    future = next((value for value in link.referents() if stock().is_future(value)), None)
    due = _timer_in(link)
    if future is None or due is None:
        return None  # from 3.12 on it awaits in line, or it has no time-out: what is inside tells
    inside = _inside(view, future, view.expression())
    if inside is not None:
        inside.due = due if inside.due is None else min(due, inside.due)
        return inside
    known = _combined(view, future)
    if known is not None:
        known.due = due
        return known
    expr = view.expression()
    return Wait("future", named("future", expr.args[0].text if expr.call and expr.args else ""), due)


def cancel_and_wait(view: View) -> Wait | None:
    """A time-out has struck, and what was waited for ends only slowly."""
    future = next((value for value in view.link.referents() if stock().is_task(value)), None)
    return future and Wait("timeout", f"wait_for, until {task_label(future)} is cancelled", task=id(future))


def _inside(view: View, future: Any, named_by: Expr) -> Wait | None:
    """What a task that asyncio made around an awaitable waits for, if that awaitable is asyncio's."""
    from . import of_task

    coroutine: Any = coroutine_of(future) if stock().is_task(future) else None
    code: Any = field(coroutine, "cr_code")
    if code is None or not is_library(code) or future is view.task:
        return None
    return of_task(view.asked, future, named_by)


def as_completed(view: View) -> Wait | None:
    """`as_completed, 2 left`"""
    iterator: Any = next((value for value in view.link.referents() if type_name(value) == "_AsCompletedIterator"), None)
    todo: Any = field(iterator, "_todo")
    if todo is None and view.index:  # up to 3.12 a generator in the awaiting frame
        for value in view.chain.links[view.index - 1].referents():
            if type(value) is GeneratorType and value.gi_code.co_name == "as_completed":
                inner = Link(value, value.gi_code, value.gi_frame)
                todo = futures_in([_cell(each) for each in inner.referents()])
    timer = timer_due(field(iterator, "_timeout_handle"))
    return Wait("wait", f"as_completed, {length(todo)} left" if todo is not None else "as_completed", timer)


def _cell(value: Any) -> Any:
    """What is in a cell; other values as they are."""
    if type(value) is not CellType:
        return value
    try:
        return value.cell_contents
    except ValueError:
        return None


def task_group(view: View) -> Wait | None:
    """`TaskGroup of 2`: so many of its tasks are left."""
    group = view.link.local(stock().TaskGroup)
    return group and Wait("group", f"{type_name(group)} of {length(field(group, '_tasks'))}")


def to_thread(view: View) -> Wait | None:
    """`to_thread parse, running`"""
    call = next((value for value in view.link.referents() if is_a(value, partial)), None)
    function = next(iter(partial_parts(call)[1]), None)
    return Wait("executor", f"to_thread {function_name(function)}, {_progress(concurrent_source(view.chain.tail))}")


def function_name(function: Any) -> str:
    """How a function is called, by what it is: its qualified name, or its type's."""
    function = partial_parts(function)[0]
    own = function_of(function)
    if own is not None:
        return text(own.__qualname__)
    return text(field(function, "__qualname__")) or type_name(function)


def _progress(concurrent: Any) -> str:
    """Where an executor is with a call."""
    return "queued" if text(field(concurrent, "_state")) == "PENDING" else "running"


def future_wait(view: View) -> Wait:
    """A future at the end of a chain: a task, `gather`, `shield`, an executor's, or a bare one."""
    view = view.at_tail()
    future = view.chain.tail
    return _combined(view, future) or _bare(view, future)


def _combined(view: View, future: Any) -> Wait | None:
    """What stands behind a future: a task, `gather`, `shield`, a call in an executor; None if nothing is known to."""
    own = stock()
    if own.is_task(future):
        return Wait("task", task_label(future), task=id(future))
    if is_a(future, own.GatheringFuture):
        children: Any = field(future, "_children")
        return Wait("gather", f"gather of {length(children)}, {_left_of_gather(children)} left")
    for callback in callbacks_of(future)[:20]:
        if type(callback) is FunctionType and callback.__code__.co_name == "_outer_done_callback":
            inner = cells(callback).get("inner")
            if inner is not None:
                label = task_label(inner) if own.is_task(inner) else "a future"
                return Wait("shield", f"shield of {label}", task=id(inner) if own.is_task(inner) else 0)
    concurrent = concurrent_source(future)
    return _executor_wait(view, future, concurrent) if concurrent is not None else None


def _left_of_gather(children: Any) -> int:
    """How many of a gather's futures have not ended."""
    left = _pending(children)
    if left >= 0:
        return left
    for child in listed(children, 50):
        for callback in callbacks_of(child):
            inside = cells(callback)
            if "nfinished" in inside and inside.get("children") is children:
                return int(number(inside.get("nfuts")) - number(inside["nfinished"]))
    return sum(is_pending(child) for child in listed(children, 10 * _MOST_COUNTED))


def _executor_wait(view: View, future: Any, concurrent: Any) -> Wait:
    """A future that a thread, a process or another loop will set."""
    remote = remote_task(concurrent)
    if remote is not None:
        return Wait("task", f"{task_label(remote)} on another loop", task=id(remote))
    expr = view.expression()
    base = expr.base
    name = view.asked.context.executor_call(id(future))
    if not name and expr.call and base is not None and base.attr == "run_in_executor" and len(expr.args) > 1:
        name = expr.args[1].text
    state = _progress(concurrent)
    return Wait("executor", f"run_in_executor {name}, {state}" if name else f"executor future, {state}")


def _bare(view: View, future: Any) -> Wait:
    """`future self.done`, or the library's function that waits for it."""
    kind = "future" if stock().is_future(future) else type_name(future)
    awaiter = view.awaiter()
    if awaiter is not None and is_library(awaiter.code):
        return Wait("future", f"{kind} in {awaiter.name}")
    expr = view.expression()
    if expr.call and expr.args and (expr.base or expr).text.endswith("wait_for"):
        expr = expr.args[0]
    return Wait("future", named(kind, expr.text))
