"""An anyio program: a task group, a stream between a producer and two consumers, a limiter, a scope with a deadline."""

from __future__ import annotations

import anyio
import truth
from anyio.abc import TaskStatus
from anyio.streams.memory import MemoryObjectReceiveStream


async def consumer(receive: MemoryObjectReceiveStream[int]) -> None:
    async with receive:
        async for _ in receive:  # @consumes
            pass


async def keeper(limiter: anyio.CapacityLimiter, *, task_status: TaskStatus[None]) -> None:
    async with limiter:
        task_status.started()
        await anyio.sleep_forever()  # @keeps


async def blocked(limiter: anyio.CapacityLimiter) -> None:
    with anyio.move_on_after(3600):
        async with limiter:  # @blocked
            pass


async def main() -> None:
    send, receive = anyio.create_memory_object_stream[int](1)
    limiter = anyio.CapacityLimiter(1)
    async with anyio.create_task_group() as group:
        await group.start(keeper, limiter, name="keeper")
        group.start_soon(consumer, receive.clone(), name="consumer-1")
        group.start_soon(consumer, receive, name="consumer-2")
        group.start_soon(blocked, limiter, name="blocked")
        async with send:
            await send.send(1)
            await anyio.wait_all_tasks_blocked()
            truth.tell(**truth.tasks())
            await anyio.sleep_forever()


anyio.run(main)
