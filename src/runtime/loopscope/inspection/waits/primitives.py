"""Waits for asyncio's locks and queues, and what the program calls them."""

from __future__ import annotations

from ..peek import field, length, number, text, type_name
from ..stock import stock
from ..tasks import name_of
from .model import View, Wait, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..holders import Hold

#: How many holders of a semaphore are named.
_NAMED = 3


def _held_by(view: View, holds: list[Hold]) -> str:
    """` held by Task-3 since worker.py:9`; '' if no holder is known."""
    if not holds:
        return ""
    names = ["this task" if hold.task is view.task else name_of(hold.task) for hold in holds[:_NAMED]]
    more = f" and {len(holds) - _NAMED} more" if len(holds) > _NAMED else ""
    since = f" since {holds[0].since}" if len(holds) == 1 and holds[0].since else ""
    return f" held by {', '.join(names)}{more}{since}"


def _lock_text(view: View, lock: Any, name: str) -> tuple[str, int]:
    """A lock in the user's terms, and its holder's address."""
    holds = view.asked.holders.of(lock) if field(lock, "_locked") is True else []
    held = _held_by(view, holds) or (", held" if field(lock, "_locked") is True else "")
    return named(type_name(lock), name) + held, id(holds[0].task) if holds else 0


def lock_acquire(view: View) -> Wait | None:
    """`Lock self.db held by Task-3 since worker.py:9`"""
    lock = view.link.local(stock().Lock)
    if lock is None:
        return None
    said, holder = _lock_text(view, lock, view.owner("acquire", "__aenter__"))
    return Wait("lock", said, task=holder)


def event_wait(view: View) -> Wait | None:
    """`Event self.ready`"""
    event = view.link.local(stock().Event)
    return event and Wait("event", named(type_name(event), view.owner("wait")))


def condition_wait(view: View) -> Wait | None:
    """`Condition self.cond`; once notified, what it waits for is its lock."""
    condition = view.link.local(stock().Condition)
    if condition is None:
        return None
    said = named(type_name(condition), view.owner("wait", "wait_for"))
    lock = next((inner.local(stock().Lock) for inner in view.inside if inner.name == "Lock.acquire"), None)
    if lock is None:
        return Wait("condition", said)
    text_of_lock, holder = _lock_text(view, lock, "")
    return Wait("condition", f"{said}, its {text_of_lock}", task=holder)


def semaphore_acquire(view: View) -> Wait | None:
    """`Semaphore self.slots held by Task-2, Task-3`"""
    semaphore = view.link.local(stock().Semaphore)
    if semaphore is None:
        return None
    holds = view.asked.holders.of(semaphore)
    said = named(type_name(semaphore), view.owner("acquire", "__aenter__")) + _held_by(view, holds)
    return Wait("semaphore", said, task=id(holds[0].task) if holds else 0)


def barrier_wait(view: View) -> Wait | None:
    """`Barrier self.start, 2 of 3`"""
    barrier = view.link.local(stock().Barrier)
    if barrier is None:
        return None
    name = named(type_name(barrier), view.owner("wait", "__aenter__"))
    there, parties = number(field(barrier, "_count")), number(field(barrier, "_parties"))
    if text(field(field(barrier, "_state"), "_name_")) == "FILLING":
        return Wait("barrier", f"{name}, {there} of {parties}")
    return Wait("barrier", f"{name}, until it is empty")


def _queue(view: View, method: str, state: str) -> Wait:
    """`Queue.get, empty: self.jobs`"""
    queue = view.link.local(stock().Queue)
    name = view.owner(method, "__anext__")
    return Wait("queue", f"{type_name(queue)}.{method}, {state}" + (f": {name}" if name else ""))


def queue_get(view: View) -> Wait | None:
    """`Queue.get, empty`: there is nothing in it, or others are first."""
    queue = view.link.local(stock().Queue)
    if queue is None:
        return None
    size = length(field(queue, "_queue"))
    return _queue(view, "get", "empty" if size == 0 else f"{size} in it, others first")


def queue_put(view: View) -> Wait | None:
    """`Queue.put, full (10)`"""
    queue = view.link.local(stock().Queue)
    if queue is None:
        return None
    size, limit = length(field(queue, "_queue")), number(field(queue, "_maxsize"))
    return _queue(view, "put", f"full ({limit})" if size >= limit else f"{size} of {limit}, others first")


def queue_join(view: View) -> Wait | None:
    """`Queue.join, 3 unfinished`"""
    queue = view.link.local(stock().Queue)
    return queue and _queue(view, "join", f"{int(number(field(queue, '_unfinished_tasks')))} unfinished")
