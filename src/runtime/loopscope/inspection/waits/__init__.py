"""What a task waits for, in the user's terms: the table of the functions that tell, and the choice among them.

A task's wait is told by the first frame below the last one of the user's code that a recogniser knows, by its code
object;
where there is none, by the future at the chain's end. The recognisers are in the modules beside this one.
"""

from __future__ import annotations

from ..chain import chain_of
from ..deadlines import deadline_of
from ..peek import field
from ..sites import is_library
from ..stock import code_of, find, stock
from ..tasks import is_pending
from . import anyio_waits, combining, network, primitives
from .model import Asked, View, Wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from ..chain import Chain
    from ..machine import Expr
    from .model import Recogniser

#: By module and qualified name: the function whose suspended frame tells what is waited for. `outer>inner` is a
#: nested one.
_ASYNCIO: dict[str, dict[str, Recogniser]] = {
    "asyncio.locks": {
        "Lock.acquire": primitives.lock_acquire,
        "Event.wait": primitives.event_wait,
        "Condition.wait": primitives.condition_wait,
        "Condition.wait_for": primitives.condition_wait,
        "Semaphore.acquire": primitives.semaphore_acquire,
        "Barrier.wait": primitives.barrier_wait,
    },
    "asyncio.queues": {
        "Queue.get": primitives.queue_get,
        "Queue.put": primitives.queue_put,
        "Queue.join": primitives.queue_join,
    },
    "asyncio.tasks": {
        "sleep": combining.sleep,
        "wait": combining.wait,
        "_wait": combining.wait,
        "wait_for": combining.wait_for,
        "_cancel_and_wait": combining.cancel_and_wait,
        "as_completed>_wait_for_one": combining.as_completed,
        "_AsCompletedIterator.__anext__": combining.as_completed,
        "_AsCompletedIterator._wait_for_one": combining.as_completed,
    },
    "asyncio.taskgroups": {"TaskGroup.__aexit__": combining.task_group, "TaskGroup._aexit": combining.task_group},
    "asyncio.threads": {"to_thread": combining.to_thread},
    "asyncio.streams": {
        "StreamReader.read": network.stream_read,
        "StreamReader.readline": network.stream_read,
        "StreamReader.readexactly": network.stream_read,
        "StreamReader.readuntil": network.stream_read,
        "StreamReader.__anext__": network.stream_read,
        "StreamReader._wait_for_data": network.stream_read,
        "StreamWriter.drain": network.stream_drain,
        "StreamWriter.wait_closed": network.stream_closed,
        "StreamWriter.start_tls": network.start_tls,
    },
    "asyncio.subprocess": {
        "Process.wait": network.process_wait,
        "Process.communicate": network.process_communicate,
        "create_subprocess_exec": network.process_start,
        "create_subprocess_shell": network.process_start,
    },
    "asyncio.base_events": {
        "BaseEventLoop.create_connection": network.create_connection,
        "BaseEventLoop.getaddrinfo": network.getaddrinfo,
        "BaseEventLoop.start_tls": network.start_tls,
        "Server.serve_forever": network.serve_forever,
        "Server.wait_closed": network.server_closed,
    },
    "asyncio.unix_events": {"_UnixSelectorEventLoop.create_unix_connection": network.create_unix_connection},
    "asyncio.selector_events": {
        "BaseSelectorEventLoop.sock_recv": network.sock_read,
        "BaseSelectorEventLoop.sock_recv_into": network.sock_read,
        "BaseSelectorEventLoop.sock_recvfrom": network.sock_read,
        "BaseSelectorEventLoop.sock_recvfrom_into": network.sock_read,
        "BaseSelectorEventLoop.sock_sendall": network.sock_write,
        "BaseSelectorEventLoop.sock_sendto": network.sock_write,
        "BaseSelectorEventLoop.sock_accept": network.sock_accept,
        "BaseSelectorEventLoop.sock_connect": network.sock_connect,
    },
    "asyncio.proactor_events": {
        "BaseProactorEventLoop.sock_recv": network.sock_read,
        "BaseProactorEventLoop.sock_recv_into": network.sock_read,
        "BaseProactorEventLoop.sock_recvfrom": network.sock_read,
        "BaseProactorEventLoop.sock_recvfrom_into": network.sock_read,
        "BaseProactorEventLoop.sock_sendall": network.sock_write,
        "BaseProactorEventLoop.sock_sendto": network.sock_write,
        "BaseProactorEventLoop.sock_accept": network.sock_accept,
        "BaseProactorEventLoop.sock_connect": network.sock_connect,
    },
}
_ANYIO: dict[str, dict[str, Recogniser]] = {
    "anyio._backends._asyncio": {
        "Lock.acquire": anyio_waits.lock_acquire,
        "Event.wait": anyio_waits.event_wait,
        "Semaphore.acquire": anyio_waits.semaphore_acquire,
        "CapacityLimiter.acquire_on_behalf_of": anyio_waits.limiter_acquire,
        "TaskGroup.__aexit__": anyio_waits.task_group,
        "AsyncIOBackend.run_sync_in_worker_thread": anyio_waits.run_sync,
        "SocketStream.receive": anyio_waits.socket_receive,
        "SocketStream.send": anyio_waits.socket_send,
        "UNIXSocketStream.receive": anyio_waits.socket_receive,
        "UNIXSocketStream.send": anyio_waits.socket_send,
        "TCPSocketListener.accept": anyio_waits.socket_accept,
        "UNIXSocketListener.accept": anyio_waits.socket_accept,
        "UDPSocket.receive": anyio_waits.socket_receive,
        "ConnectedUDPSocket.receive": anyio_waits.socket_receive,
    },
    "anyio._core._synchronization": {"Condition.wait": anyio_waits.condition_wait},
    "anyio.streams.memory": {
        "MemoryObjectReceiveStream.receive": anyio_waits.memory_receive,
        "MemoryObjectSendStream.send": anyio_waits.memory_send,
    },
}
#: Functions between the program and what it awaits that say nothing themselves.
_TRANSPARENT = {
    "asyncio.locks": ("_ContextManagerMixin.__aenter__", "Barrier.__aenter__"),
    "asyncio.tasks": ("wait_for", "_wrap_awaitable"),
    "anyio._backends._asyncio": (
        "CapacityLimiter.__aenter__",
        "CapacityLimiter.acquire",
        "AsyncIOBackend.run_sync_in_worker_thread",
    ),
    "anyio._core._synchronization": (
        "Lock.__aenter__",
        "Semaphore.__aenter__",
        "LockAdapter.acquire",
        "EventAdapter.wait",
    ),
    "anyio.abc._streams": ("UnreliableObjectReceiveStream.__anext__",),
}
#: How deep what a task waits for leads through tasks that asyncio made.
_DEEPEST = 4


class _Table:
    """The recognisers by the identity of their function's code, for the modules that are loaded."""

    def __init__(self) -> None:
        self.recognisers: dict[int, Recogniser] = {}
        self.transparent: frozenset[int] = frozenset()
        self._codes: list[CodeType] = []  # kept, so that no other code gets their identities
        self._loaded: set[str] = set()

    def refresh(self) -> None:
        """Adds the modules that were loaded since."""
        from sys import modules

        for table in (_ASYNCIO, _ANYIO):
            for module, functions in table.items():
                if module in modules and module not in self._loaded:
                    self._add(module, functions)

    def _add(self, module: str, functions: dict[str, Recogniser]) -> None:
        for name, recogniser in functions.items():
            outer, _, inner = name.partition(">")
            code = code_of(find(module, outer), inner)
            if code is not None:
                self._codes.append(code)
                self.recognisers[id(code)] = recogniser
        self._loaded.add(module)
        transparent = [code_of(find(module, name)) for module, names in _TRANSPARENT.items() for name in names]
        self._codes += [code for code in transparent if code is not None]
        self.transparent = frozenset(id(code) for code in transparent if code is not None)


_table = _Table()


def prepare() -> None:
    """Takes in what the program has loaded since the last answer. Safe in any thread."""
    stock()
    _table.refresh()


def of_chain(asked: Asked, task: Any, chain: Chain, named_by: Expr | None = None) -> Wait:
    """What a waiting task with that await chain waits for."""
    begin = next((i + 1 for i in range(len(chain.links) - 1, -1, -1) if not is_library(chain.links[i].code)), 0)
    if chain.too_deep:
        return Wait("unknown", f"a chain of more than {len(chain.links):,} awaits")
    found: Wait | None = None
    for index in range(begin, len(chain.links)):
        recogniser = _table.recognisers.get(id(chain.links[index].code))
        if recogniser is None:
            continue
        found = recogniser(View(asked, task, chain, index, named_by, _table.transparent))
        if found is not None:
            break
    found = found or _of_tail(asked, task, chain, begin, named_by)
    if found.due is None or found.kind != "sleep":
        due = deadline_of(chain)
        found.due = due if found.due is None else found.due if due is None else min(due, found.due)
    return found


def _of_tail(asked: Asked, task: Any, chain: Chain, begin: int, named_by: Expr | None) -> Wait:
    """What it waits for where no frame tells: by the future at the end, or by the C coroutine that is awaited."""
    view = View(asked, task, chain, max(0, len(chain.links) - 1), named_by, _table.transparent)
    if chain.links[begin:] and chain.links[-1].frame is None:
        return network.foreign_wait(view) or Wait("unknown", "")
    if chain.tail is None:
        closed = field(asked.loop, "_closed") is True
        return Wait("unknown", "nothing: its loop is closed" if closed else "something that does not tell")
    return combining.future_wait(view)


_depth = 0


def of_task(asked: Asked, task: Any, named_by: Expr | None = None) -> Wait | None:
    """What another task waits for, told as if the one that awaits it did; None if it waits for nothing."""
    global _depth
    if _depth >= _DEEPEST or not is_pending(task):
        return None
    _depth += 1
    try:
        chain = chain_of(task)
        return of_chain(asked, task, chain, named_by) if chain.links else None
    finally:
        _depth -= 1
