"""Objects that do harm when they are looked at: no answer may call their code, fail, or keep them alive."""

from __future__ import annotations

import asyncio
import collections.abc
import functools
import json
import sys
import threading
import weakref
from typing import Any

import pytest
from conftest import ask, described, end, load, run, settle

TOUCHED: list[str] = []


def _touch(name: str) -> Any:
    def method(*args: Any, **keywords: Any) -> Any:
        TOUCHED.append(name)
        raise RuntimeError(f"{name} was called")

    return method


class Meta(type):
    """A metaclass whose classes cannot be compared, hashed or shown."""

    __eq__ = _touch("type ==")
    __repr__ = _touch("type repr")

    def __hash__(cls) -> int:
        TOUCHED.append("type hash")
        return 1

    def __getattribute__(cls, name: str) -> Any:
        if name not in ("__new__", "__init__", "__class__", "__abstractmethods__", "__mro__", "__dict__", "__name__"):
            TOUCHED.append(f"type.{name}")
        return type.__getattribute__(cls, name)


class Hostile(metaclass=Meta):
    """An object whose every special method raises, once it is armed."""

    __slots__ = ("__dict__", "__weakref__")
    __class__ = property(_touch("__class__"))


for _name in ("repr", "str", "eq", "ne", "lt", "bool", "len", "iter", "call", "getattr", "format", "bytes"):
    type.__setattr__(Hostile, f"__{_name}__", _touch(_name))
type.__setattr__(Hostile, "__hash__", _touch("hash"))
type.__setattr__(Hostile, "_fut_waiter", property(_touch("_fut_waiter")))
type.__setattr__(Hostile, "_loop", property(_touch("_loop")))


class HostileLock(asyncio.Lock):
    """A lock that lies about everything but its work."""

    __repr__ = _touch("lock repr")
    __eq__ = _touch("lock ==")
    __len__ = _touch("lock len")
    __hash__ = asyncio.Lock.__hash__

    def __getattr__(self, name: str) -> Any:
        TOUCHED.append(f"lock.{name}")
        raise AttributeError(name)


class HostileTask(asyncio.Task):
    """A task that answers no question."""

    __repr__ = _touch("task repr")
    __eq__ = _touch("task ==")
    __hash__ = asyncio.Task.__hash__
    get_name = _touch("get_name")
    get_coro = _touch("get_coro")
    get_stack = _touch("get_stack")

    def __getattr__(self, name: str) -> Any:
        TOUCHED.append(f"task.{name}")
        raise AttributeError(name)


class HashingTask(asyncio.Task):
    """A task with a hash of its own."""

    def __hash__(self) -> int:
        return 42

    def __eq__(self, other: object) -> bool:
        return self is other


class HostileStr(str):
    """A name that is no plain string."""

    __repr__ = _touch("str repr")
    __str__ = _touch("str str")
    __len__ = _touch("str len")
    __format__ = _touch("str format")


class Coroutine(collections.abc.Coroutine):
    """A coroutine that is an object of the program's."""

    def __init__(self) -> None:
        self.inner = asyncio.sleep(1000)

    def send(self, value: Any) -> Any:
        return self.inner.send(value)

    def throw(self, *args: Any) -> Any:
        return self.inner.throw(*args)

    def close(self) -> None:
        self.inner.close()

    def __await__(self) -> Any:
        return self.inner.__await__()

    __repr__ = _touch("coroutine repr")


@pytest.fixture(autouse=True)
def untouched() -> Any:
    """After each test: nobody has called anything."""
    TOUCHED.clear()
    yield
    assert TOUCHED == []


def everything(tasks: Any) -> list[Any]:
    """All questions about some tasks; the answers are JSON."""
    addresses = [id(task) for task in tasks]
    answers = [ask("describe", tasks=addresses), ask("edges", tasks=addresses), ask("sync", cursor=0)]
    answers += [ask("task", task=address) for address in addresses]
    answers += [ask(query, offset=0, limit=200) for query in ("ready", "timers", "selector")]
    for answer in answers:
        json.dumps(answer, allow_nan=False)
    return answers


def test_hostile_locals_globals_and_attributes() -> None:
    async def main() -> None:
        hostile = Hostile()

        async def wait(first: Any, *more: Any, **others: Any) -> None:
            second = [hostile, first]
            async with HostileLock():
                await asyncio.sleep(1000)
            assert second

        task = asyncio.ensure_future(wait(hostile, hostile, x=hostile))
        other = asyncio.ensure_future(wait(object()))
        await settle()
        answers = everything([task, other])
        assert [row["waitsFor"]["text"] for row in answers[0]["tasks"]] == ["sleep", "sleep"]
        await end(task, other)

    run(main)


def test_a_hostile_lock_and_its_holder() -> None:
    async def main() -> None:
        lock = HostileLock()

        async def hold() -> None:
            async with lock:
                await asyncio.sleep(1000)

        async def wait() -> None:
            async with lock:
                pass

        tasks = [asyncio.ensure_future(hold()), asyncio.ensure_future(wait())]
        await settle()
        (row,) = everything(tasks)[0]["tasks"][1:]
        assert row["waitsFor"]["text"].startswith("HostileLock lock held by Task-")
        await end(*tasks)

    run(main)


@pytest.mark.parametrize("kind", [HostileTask, HashingTask])
def test_task_subclasses(kind: Any) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coro, **options: kind(coro, loop=loop, **options))
        inner = loop.create_task(asyncio.sleep(1000))

        async def wait() -> None:
            await inner

        outer = loop.create_task(wait())
        await settle()
        answers = everything([inner, outer])
        assert [row["coroutine"] for row in answers[0]["tasks"]] == [
            "sleep",
            "test_task_subclasses.<locals>.main.<locals>.wait",
        ]
        assert answers[0]["tasks"][1]["waitsFor"]["task"] == id(inner)
        assert [id(outer), id(inner)] in answers[1]["edges"]
        await end(inner, outer)

    run(main)


def test_pure_python_tasks() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        python_task: Any = asyncio.tasks._PyTask
        inner = python_task(asyncio.sleep(1000), loop=loop)

        async def wait() -> None:
            await inner

        outer = python_task(wait(), loop=loop)
        ready = ask("ready", offset=0, limit=10)["rows"]
        assert [row["subject"] for row in ready] == [id(inner), id(outer)]
        assert [row["kind"] for row in ready] == ["task", "task"]
        await settle()
        answers = everything([inner, outer])
        states = [(row["state"], row["waitsFor"]["text"].partition(" ")[0]) for row in answers[0]["tasks"]]
        assert states == [("waiting", "sleep"), ("waiting", described(inner)[0]["name"])]
        assert [id(outer), id(inner)] in answers[1]["edges"]
        assert ask("task", task=id(inner))["task"]["awaitedBy"] == [id(outer)]
        await end(inner, outer)

    run(main)


def test_strange_names_and_callbacks() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        tasks = [asyncio.ensure_future(asyncio.sleep(1000)) for _ in range(3)]
        tasks[0].set_name("x" * 1_000_000)
        tasks[1].set_name("\ud800 half")
        function = functools.partial(functools.partial(Hostile().__init__), 1)
        handles = [loop.call_later(1000, function), loop.call_later(1000, Hostile()), loop.call_later(1000, type)]
        soon = loop.call_soon(functools.partial(print, Hostile()))
        soon.cancel()
        rows = everything(tasks)
        assert len(rows[0]["tasks"][0]["name"]) == 200
        assert rows[0]["tasks"][1]["name"] == "\ud800 half"
        for handle in handles:
            handle.cancel()
        await settle()
        await end(*tasks)

    run(main)


def test_a_coroutine_object_of_the_program() -> None:
    async def main() -> None:
        task = asyncio.get_running_loop().create_task(Coroutine())
        await settle()
        answers = everything([task])
        assert answers[0]["tasks"][0]["coroutine"] == "Coroutine"
        assert answers[0]["tasks"][0]["state"] == "waiting"
        await end(task)

    run(main)


def test_a_future_class_of_the_program() -> None:
    class Promise:
        _asyncio_future_blocking = False

        def __init__(self) -> None:
            self.callbacks: list[Any] = []
            self.loop = asyncio.get_running_loop()

        def get_loop(self) -> Any:
            return self.loop

        def add_done_callback(self, callback: Any, context: Any = None) -> None:
            self.callbacks.append(callback)

        def cancel(self, msg: Any = None) -> bool:
            for callback in self.callbacks:
                asyncio.get_running_loop().call_soon(callback, self)
            return True

        def result(self) -> Any:
            raise asyncio.CancelledError

        def __await__(self) -> Any:
            self._asyncio_future_blocking = True
            yield self
            self.result()

    async def main() -> None:
        async def wait() -> None:
            await Promise()

        task = asyncio.ensure_future(wait())
        await settle()
        (row,) = everything([task])[0]["tasks"]
        assert (row["state"], row["waitsFor"]["text"]) == ("waiting", "Promise")
        await end(task)

    run(main)


def nest(depth: int) -> Any:
    """A coroutine that awaits so many others, one inside the other, and a future at the end."""

    async def wait(inner: Any) -> None:
        await inner

    chain: Any = asyncio.get_running_loop().create_future()
    for _ in range(depth):
        chain = wait(chain)
    return chain


def test_a_deep_chain_shows_both_ends() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(nest(700))
        await settle()
        detail = ask("task", task=id(task))["task"]
        assert detail["waitsFor"]["text"] == "future inner"
        frames = detail["frames"]
        assert len(frames) == 401
        assert frames[200]["function"] == "… 300 frames"
        assert [frame["line"] for frame in frames[1:200]] == [frame["line"] for frame in frames[202:]]
        await end(task)

    run(main)


def test_a_chain_of_ten_thousand_awaits() -> None:
    """Needs a thread with a large stack and a Python that goes so deep; where it does not, the program itself fails."""
    found: list[Any] = []

    async def main() -> None:
        task = asyncio.ensure_future(nest(10_000))
        await settle()
        if not task.done():
            found.append(everything([task])[0]["tasks"][0])
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            assert isinstance(task.exception(), (RecursionError, MemoryError))

    def thread() -> None:
        asyncio.run(main())

    limit = sys.getrecursionlimit()
    size = threading.stack_size(512 * 1024 * 1024)
    try:
        sys.setrecursionlimit(60_000)
        runner = threading.Thread(target=thread)
        runner.start()
        runner.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    assert all(row["state"] == "waiting" and row["waitsFor"]["text"] == "future inner" for row in found)
    assert found or sys.version_info[:2] == (3, 12)


def test_tasks_that_await_each_other_in_a_circle() -> None:
    async def main() -> None:
        tasks: list[Any] = []

        async def wait(number: int) -> None:
            await asyncio.sleep(0)
            await asyncio.wait([tasks[number]])

        tasks += [asyncio.ensure_future(wait(1)), asyncio.ensure_future(wait(0))]
        await settle()
        answers = everything(tasks)
        edges = {tuple(edge) for edge in answers[1]["edges"]}
        assert edges == {(id(tasks[0]), id(tasks[1])), (id(tasks[1]), id(tasks[0]))}
        await end(*tasks)

    run(main)


def test_nothing_is_kept_alive() -> None:
    class Thing:
        """Something of the program's."""

    async def main() -> None:
        thing = Thing()
        gone = weakref.ref(thing)
        go_on = asyncio.Event()

        async def wait(held: Any) -> None:
            async with asyncio.Lock():
                await go_on.wait()

        task = asyncio.ensure_future(wait(thing))
        del thing
        await settle()
        everything([task])
        address = id(task)
        task_gone = weakref.ref(task)
        del task
        go_on.set()
        await settle()
        assert gone() is None
        assert task_gone() is None
        assert ask("describe", tasks=[address])["tasks"] == []
        assert ask("task", task=address)["task"] is None

    run(main)


def test_a_task_that_runs_is_seen_from_another_thread() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        entered, leave = threading.Event(), threading.Event()

        def block() -> None:
            entered.set()
            leave.wait(20)  # blocks

        async def busy() -> None:
            block()

        task = asyncio.ensure_future(busy())
        found: list[Any] = []

        def look() -> None:
            entered.wait(20)
            try:
                found.append(load().answer(loop, 1, {"query": "task", "task": id(task)})["task"])
            finally:
                leave.set()

        thread = threading.Thread(target=look)
        thread.start()
        await task
        thread.join()
        (detail,) = found
        assert detail["state"] == "running" and detail["waitsFor"] is None
        names = [frame["function"].rpartition(".")[2] for frame in detail["frames"]]
        assert names[:2] == ["busy", "block"] and "wait" in names
        assert detail["at"]["function"].endswith("block")

    run(main)


def test_done_tasks_and_where_they_failed() -> None:
    async def main() -> None:
        async def fail() -> None:
            raise ValueError("no")  # fails

        async def finish() -> None: ...

        tasks = [asyncio.ensure_future(each()) for each in (fail, finish)]
        tasks.append(asyncio.ensure_future(asyncio.sleep(10)))
        await settle()
        tasks[2].cancel()
        await settle()
        states = {row["task"]: row["state"] for row in ask("describe", tasks=[id(task) for task in tasks])["tasks"]}
        expected = dict(zip(map(id, tasks), ("failed", "finished", "cancelled")))
        # From 3.14 on an ended task is in no list any more: it may be gone, but never be said to be otherwise.
        assert all(expected[task] == state for task, state in states.items())
        assert len(states) == 3 or hasattr(asyncio, "capture_call_graph")
        if len(states) == 3:
            frames = ask("task", task=id(tasks[0]))["task"]["frames"]
            assert [frame["function"].rpartition(".")[2] for frame in frames] == ["fail"]
        assert tasks[0]._log_traceback  # reading it did not mark the exception as retrieved
        assert isinstance(tasks[0].exception(), ValueError)

    run(main)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({}, LookupError),
        ({"query": "nothing"}, LookupError),
        ({"query": ["describe"]}, LookupError),
        ({"query": "describe"}, ValueError),
        ({"query": "describe", "tasks": ["1"]}, ValueError),
        ({"query": "describe", "tasks": list(range(2000))}, ValueError),
        ({"query": "task", "task": -1}, ValueError),
        ({"query": "task", "task": True}, ValueError),
        ({"query": "ready", "offset": 1.5}, ValueError),
        ({"query": "timers", "offset": 2000}, ValueError),
        ({"query": "sync", "cursor": 99999}, LookupError),
    ],
)
def test_bad_queries_are_refused_with_a_sentence(query: Any, error: Any) -> None:
    async def main() -> None:
        with pytest.raises(error) as raised:
            load().answer(asyncio.get_running_loop(), 1, query)
        sentence = str(raised.value.args[0])
        assert sentence.endswith(".") and " " in sentence

    run(main)
