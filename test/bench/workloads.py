"""The programs that the overhead is measured on. `python workloads.py NAME SECONDS` runs one in rounds of fixed work and prints the CPU
seconds a round, the number of rounds, and its own totals of tasks created.

The task trees have the shape of pyperformance's async_tree (six levels, six children each), written anew.
"""

from __future__ import annotations

import asyncio
import sys
import time

created = 0


async def callbacks(count: int) -> None:
    """A callback that schedules itself: one handle a tick."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def again(left: int) -> None:
        if left:
            loop.call_soon(again, left - 1)
        else:
            done.set_result(None)

    again(count)
    await done


async def call_soon() -> None:
    await callbacks(60_000)


async def sleep_zero() -> None:
    for _ in range(60_000):
        await asyncio.sleep(0)


async def many_callbacks() -> None:
    """500 callbacks in every tick."""
    loop = asyncio.get_running_loop()

    def nothing() -> None:
        pass

    for _ in range(250):
        for _ in range(500):
            loop.call_soon(nothing)
        await asyncio.sleep(0)


async def many_tasks() -> None:
    """200 tasks that give way."""

    async def worker() -> None:
        for _ in range(300):
            await asyncio.sleep(0)

    global created
    created += 200
    await asyncio.gather(*[worker() for _ in range(200)])


async def _tree(depth: int, leaf) -> None:
    global created
    if depth == 0:
        await leaf()
        return
    created += 6
    await asyncio.gather(*[_tree(depth - 1, leaf) for _ in range(6)])


async def tree() -> None:
    async def leaf() -> None:
        return None

    await _tree(5, leaf)


async def tree_io() -> None:
    async def leaf() -> None:
        await asyncio.sleep(0.02)

    await _tree(5, leaf)


async def queue() -> None:
    """Producers and consumers over a bounded queue."""
    channel: asyncio.Queue[int] = asyncio.Queue(10)

    async def produce() -> None:
        for number in range(3_000):
            await channel.put(number)

    async def consume() -> None:
        while True:
            await channel.get()
            channel.task_done()

    global created
    created += 10
    consumers = [asyncio.create_task(consume()) for _ in range(5)]
    await asyncio.gather(*[produce() for _ in range(5)])
    await channel.join()
    for consumer in consumers:
        consumer.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)


async def ping_pong() -> None:
    """Two tasks that wake one another through futures."""
    loop = asyncio.get_running_loop()
    box = [loop.create_future(), loop.create_future()]

    async def player(mine: int, first: bool) -> None:
        for _ in range(15_000):
            if not first:
                await box[mine]
                box[mine] = loop.create_future()
            first = False
            box[1 - mine].set_result(None) if not box[1 - mine].done() else None

    global created
    created += 2
    await asyncio.gather(player(0, True), player(1, False))


async def echo() -> None:
    """TCP echo with streams, client and server in this process."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(700):
            writer.write(b"x" * 100)
            await reader.readexactly(100)
        writer.close()

    global created
    created += 8
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*[client(port) for _ in range(4)])
    server.close()
    await asyncio.sleep(0.01)


WORKLOADS = {
    function.__name__: function for function in (call_soon, sleep_zero, ping_pong, many_callbacks, many_tasks, tree, tree_io, queue, echo)
}


async def main(name: str, seconds: float) -> None:
    await WORKLOADS[name]()
    rounds = 0
    began, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        await WORKLOADS[name]()
        rounds += 1
    print((time.process_time() - cpu) / rounds, rounds, created)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
