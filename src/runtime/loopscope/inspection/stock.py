"""The classes and functions of asyncio (and of the libraries built on it) as this process has them loaded.

They are taken from `sys.modules`, never imported: the program decides what it loads, and when. Nothing here is
about a
particular task or loop.
"""

from __future__ import annotations

import sys

from .peek import class_value, is_a, module_of, mro, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

_MODULES = (
    "base_events",
    "base_subprocess",
    "events",
    "futures",
    "locks",
    "proactor_events",
    "queues",
    "runners",
    "selector_events",
    "sslproto",
    "streams",
    "subprocess",
    "taskgroups",
    "tasks",
    "timeouts",
    "unix_events",
    "windows_events",
)


def find(module: str, name: str) -> Any:
    """A module's global, or an attribute path of one (`Lock.acquire`), unbound; None if that is not loaded."""
    loaded = sys.modules.get(module)
    if loaded is None:
        return None
    head, _, rest = name.partition(".")
    value: Any = vars(loaded).get(head)
    while rest and is_a(value, type):
        head, _, rest = rest.partition(".")
        value = class_value(value, head)
    return None if rest else value


def code_of(function: Any, path: str = "") -> CodeType | None:
    """The code of a function; `path` names a function nested in it (`outer.<locals>.inner` is found as 'inner')."""
    code = getattr(function, "__code__", None)
    if code is not None and path:
        return next((c for c in code.co_consts if type(c) is type(code) and c.co_name == path), None)
    return code


class Stock:
    """asyncio's types by the name they have there; None where this Python has no such type."""

    def __init__(self) -> None:
        """Reads them from the loaded modules, once."""
        for module in _MODULES:
            loaded = sys.modules.get("asyncio." + module)
            for value in list(vars(loaded).values()) if loaded is not None else ():
                if is_a(value, type) and module_of(value) in ("asyncio." + module, "_asyncio"):
                    trust(value)
        self.PyFuture = find("asyncio.futures", "_PyFuture")
        self.PyTask = find("asyncio.tasks", "_PyTask")
        # Not by their public names: programs put others there (nest_asyncio does).
        self.Future = find("_asyncio", "Future") or self.PyFuture
        self.Task = find("_asyncio", "Task") or self.PyTask
        self.GatheringFuture = find("asyncio.tasks", "_GatheringFuture")
        self.Handle = find("asyncio.events", "Handle")
        self.TimerHandle = find("asyncio.events", "TimerHandle")
        self.BaseEventLoop = find("asyncio.base_events", "BaseEventLoop")
        self.Server = find("asyncio.base_events", "Server")
        self.Lock = find("asyncio.locks", "Lock")
        self.Condition = find("asyncio.locks", "Condition")
        self.Semaphore = find("asyncio.locks", "Semaphore")
        self.Event = find("asyncio.locks", "Event")
        self.Barrier = find("asyncio.locks", "Barrier")
        self.Queue = find("asyncio.queues", "Queue")
        self.Timeout = find("asyncio.timeouts", "Timeout")
        self.TaskGroup = find("asyncio.taskgroups", "TaskGroup")
        self.StreamReader = find("asyncio.streams", "StreamReader")
        self.StreamWriter = find("asyncio.streams", "StreamWriter")
        self.Process = find("asyncio.subprocess", "Process")

    def is_future(self, obj: object) -> bool:
        """True for an asyncio future or task, C or Python, or of a class derived from one."""
        own = type(obj)
        if own is self.Task or own is self.Future:
            return True
        own_mro = mro(own)
        return any(base is self.Future or base is self.PyFuture for base in own_mro)

    def is_task(self, obj: object) -> bool:
        """True for an asyncio task, C or Python, or of a class derived from one."""
        own = type(obj)
        if own is self.Task:
            return True
        own_mro = mro(own)
        return any(base is self.Task or base is self.PyTask for base in own_mro)


_stock: Stock | None = None


def stock() -> Stock:
    """asyncio's types. Only to be called with a loop in hand: there is one, so asyncio is loaded."""
    global _stock
    if _stock is None:
        _stock = Stock()
    return _stock
