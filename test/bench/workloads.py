"""The programs that the overhead is measured on. `python workloads.py NAME SECONDS [TOOL]` runs one in rounds of fixed work and prints the
CPU seconds a round, the number of rounds, how many tasks it made itself, the wall seconds a round, and its peak memory in kilobytes.
TOOL is one of those in tools.py, which looks on from inside. With the tool `count` SECONDS is the number of rounds, and after its end the
program prints its own totals of waits and ticks.

The task trees have the shape of pyperformance's async_tree (six levels, six children each), written anew.
"""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time

try:
    import resource
except ImportError:
    resource = None

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


async def tree_memoization() -> None:
    """Nine in ten leaves find their result in a table."""
    known: dict[int, int] = {}
    number = 0

    async def leaf() -> None:
        nonlocal number
        number += 1
        key = number % 1000 if number % 10 else number
        if key not in known:
            await asyncio.sleep(0.02)
            known[key] = number

    await _tree(5, leaf)


async def tree_cpu_io() -> None:
    """Every second leaf computes, the others sleep."""
    number = 0

    async def leaf() -> None:
        nonlocal number
        number += 1
        if number % 2:
            math.factorial(300)
        else:
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


async def aiohttp_server() -> None:
    """A server under load from a second process: 2,000 requests over 20 connections."""
    from aiohttp import web

    async def hello(request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(text="hello")

    application = web.Application()
    application.router.add_get("/", hello)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await _load(runner.addresses[0][1])
    await runner.cleanup()


async def uvicorn_server() -> None:
    """The same with uvicorn and h11."""
    import uvicorn

    async def application(scope, receive, send) -> None:
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    config = uvicorn.Config(application, port=0, log_level="error", lifespan="off", access_log=False, loop="asyncio", http="h11")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    await _load(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await serving


LOAD = """
import socket, sys, threading
def run():
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for _ in range(100):
        connection.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += connection.recv(4096)
    connection.close()
threads = [threading.Thread(target=run) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


async def _load(port: int) -> None:
    process = subprocess.Popen([sys.executable, "-I", "-c", LOAD, str(port)])
    while process.poll() is None:
        await asyncio.sleep(0.01)


WORKLOADS = {
    function.__name__: function
    for function in (
        *(call_soon, sleep_zero, ping_pong, many_callbacks, many_tasks, tree, tree_io, tree_memoization, tree_cpu_io),
        *(queue, echo, aiohttp_server, uvicorn_server),
    )
}
UNCOUNTED = ("echo", "aiohttp_server", "uvicorn_server")
"""asyncio and libraries make tasks in them too: that as many end as are made can be checked, and that there are more than their own."""

TIMED_TICKS = ("tree_io", "tree_memoization", "tree_cpu_io")
"""Their ticks depend on the clock, their waits do not."""
TIMED = UNCOUNTED
"""Both depend on the time."""

COUNT = "count"


async def main(name: str, seconds: float, tool: str) -> None:
    if tool and tool != COUNT:
        from tools import TOOLS

        TOOLS[tool]()
    await WORKLOADS[name]()
    rounds = 0
    began, cpu = time.monotonic(), time.process_time()
    while not rounds or (rounds < seconds if tool == COUNT else time.monotonic() - began < seconds):
        await WORKLOADS[name]()
        rounds += 1
    cpu, wall = time.process_time() - cpu, time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if resource else 0
    print(cpu / rounds, rounds, created, wall / rounds, peak, flush=True)


if __name__ == "__main__":
    if COUNT in sys.argv[3:]:
        import own_totals

        own_totals.begin()
        asyncio.run(main(sys.argv[1], float(sys.argv[2]), COUNT))
        print(own_totals.waits, own_totals.ticks, flush=True)
    else:
        asyncio.run(main(sys.argv[1], float(sys.argv[2]), "".join(sys.argv[3:])))
