"""Random programs, whose own tasks, ready queue and timers at a tick are compared with what the pages say then."""

from __future__ import annotations

import asyncio
import heapq
import sys
import threading
from typing import Any

from conftest import load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

#: What one task of a random program does, one after the other.
STEP = st.one_of(
    st.tuples(st.just("yield"), st.integers(0, 2)),
    st.tuples(st.just("sleep"), st.integers(0, 3)),
    st.tuples(st.just("lock"), st.integers(0, 1)),
    st.tuples(st.just("put"), st.integers(0, 1)),
    st.tuples(st.just("get"), st.integers(0, 1)),
    st.tuples(st.just("event"), st.integers(0, 1)),
    st.tuples(st.just("set"), st.integers(0, 1)),
    st.tuples(st.just("spawn"), st.integers(0, 5)),
    st.tuples(st.just("gather"), st.integers(0, 5)),
    st.tuples(st.just("group"), st.integers(0, 5)),
    st.tuples(st.just("wait_for"), st.integers(0, 5)),
    st.tuples(st.just("await"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("timer"), st.integers(0, 9)),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("fail"), st.just(0)),
)
PROGRAMS = st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=6)


class Program:
    """Runs a list of scripts as tasks on the running loop."""

    def __init__(self, scripts: list[Any]) -> None:
        self.scripts = scripts
        self.loop = asyncio.get_running_loop()
        self.locks = [asyncio.Lock() for _ in range(2)]
        self.queues: list[Any] = [asyncio.Queue(1) for _ in range(2)]
        self.events = [asyncio.Event() for _ in range(2)]
        self.tasks: list[Any] = []
        self.timers: list[Any] = []
        self.made = 0

    def start(self, number: int, depth: int) -> Any:
        """Makes a task of a script; not without end."""
        script = self.scripts[number % len(self.scripts)] if depth < 3 and self.made < 40 else []
        self.made += 1
        task = self.loop.create_task(self.run(script, depth + 1))
        self.tasks.append(task)
        return task

    async def run(self, script: Any, depth: int) -> None:
        for what, number in script:
            await self.step(what, number, depth)

    async def step(self, what: str, number: int, depth: int) -> None:
        if what == "yield":
            await asyncio.sleep(0)
        elif what == "sleep":
            await asyncio.sleep(number * 0.0004)
        elif what == "lock":
            async with self.locks[number]:
                await asyncio.sleep(0.0004)
        elif what == "put":
            await self.queues[number].put(None)
        elif what == "get":
            await self.queues[number].get()
        elif what == "event":
            await self.events[number].wait()
        elif what == "set":
            self.events[number].set()
            self.events[number].clear()
        elif what == "spawn":
            self.start(number, depth)
        elif what == "gather":
            await asyncio.gather(self.start(number, depth), self.start(number + 1, depth), return_exceptions=True)
        elif what == "group" and sys.version_info >= (3, 11):
            async with asyncio.TaskGroup() as group:
                group.create_task(self.run([], depth))
                group.create_task(self.run([("yield", 0)], depth))
        elif what == "wait_for":
            await asyncio.wait_for(self.start(number, depth), 0.001)
        elif what == "await" and self.tasks:
            await asyncio.wait([self.tasks[number % len(self.tasks)]], timeout=0.0005)
        elif what == "cancel" and self.tasks:
            self.tasks[number % len(self.tasks)].cancel()
        elif what == "timer":
            self.timers.append(self.loop.call_later(number * 0.0007, int))
        elif what == "drop" and self.timers:
            self.timers[number % len(self.timers)].cancel()
        elif what == "fail":
            raise ValueError(what)

    async def end(self) -> None:
        """Cancels all tasks of the loop but the one that calls this, until none is left.

        Once is not enough: up to 3.11 `wait_for` loses a cancellation that comes in the moment in which what it awaits is done (CPython,
        Lib/asyncio/tasks.py), and its task goes on to what it does next.
        """
        me = asyncio.current_task()
        while rest := [task for task in asyncio.all_tasks() if task is not me]:
            for task in rest:
                task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*self.tasks, return_exceptions=True)


def heap_order(heap: list[Any]) -> list[int]:
    """The timers as asyncio itself will take them from its heap."""
    copy = list(heap)
    return [id(heapq.heappop(copy)) for _ in range(len(copy))]


def stepped(handle: Any) -> Any:
    """The task that a handle steps or wakes, as asyncio's own objects tell: a step's or a wake-up's `__self__`."""
    callback = handle._callback
    owner = getattr(callback, "__self__", None)
    if owner is None and type(callback).__name__ == "TaskWakeupMethWrapper":  # 3.9 does not tell
        return "unknown"
    is_step = "step" in repr(callback).lower() or "wakeup" in repr(callback).lower()
    return owner if isinstance(owner, asyncio.Task) and is_step else None


def compare(loop: Any) -> None:
    """Everything that the pages say of a loop against what the loop says itself, at one instant, in its thread."""
    answer = load().answer
    alive = asyncio.all_tasks(loop)
    current = asyncio.current_task(loop)
    ready = list(loop._ready)
    heap = list(loop._scheduled)
    about = {"sync", "describe", "ready", "timers", "edges"}

    listed: list[Any] = []
    cursor = 0
    while True:
        part = answer(loop, 1, {"query": "sync", "cursor": cursor})
        listed += part["tasks"]
        cursor = part["cursor"]
        if not cursor:
            break
    assert {row["task"] for row in listed} == {id(task) for task in alive}, about
    assert len(listed) == len(alive)
    assert {row["task"]: row["name"] for row in listed} == {id(task): task.get_name() for task in alive}

    rows = answer(loop, 1, {"query": "describe", "tasks": [id(task) for task in alive]})["tasks"]
    by_task = {row["task"]: row for row in rows}
    assert set(by_task) == {id(task) for task in alive}
    woken = {id(task) for task in (stepped(handle) for handle in ready) if task is not None and task != "unknown"}
    certain = not any(stepped(handle) == "unknown" for handle in ready)
    for task in alive:
        state = by_task[id(task)]["state"]
        if task is current:
            assert state == "running"
        elif certain:
            assert (state == "ready") == (id(task) in woken), (task, state)
            assert state in ("ready", "waiting")
        assert (by_task[id(task)]["waitsFor"] is not None) == (state == "waiting")
        if state == "waiting":
            wait = by_task[id(task)]["waitsFor"]
            assert wait["text"] and wait["kind"] != "unknown", (task, wait)

    page = answer(loop, 1, {"query": "ready", "offset": 0, "limit": 200})
    assert page["total"] == len(ready)
    assert len(page["rows"]) == min(200, len(ready))
    for row, handle in zip(page["rows"], ready):
        task = stepped(handle)
        if task != "unknown" and (task is not None or not row["subject"]):
            assert row["subject"] == (id(task) if task is not None else 0)
        assert row["cancelled"] == handle._cancelled
    if len(ready) > 3:
        second = answer(loop, 1, {"query": "ready", "offset": 2, "limit": 2})
        assert second["rows"] == page["rows"][2:4]

    timers = answer(loop, 1, {"query": "timers", "offset": 0, "limit": 200})
    assert timers["total"] == len(heap)
    assert [row["handle"] for row in timers["rows"]] == heap_order(heap)[:200]
    by_handle = {id(handle): handle for handle in heap}
    for row in timers["rows"]:
        assert row["due"] == by_handle[row["handle"]].when()
        assert row["cancelled"] == by_handle[row["handle"]].cancelled()

    edges = answer(loop, 1, {"query": "edges", "tasks": [id(task) for task in alive]})["edges"]
    pairs = {tuple(edge) for edge in edges}
    for task in alive:
        awaited = getattr(task, "_fut_waiter", None)
        if isinstance(awaited, asyncio.Task) and not awaited.done():
            assert (id(task), id(awaited)) in pairs
            for named in (task, awaited):  # each end knows the other
                edges = answer(loop, 1, {"query": "edges", "tasks": [id(named)]})["edges"]
                assert [id(task), id(awaited)] in edges
    addresses = {id(task) for task in alive}
    assert all(a in addresses or b in addresses for a, b in pairs)


async def main(scripts: Any, ticks: int) -> None:
    """A program, looked at from a callback between its tasks and from a task, at each of some ticks."""
    program = Program(scripts)
    loop = asyncio.get_running_loop()
    failures: list[BaseException] = []

    def look() -> None:
        try:
            compare(loop)
        except BaseException as error:
            failures.append(error)

    for number in range(len(scripts)):
        program.start(number, 0)
    for tick in range(ticks):
        if tick % 2:
            loop.call_soon(look)
        else:
            look()
        await asyncio.sleep(0.0003 if tick % 3 == 0 else 0)
    await program.end()
    if failures:
        raise failures[0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, st.integers(2, 12))
def test_every_page_agrees_with_the_loop(scripts: Any, ticks: int) -> None:
    asyncio.run(main(scripts, ticks))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PROGRAMS, min_size=2, max_size=3))
def test_several_loops_in_threads(programs: Any) -> None:
    errors: list[BaseException] = []

    def one(scripts: Any) -> None:
        try:
            asyncio.run(main(scripts, 6))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(scripts,)) for scripts in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
def test_questions_from_another_thread_of_a_busy_loop_never_fail(scripts: Any) -> None:
    """What is read then is not of one instant, so only its form is checked: an answer, for each question."""
    answer = load().answer
    errors: list[BaseException] = []
    over = threading.Event()

    async def program() -> None:
        loop = asyncio.get_running_loop()

        def questions() -> None:
            try:
                while not over.is_set():
                    tasks = [row["task"] for row in answer(loop, 1, {"query": "sync", "cursor": 0})["tasks"]][:50]
                    answer(loop, 1, {"query": "describe", "tasks": tasks})
                    answer(loop, 1, {"query": "edges", "tasks": tasks})
                    for task in tasks[:5]:
                        answer(loop, 1, {"query": "task", "task": task})
                    for query in ("ready", "timers", "selector"):
                        answer(loop, 1, {"query": query, "offset": 0, "limit": 200})
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=questions)
        thread.start()
        try:
            for _ in range(3):
                made = Program(scripts)
                for number in range(len(scripts)):
                    made.start(number, 0)
                await asyncio.sleep(0.003)
                await made.end()
        finally:
            over.set()
            thread.join()

    asyncio.run(program())
    if errors:
        raise errors[0]
