"""Waits of programs on anyio and on uvloop, and what uvloop's loop shows of itself."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from conftest import ask, described, end, run, settle

anyio: Any = pytest.importorskip("anyio")
uvloop: Any = pytest.importorskip("uvloop")


def said_of(task: Any) -> str:
    """The text of what a task waits for."""
    (row,) = described(task)
    assert row["state"] == "waiting"
    return row["waitsFor"]["text"]


async def _anyio(kind: str) -> None:
    helpers: list[Any] = []
    lock, event, condition = anyio.Lock(), anyio.Event(), anyio.Condition()
    semaphore, limiter = anyio.Semaphore(1), anyio.CapacityLimiter(1)
    send, receive = anyio.create_memory_object_stream(1)

    async def hold(what: Any) -> None:
        async with what:
            await anyio.sleep_forever()

    async def enter(what: Any) -> None:
        async with what:
            pass

    async def wait_event() -> None:
        await event.wait()

    async def wait_condition() -> None:
        async with condition:
            await condition.wait()

    async def get() -> None:
        await receive.receive()

    async def put() -> None:
        await send.send(1)
        await send.send(2)

    async def nap() -> None:
        with anyio.move_on_after(50):
            await event.wait()

    async def group() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            tasks.start_soon(anyio.sleep_forever)

    wanted: dict[str, tuple[Any, str]] = {
        "lock": (lambda: enter(lock), "Lock what held by holder"),
        "event": (wait_event, "Event event"),
        "condition": (wait_condition, "Condition condition"),
        "semaphore": (lambda: enter(semaphore), "Semaphore what"),
        "limiter": (lambda: enter(limiter), "CapacityLimiter what, 1 of 1 taken"),
        "receive": (get, "MemoryObjectReceiveStream.receive, empty: receive"),
        "send": (put, "MemoryObjectSendStream.send, full (1): send"),
        "timeout": (nap, "Event event"),
        "group": (group, "TaskGroup of 2"),
    }
    function, text = wanted[kind]
    for what in (lock, semaphore, limiter):
        helpers.append(asyncio.ensure_future(hold(what)))
        helpers[-1].set_name("holder")
    await settle()
    task = asyncio.ensure_future(function())
    await settle()
    assert said_of(task) == text
    if kind == "timeout":
        (row,) = described(task)
        assert row["waitsFor"]["due"] == pytest.approx(asyncio.get_running_loop().time() + 50, abs=2)
    if kind == "group":
        edges = ask("edges", tasks=[id(each) for each in asyncio.all_tasks()])["edges"]
        assert sum(awaiter == id(task) for awaiter, _ in edges) == 2
    await end(task, *helpers)
    send.close()
    receive.close()


@pytest.mark.parametrize("kind", ["lock", "event", "condition", "semaphore", "limiter", "receive", "send", "timeout", "group"])
def test_anyio(kind: str) -> None:
    run(lambda: _anyio(kind))


def test_uvloop() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        lock = asyncio.Lock()
        near, far = socket.socketpair()
        near.setblocking(False)

        async def hold() -> None:
            async with lock:
                await asyncio.sleep(1000)

        async def wait() -> None:
            async with lock:
                pass

        async def receive() -> None:
            await loop.sock_recv(near, 10)

        async def read() -> None:
            await reader.read(10)

        async def serve(reader: Any, writer: Any) -> None:
            served.append(writer)

        served: list[Any] = []
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        tasks = [asyncio.ensure_future(each()) for each in (hold, wait, receive, read)]
        tasks[0].set_name("holder")
        await asyncio.sleep(0.05)
        rows = described(*tasks)
        fd = writer.get_extra_info("socket").fileno()
        assert [row["waitsFor"]["text"] for row in rows] == [
            "sleep",
            f"Lock lock held by holder since test_libraries.py:{hold.__code__.co_firstlineno + 1}",
            "future loop.sock_recv(near, 10)",
            f"read on fd {fd} from 127.0.0.1:{port}",
        ]
        assert rows[0]["waitsFor"]["due"] == pytest.approx(loop.time() + 1000, abs=2)
        # uvloop hides its ready queue, its timers and its selector.
        for query in ("ready", "timers", "selector"):
            assert ask(query, offset=0, limit=10)["rows"] == []
        assert {row["task"] for row in ask("sync", cursor=0)["tasks"]} == {id(task) for task in asyncio.all_tasks()}
        await end(*tasks)
        writer.close()
        for each in served:
            each.close()
        server.close()
        near.close()
        far.close()

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
