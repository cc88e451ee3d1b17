"""Counts, from inside a program and without us, what the benchmark compares with what arrived: its ticks and its tasks' waits.

A tick is a call of the selector's `select`, a wait a step of a task that ends with its coroutine suspended. Both are counted with what
asyncio offers, a selector and a task factory of one's own, so that plain asyncio runs around it.

    python test/bench/own_totals.py WORKLOAD ROUNDS

prints the waits and ticks of so many rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import sys

import workloads

ticks = 0
waits = 0


class CountingSelector(selectors.DefaultSelector):
    """Counts how often it is asked."""

    def select(self, timeout=None):
        global ticks
        ticks += 1
        return super().select(timeout)


class Steps:
    """Awaits a coroutine, and counts how often it is suspended."""

    def __init__(self, coroutine) -> None:
        self._inner = coroutine

    def __await__(self):
        global waits
        step, value = self._inner.send, None
        while True:
            try:
                future = step(value)
            except StopIteration as end:
                return end.value
            waits += 1
            try:
                step, value = self._inner.send, (yield future)
            except BaseException as error:
                step, value = self._inner.throw, error


async def counted(coroutine):
    """The coroutine of a task that counts."""
    return await Steps(coroutine)


def begin() -> None:
    """Counts in every loop that is made from now on."""

    with contextlib.suppress(ImportError):
        import aiohttp.web  # noqa: F401 - It makes tasks past the factory, and who watches those stands in for the name once it is there.
    stock = asyncio.Task

    class Task(asyncio.tasks._CTask):
        """For libraries that make tasks past the factory: one of asyncio's own is made, whoever else stands in for that name."""

        def __new__(cls, coroutine, **more):
            return stock(counted(coroutine), **more)

    def factory(loop, coroutine, **more):
        return stock(counted(coroutine), loop=loop, **more)

    def new_event_loop():
        loop = asyncio.SelectorEventLoop(CountingSelector())
        loop.set_task_factory(factory)
        return loop

    asyncio.Task = Task
    asyncio.events.new_event_loop = new_event_loop


async def main(name: str, amount: int) -> None:
    rounds = workloads.Rounds(name)
    for _ in range(amount):
        await rounds.run()
    await rounds.end()


if __name__ == "__main__":
    begin()
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    print(waits, ticks, flush=True)
