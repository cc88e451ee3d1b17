"""The programs that the overhead is measured on, in rounds of fixed work.

    python test/bench/workloads.py NAME SECONDS       runs for so long
    python test/bench/workloads.py NAME PORT TOOL     runs when it is told to: runtime.py listens on the port and says how long each turn is

After each turn it answers with one line: seconds of wall time that it took, tasks that it made itself so far, peak memory in kilobytes, and
the seconds of CPU time of each of its rounds. Between turns the whole loop waits. The first round is made before the first turn. TOOL is
one of those in tools.py, which looks on from inside, or `-`.

The task trees have the shape of pyperformance's async_tree (six levels, six children each), written anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import math
import socket
import subprocess
import sys
import time

try:
    import resource
except ImportError:
    resource = None

created = 0
LIMIT = 300


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
    await callbacks(12_000)


async def sleep_zero() -> None:
    for _ in range(12_000):
        await asyncio.sleep(0)


async def many_callbacks() -> None:
    """500 callbacks in every tick."""
    loop = asyncio.get_running_loop()

    def nothing() -> None:
        pass

    for _ in range(75):
        for _ in range(500):
            loop.call_soon(nothing)
        await asyncio.sleep(0)


async def many_tasks() -> None:
    """200 tasks that give way."""

    async def worker() -> None:
        for _ in range(60):
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
        for number in range(1_000):
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
        for _ in range(4_500):
            if not first:
                await box[mine]
                box[mine] = loop.create_future()
            first = False
            box[1 - mine].set_result(None) if not box[1 - mine].done() else None

    global created
    created += 2
    await asyncio.gather(player(0, True), player(1, False))


async def echo():
    """TCP echo with streams, client and server in this process."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(200):
            writer.write(b"x" * 100)
            await reader.readexactly(100)

    global created
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
    created += 4
    while True:
        created += 4
        await asyncio.gather(*[client(*streams) for streams in clients])
        if not (yield):
            break
    for _, writer in clients:
        writer.close()
    server.close()
    await asyncio.sleep(0.01)


async def aiohttp_server():
    """A server under load from a second process: each round is 400 requests over 20 connections that stay."""
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
    with Load(runner.addresses[0][1]) as load:
        await load.round()
        while (yield):
            await load.round()
    await runner.cleanup()


async def uvicorn_server():
    """The same with uvicorn and h11."""
    import uvicorn

    async def application(scope, receive, send) -> None:
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    config = uvicorn.Config(
        application, port=0, log_level="error", lifespan="off", access_log=False, loop="asyncio", http="h11", timeout_keep_alive=LIMIT
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    with Load(server.servers[0].sockets[0].getsockname()[1]) as load:
        await load.round()
        while (yield):
            await load.round()
    server.should_exit = True
    await serving


LOAD = """
import socket, sys, threading
control = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
connections = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(20)]
def run(connection):
    for _ in range(20):
        connection.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += connection.recv(4096)
while control.recv(1):
    threads = [threading.Thread(target=run, args=[connection]) for connection in connections]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    control.sendall(b"d")
"""
"""Makes its requests each time it is told to: two ports, the server's and that of who tells."""


class Load:
    """A second process that asks a server, a round at a time."""

    def __init__(self, port: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            command = [sys.executable, "-I", "-c", LOAD, str(port), str(server.getsockname()[1])]
            self._process = subprocess.Popen(command)
            self._control = server.accept()[0]
        self._control.setblocking(False)

    def __enter__(self) -> Load:
        return self

    async def round(self) -> None:
        """Until every request is answered."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._control, b"g")
        await loop.sock_recv(self._control, 1)

    def __exit__(self, *error: object) -> None:
        self._control.close()
        self._process.wait()


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


class Rounds:
    """Runs a workload again and again. A generator stays between rounds, and ends when it is sent False."""

    def __init__(self, name: str) -> None:
        self._workload = WORKLOADS[name]
        self._generator = self._workload() if inspect.isasyncgenfunction(self._workload) else None
        self._sent: bool | None = None

    async def run(self) -> None:
        """A round."""
        if self._generator is None:
            await self._workload()
        else:
            await self._generator.asend(self._sent)
            self._sent = True

    async def run_for(self, seconds: float) -> list[float]:
        """Rounds, at least one, until so many seconds have passed. Returns the seconds of CPU time of each."""
        costs: list[float] = []
        end = time.monotonic() + seconds
        before = time.process_time()
        while not costs or time.monotonic() < end:
            await self.run()
            now = time.process_time()
            costs.append(now - before)
            before = now
        return costs

    async def end(self) -> None:
        """Ends what stays between rounds."""
        if self._generator is not None:
            with contextlib.suppress(StopAsyncIteration):
                await self._generator.asend(False)


def peak_kilobytes() -> int:
    """The most memory that this program has had. Not `ru_maxrss` where there is /proc: that begins at what the process had that started
    this one (Linux, fs/exec.c, `exec_mmap`)."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if resource else 0


async def take_turns(rounds: Rounds, port: int) -> None:
    """Runs for as many seconds as each line that comes says, and answers what it cost."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rw") as lines:
        for line in lines:
            began = time.monotonic()
            costs = await rounds.run_for(float(line))
            wall = time.monotonic() - began
            print(wall, created, peak_kilobytes(), *costs, file=lines, flush=True)


async def main(name: str, amount: str, tool: str = "") -> None:
    if tool and tool != "-":
        from tools import TOOLS

        TOOLS[tool]()
    rounds = Rounds(name)
    if tool:
        await rounds.run()
        await take_turns(rounds, int(amount))
    else:
        await rounds.run_for(float(amount))
    await rounds.end()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
