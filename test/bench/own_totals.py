"""Counts, from inside a program and without us, what the benchmark compares with what arrived: its ticks and its tasks' waits.

A tick is a call of the selector's `select`, a wait a step of a task that ends with its coroutine suspended. Both are counted with what
asyncio offers, a selector and a task factory of one's own, so that plain asyncio runs around it.
"""

from __future__ import annotations

import asyncio
import collections.abc
import selectors

ticks = 0
waits = 0


class CountingSelector(selectors.DefaultSelector):
    """Counts how often it is asked."""

    def select(self, timeout=None):
        global ticks
        ticks += 1
        return super().select(timeout)


class Counted(collections.abc.Coroutine):
    """A coroutine that counts how often it is suspended."""

    def __init__(self, inner):
        self._inner = inner

    def send(self, value):
        global waits
        future = self._inner.send(value)
        waits += 1
        return future

    def throw(self, *error):
        global waits
        future = self._inner.throw(*error)
        waits += 1
        return future

    def close(self):
        return self._inner.close()

    def __await__(self):
        return (yield from self._inner.__await__())


def begin() -> None:
    """Counts in every loop that is made from now on."""

    stock = asyncio.Task

    class Task(stock):
        """For libraries that make tasks past the factory."""

        def __init__(self, coroutine, **more):
            super().__init__(Counted(coroutine), **more)

    def factory(loop, coroutine, **more):
        return stock(Counted(coroutine), loop=loop, **more)

    def new_event_loop():
        loop = asyncio.SelectorEventLoop(CountingSelector())
        loop.set_task_factory(factory)
        return loop

    asyncio.Task = Task
    asyncio.events.new_event_loop = new_event_loop
