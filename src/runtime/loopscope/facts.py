"""What is so in this Python's asyncio: the types of what a task puts into the ready queue, and the functions that we stand in for.

Found by asking the asyncio that is loaded, once, before the first loop is watched.
"""

from __future__ import annotations

import selectors
import sys
from asyncio import base_events, events, futures, selector_events, tasks

from . import fingerprints
from .untyped import type_of, vars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def make_current_task() -> Callable[[Any], Any]:
    """A function from a loop to the task that it runs, or None: the quickest that this Python has."""
    any_tasks: Any = tasks
    if sys.version_info < (3, 12) and hasattr(any_tasks, "_current_tasks"):
        return any_tasks._current_tasks.get
    return any_tasks.current_task


class _NoType:
    """Stands for a type that this Python does not have: nothing is of it."""


class _ProbeLoop:
    """As much of a loop as a task needs to be made; keeps the callback of its first step."""

    callback: Any = None

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> None:
        """Keeps the callback."""
        self.callback = callback

    def get_debug(self) -> bool:
        """No."""
        return False


class Facts:
    """The types. `step` and `wakeup`: of a C task's callbacks (`wakeup` is a built-in method from 3.10 on, so it is of no use alone)."""

    def __init__(self) -> None:
        self.task: Any = tasks.Task
        self.task_name: Any = None
        """What stands in for the name `asyncio.Task`: see eager_callers.py."""
        python_task: Any = getattr(tasks, "_PyTask", None)
        self.python_task: Any = python_task if python_task is not None and python_task is not tasks.Task else _NoType
        self.c_task: Any = getattr(tasks, "_CTask", _NoType)
        self.step: Any = _NoType
        self.wakeup: Any = _NoType
        self.builtin: Any = type(len)
        self.waker: Any = self.builtin
        """What a C task's wake-up is of, and from 3.10 on much else."""
        self.handle: Any = events.Handle
        self.timer_handle: Any = events.TimerHandle
        self.loop: Any = base_events.BaseEventLoop
        epoll: Any = getattr(selectors, "EpollSelector", None)
        self.epoll_select: Any = epoll.select if epoll is not None else None
        modules = {"base_events": base_events, "selector_events": selector_events}
        self._event_functions = fingerprints.functions_of(modules, fingerprints.EVENT_FUNCTIONS)
        self._knows_events = not fingerprints.unknown(modules, fingerprints.EVENT_FUNCTIONS)
        base: Any = base_events
        self.run_until_complete_callback: Any = getattr(getattr(base, "_run_until_complete_cb", None), "__code__", None)
        self.registry_is_bypassed = False
        self.registry: Any = getattr(tasks, "_all_tasks", getattr(tasks, "_scheduled_tasks", None))
        """The WeakSet that every task is in; None where there is none."""
        if self.c_task is not _NoType:
            self.step = self._step_type(self.c_task)
            if sys.version_info < (3, 10):
                self.wakeup = self.waker = self._wakeup_type(self.c_task)

    def processes_events(self, loop: Any) -> bool:
        """Whether a loop makes of what epoll returned what asyncio makes of it, and that is known."""
        bound = {name: getattr(loop, name.rpartition(".")[2], None) for name in self._event_functions}
        return self._knows_events and all(getattr(bound[name], "__func__", None) is stock for name, stock in self._event_functions.items())

    def _step_type(self, task_type: Any) -> Any:
        loop = _ProbeLoop()
        coroutine = _nothing()
        task = task_type(coroutine, loop=loop, name="")  # With a name, or it would use up a number of the program's tasks.
        task._log_destroy_pending = False
        coroutine.close()
        registry: Any = getattr(tasks, "_all_tasks", None)
        if not hasattr(registry, "data"):
            registry = getattr(tasks, "_scheduled_tasks", None)
        self.registry_is_bypassed = registry is None or task not in registry
        self.registry = None if self.registry_is_bypassed else registry
        step: Any = type_of(loop.callback)
        return step

    def _wakeup_type(self, task_type: Any) -> Any:
        """3.9: the type of what a future calls to wake its task. Steps a task of ours, which 3.9 allows on any loop."""
        loop = _ProbeLoop()
        future: futures.Future[Any] = futures.Future(loop=loop)  # type: ignore[arg-type]
        coroutine = _wait(future)
        task = task_type(coroutine, loop=loop, name="")
        task._log_destroy_pending = False
        loop.callback()
        callbacks: Any = vars_of(type(future))["_callbacks"].__get__(future)
        coroutine.close()
        wakeup: Any = type_of(callbacks[0][0])
        return wakeup


async def _wait(future: Any) -> None:
    await future


async def _nothing() -> None:
    pass
