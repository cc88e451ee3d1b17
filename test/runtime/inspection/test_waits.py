"""What a task waits for, in the user's terms: the exact text of every kind of wait, the same on every Python."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import sys
import threading
from typing import Any

import pytest
from conftest import ask, described, end, run, settle
from waiting import Case, case, check, line_of, start

CASES: dict[str, Any] = {}


class Service:
    """A program's object with the things that its methods wait for."""

    def __init__(self) -> None:
        self.db = asyncio.Lock()
        self.locks = {"a": asyncio.Lock()}
        self.jobs: Any = asyncio.Queue()
        self.full: Any = asyncio.Queue(1)
        self.ready = asyncio.Event()
        self.slots = asyncio.Semaphore(2)
        self.bounded = asyncio.BoundedSemaphore(1)
        self.changed = asyncio.Condition()
        self.done = asyncio.get_running_loop().create_future()

    async def forever(self) -> None:
        await self.done

    async def hold(self) -> None:
        async with self.db:  # holds db
            await self.forever()

    async def hold_by_acquire(self) -> None:
        await self.db.acquire()  # acquires db
        try:
            await self.forever()
        finally:
            self.db.release()

    async def hold_nested(self) -> None:
        with open(os.devnull) as sink, contextlib.suppress(ValueError):
            async with self.changed:
                assert sink
                async with self.locks["a"] as nothing, self.db:  # holds both
                    assert nothing is None
                    await self.forever()

    @contextlib.asynccontextmanager
    async def transaction(self) -> Any:
        async with self.db:  # in transaction
            yield

    async def hold_by_manager(self) -> None:
        async with self.transaction():
            await self.forever()

    async def hold_by_stack(self) -> None:
        async with contextlib.AsyncExitStack() as stack:  # has a stack
            await stack.enter_async_context(self.db)
            await self.forever()

    async def hold_slot(self) -> None:
        async with self.slots:  # holds slot
            await self.forever()

    async def lock(self) -> None:
        async with self.db:
            pass

    async def lock_and_hold(self) -> None:
        async with self.db:
            await self.lock()


async def _lock_case(holder: str, since: str, waiter: Any = None) -> Case:
    service = Service()
    held = start(getattr(service, holder)(), "holder")
    await settle()
    task = start(waiter(service) if waiter else service.lock(), "waiter")
    said = f"Lock self.db held by holder since test_waits.py:{line_of(since)}"
    made = Case(task, said, "lock", waits_for=held)
    made.helpers = [held]
    return made


@case
async def lock_held_by_async_with() -> Case:
    return await _lock_case("hold", "holds db")


@case
async def lock_held_by_acquire() -> Case:
    return await _lock_case("hold_by_acquire", "acquires db")


@case
async def lock_held_in_nested_blocks() -> Case:
    return await _lock_case("hold_nested", "holds both")


@case
async def lock_held_by_an_asynccontextmanager() -> Case:
    return await _lock_case("hold_by_manager", "in transaction")


@case
async def lock_held_by_an_exit_stack() -> Case:
    return await _lock_case("hold_by_stack", "has a stack")


@case
async def lock_of_an_item() -> Case:
    service = Service()

    async def waiter(key: str) -> None:
        await service.locks[key].acquire()

    held = start(service.hold_nested(), "holder")
    await settle()
    said = f"Lock service.locks[key] held by holder since test_waits.py:{line_of('holds both')}"
    made = Case(start(waiter("a"), "waiter"), said, "lock", waits_for=held)
    made.helpers = [held]
    return made


@case
async def lock_held_by_itself() -> Case:
    service = Service()
    task = start(service.lock_and_hold(), "waiter")
    line = inspect.getsourcelines(Service.lock_and_hold)[1] + 1
    return Case(task, f"Lock self.db held by this task since test_waits.py:{line}", "lock", waits_for=task)


@case
async def lock_held_by_nobody_known() -> Case:
    service = Service()
    await service.db.acquire()
    return Case(start(service.lock(), "waiter"), "Lock self.db, held", "lock")


@case
async def lock_without_a_name() -> Case:
    service = Service()
    await service.db.acquire()
    wait = service.db.acquire()
    return Case(start(wait, "waiter"), "Lock, held", "lock")


@case
async def queue_get() -> Case:
    service = Service()

    async def get() -> None:
        await service.jobs.get()

    return Case(start(get(), "w"), "Queue.get, empty: service.jobs", "queue")


@case
async def queue_get_without_a_name() -> Case:
    return Case(start(asyncio.Queue().get(), "w"), "Queue.get, empty", "queue")


@case
async def queue_put() -> Case:
    queue: Any = asyncio.Queue(10)
    for number in range(10):
        queue.put_nowait(number)
    put = queue.put(1)
    return Case(start(put, "w"), "Queue.put, full (10)", "queue")


@case
async def queue_put_named() -> Case:
    service = Service()

    async def put(a: int, b: int) -> None:
        await service.full.put(0)
        await service.full.put(a if a else b)

    return Case(start(put(1, 2), "w"), "Queue.put, full (1): service.full", "queue")


@case
async def queue_join() -> Case:
    jobs: Any = asyncio.Queue()
    jobs.put_nowait(1)
    jobs.put_nowait(2)

    async def join() -> None:
        await jobs.join()

    return Case(start(join(), "w"), "Queue.join, 2 unfinished: jobs", "queue")


@case
async def queue_get_in_wait_for() -> Case:
    service = Service()

    async def get() -> None:
        await asyncio.wait_for(service.jobs.get(), timeout=50)

    due = asyncio.get_running_loop().time() + 50
    return Case(start(get(), "w"), "Queue.get, empty: service.jobs", "queue", due)


@case
async def a_sleep() -> Case:
    async def nap() -> None:
        await asyncio.sleep(60)

    return Case(start(nap(), "w"), "sleep", "sleep", asyncio.get_running_loop().time() + 60)


@case
async def event() -> Case:
    service = Service()

    async def wait() -> None:
        await service.ready.wait()

    return Case(start(wait(), "w"), "Event service.ready", "event")


@case
async def condition() -> Case:
    service = Service()

    async def wait() -> None:
        async with service.changed:
            await service.changed.wait()

    return Case(start(wait(), "w"), "Condition service.changed", "condition")


@case
async def condition_with_predicate() -> Case:
    service = Service()

    async def wait() -> None:
        async with service.changed:
            await service.changed.wait_for(lambda: False)

    return Case(start(wait(), "w"), "Condition service.changed", "condition")


@case
async def condition_notified() -> Case:
    service = Service()

    async def wait() -> None:
        async with service.changed:
            await service.changed.wait()

    async def notify() -> None:
        async with service.changed:  # notifies
            service.changed.notify_all()
            await service.forever()

    task = start(wait(), "w")
    await settle()
    other = start(notify(), "notifier")
    said = f"Condition service.changed, its Lock held by notifier since test_waits.py:{line_of('notifies')}"
    made = Case(task, said, "condition", waits_for=other)
    made.helpers = [other]
    return made


@case
async def semaphore_of_two() -> Case:
    service = Service()
    helpers = [start(service.hold_slot(), "a"), start(service.hold_slot(), "b")]
    await settle()

    async def enter() -> None:
        async with service.slots:
            pass

    made = Case(start(enter(), "w"), "Semaphore service.slots held by a, b", "semaphore", waits_for=helpers[0])
    made.helpers = helpers
    return made


@case
async def bounded_semaphore() -> Case:
    service = Service()

    async def enter() -> None:
        async with service.bounded:  # enters bounded
            await service.forever()

    helper = start(enter(), "a")
    await settle()
    said = f"BoundedSemaphore service.bounded held by a since test_waits.py:{line_of('enters bounded')}"
    made = Case(start(enter(), "w"), said, "semaphore", waits_for=helper)
    made.helpers = [helper]
    return made


@case
async def gather() -> Case:
    service = Service()

    async def wait() -> None:
        await asyncio.gather(*[asyncio.sleep(0) for _ in range(3)], service.forever(), service.forever())

    return Case(start(wait(), "w"), "gather of 5, 2 left", "gather")


@case
async def wait_for_all() -> Case:
    service = Service()

    async def wait() -> None:
        tasks = [asyncio.ensure_future(c) for c in (asyncio.sleep(0), service.forever(), service.forever())]
        await asyncio.wait(tasks, timeout=40)

    return Case(start(wait(), "w"), "wait of 3, 2 left", "wait", asyncio.get_running_loop().time() + 40)


@case
async def wait_for_first() -> Case:
    service = Service()

    async def wait() -> None:
        tasks = [asyncio.ensure_future(service.forever()) for _ in range(2)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    return Case(start(wait(), "w"), "wait for the first of 2", "wait")


@case
async def as_completed() -> Case:
    service = Service()

    async def wait() -> None:
        for each in asyncio.as_completed([asyncio.sleep(0), service.forever(), service.forever()]):
            await each

    return Case(start(wait(), "w"), "as_completed, 2 left", "wait")


@case
async def shield() -> Case:
    service = Service()
    inner = start(service.forever(), "inner")

    async def wait() -> None:
        await asyncio.shield(inner)

    made = Case(start(wait(), "w"), "shield of inner · _named()", "shield", waits_for=inner)
    made.helpers = [inner]
    return made


@case
async def another_task() -> Case:
    service = Service()
    inner = start(service.forever(), "inner")

    async def wait() -> None:
        await inner

    made = Case(start(wait(), "w"), "inner · _named()", "task", waits_for=inner)
    made.helpers = [inner]
    return made


@case
async def bare_future() -> Case:
    service = Service()
    return Case(start(service.forever(), "w"), "future self.done", "future")


@case
async def bare_future_in_wait_for() -> Case:
    service = Service()

    async def wait() -> None:
        await asyncio.wait_for(service.done, 30)

    due = asyncio.get_running_loop().time() + 30
    return Case(start(wait(), "w"), "future service.done", "future", due)


@case
async def async_generator() -> Case:
    service = Service()

    async def numbers() -> Any:
        yield await service.jobs.get()

    async def read() -> None:
        async for number in numbers():
            assert number

    return Case(start(read(), "w"), "Queue.get, empty: service.jobs", "queue")


@case
async def awaitable_class() -> Case:
    class Later:
        def __await__(self) -> Any:
            return (yield from asyncio.sleep(70).__await__())

    async def read() -> None:
        await Later()

    return Case(start(read(), "w"), "sleep", "sleep", asyncio.get_running_loop().time() + 70)


@case
async def iterator_class() -> Case:
    class Steps:
        def __init__(self) -> None:
            self.inner = asyncio.sleep(80).__await__()

        def __await__(self) -> Any:
            return self

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return self.inner.send(None)

        def send(self, value: Any) -> Any:
            return self.inner.send(value)

    async def read() -> None:
        await Steps()

    return Case(start(read(), "w"), "sleep", "sleep", asyncio.get_running_loop().time() + 80)


@case
async def coroutine_on_another_loop() -> Case:
    started = threading.Event()
    loops: list[Any] = []

    def other() -> None:
        loop = asyncio.new_event_loop()
        loops.append(loop)
        loop.call_soon(started.set)
        loop.run_forever()
        loop.close()

    thread = threading.Thread(target=other)
    thread.start()
    started.wait(10)

    async def remote() -> None:
        await asyncio.sleep(1000)

    concurrent = asyncio.run_coroutine_threadsafe(remote(), loops[0])

    async def wait() -> None:
        await asyncio.wrap_future(concurrent)

    made = Case(start(wait(), "w"), r"~Task-\d+ · .*remote\(\) on another loop", "task")

    def after() -> None:
        async def finish() -> None:
            me = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not me]
            await end(*others)

        asyncio.run_coroutine_threadsafe(finish(), loops[0]).result(10)
        loops[0].call_soon_threadsafe(loops[0].stop)
        thread.join(10)

    made.after = after
    await asyncio.sleep(0.02)  # the other thread makes its task
    return made


if sys.version_info >= (3, 11):

    @case
    async def task_group() -> Case:
        service = Service()

        async def wait() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(service.forever())
                group.create_task(asyncio.sleep(0))

        return Case(start(wait(), "w"), "TaskGroup of 2", "group")

    @case
    async def timeout_block() -> Case:
        service = Service()

        async def wait() -> None:
            async with asyncio.timeout(25), service.slots:
                await service.ready.wait()

        due = asyncio.get_running_loop().time() + 25
        return Case(start(wait(), "w"), "Event service.ready", "event", due)

    @case
    async def barrier() -> Case:
        gate = asyncio.Barrier(3)

        async def wait() -> None:
            async with gate:
                pass

        helper = start(wait(), "a")
        await settle()
        made = Case(start(wait(), "w"), "Barrier gate, 2 of 3", "barrier")
        made.helpers = [helper]
        return made


@pytest.mark.parametrize("name", sorted(CASES))
def test_wait(name: str) -> None:
    check(CASES[name])


def test_a_lock_is_named_by_who_awaits_it_not_by_its_holder() -> None:
    async def main() -> None:
        lock = asyncio.Lock()

        async def hold(mutex: Any) -> None:
            async with mutex:
                await asyncio.sleep(100)

        async def wait() -> None:
            async with lock:
                pass

        tasks = [start(hold(lock), "holder"), start(wait(), "w")]
        await settle()
        assert described(tasks[1])[0]["waitsFor"]["text"].startswith("Lock lock held by holder since")
        await end(*tasks)

    run(main)


def test_a_lock_that_was_let_go_is_not_said_to_be_held_by_who_held_it() -> None:
    async def main() -> None:
        lock = asyncio.Lock()
        go_on = asyncio.Event()

        async def hold_a_while() -> None:
            async with lock:
                await go_on.wait()
            await asyncio.sleep(100)

        async def hold() -> None:
            async with lock:
                await asyncio.sleep(100)

        async def wait() -> None:
            async with lock:
                pass

        tasks = [start(hold_a_while(), "first"), start(hold(), "second"), start(wait(), "third")]
        await settle()
        assert " held by first since" in described(tasks[2])[0]["waitsFor"]["text"]
        go_on.set()
        await settle()
        assert " held by second since" in described(tasks[2])[0]["waitsFor"]["text"]
        await end(*tasks)

    run(main)


def test_what_is_never_due_is_no_obstacle() -> None:
    """`sleep(math.inf)` sets a timer that is never due; JSON has no infinity."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = start(asyncio.sleep(float("inf")), "forever")
        soon = loop.call_later(60, print)
        await settle()
        row = described(task)[0]
        assert (row["state"], row["waitsFor"]["kind"], "due" in row["waitsFor"]) == ("waiting", "sleep", False)
        rows = ask("timers", offset=0, limit=10)["rows"]
        assert [row["handle"] == id(soon) for row in rows] == [True, False]
        assert rows[1]["due"] > 1e300
        json.dumps([row, rows], allow_nan=False)
        soon.cancel()
        await end(task)

    run(main)
