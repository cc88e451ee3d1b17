"""Waits for anyio's primitives on its asyncio backend: locks, semaphores, limiters, streams, task groups, threads."""

from __future__ import annotations

from ..endpoints import of_socket, of_transport
from ..peek import field, length, number, type_name
from ..stock import find, stock
from ..tasks import name_of
from .combining import function_name
from .model import View, Wait, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BACKEND = "anyio._backends._asyncio"


def lock_acquire(view: View) -> Wait | None:
    """`Lock self.db held by Task-3`: anyio notes the owner."""
    lock = view.link.local(find(_BACKEND, "Lock"))
    if lock is None:
        return None
    owner: Any = field(lock, "_owner_task")
    known = owner is not None and stock().is_task(owner)
    held = f" held by {name_of(owner) if owner is not view.task else 'this task'}" if known else ""
    return Wait("lock", named(type_name(lock), view.owner("acquire", "__aenter__")) + held, task=id(owner) if known else 0)


def event_wait(view: View) -> Wait | None:
    """`Event self.ready`"""
    return Wait("event", named("Event", view.owner("wait")))


def semaphore_acquire(view: View) -> Wait | None:
    """`Semaphore self.slots`"""
    return Wait("semaphore", named("Semaphore", view.owner("acquire", "__aenter__")))


def limiter_acquire(view: View) -> Wait | None:
    """`CapacityLimiter self.limit, 4 of 4 taken`"""
    limiter = view.link.local(find(_BACKEND, "CapacityLimiter"))
    if limiter is None:
        return None
    taken, total = length(field(limiter, "_borrowers")), number(field(limiter, "_total_tokens"))
    name = named("CapacityLimiter", view.owner("acquire", "acquire_on_behalf_of", "__aenter__"))
    return Wait("semaphore", f"{name}, {taken} of {total} taken")


def condition_wait(view: View) -> Wait | None:
    """`Condition self.cond`"""
    return Wait("condition", named("Condition", view.owner("wait")))


def task_group(view: View) -> Wait | None:
    """`TaskGroup of 2`: so many of its tasks are left."""
    group = view.link.local(find(_BACKEND, "TaskGroup"))
    return group and Wait("group", f"TaskGroup of {length(field(group, '_tasks'))}")


def memory_receive(view: View) -> Wait | None:
    """`MemoryObjectReceiveStream.receive, empty: self.jobs`"""
    name = view.owner("receive", "__anext__")
    return Wait("queue", "MemoryObjectReceiveStream.receive, empty" + (f": {name}" if name else ""))


def memory_send(view: View) -> Wait | None:
    """`MemoryObjectSendStream.send, full (10): self.jobs`"""
    stream = view.link.local(find("anyio.streams.memory", "MemoryObjectSendStream"))
    name = view.owner("send")
    size = field(field(stream, "_state"), "max_buffer_size")
    return Wait("queue", f"MemoryObjectSendStream.send, full ({size})" + (f": {name}" if name else ""))


def run_sync(view: View) -> Wait | None:
    """`to_thread parse`"""
    function = next(iter(view.link.referents()[1:2]), None)  # after the class
    return Wait("executor", f"to_thread {function_name(function)}" if function is not None else "to_thread")


def socket_receive(view: View) -> Wait | None:
    """`receive on fd 7 from 127.0.0.1:5000`"""
    return _socket(view, "from")


def socket_send(view: View) -> Wait | None:
    """`send on fd 7 to 127.0.0.1:5000`"""
    return _socket(view, "to")


def _socket(view: View, word: str) -> Wait | None:
    stream = next(
        (v for v in view.link.referents() if type_name(v).endswith(("SocketStream", "UDPSocket", "DatagramSocket"))),
        None,
    )
    transport: Any = field(stream, "_transport")
    raw: Any = field(stream, "_raw_socket") or field(stream, "_UNIXSocketStream__raw_socket")
    end = of_transport(transport) if transport is not None else of_socket(raw)
    method = view.link.name.rpartition(".")[2]
    return Wait("socket", f"{method} on {end.place()}" + (f" {word} {end.peer}" if end.peer else ""))


def socket_accept(view: View) -> Wait | None:
    """`accept on 127.0.0.1:8000`"""
    listener = next((v for v in view.link.referents() if type_name(v).endswith("Listener")), None)
    raw: Any = field(listener, "_raw_socket") or field(listener, "_TCPSocketListener__raw_socket")
    return Wait("socket", f"accept on {of_socket(raw).local}" if raw is not None else "accept")
