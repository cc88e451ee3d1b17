"""What a task waits for at the edge of the program: executors, streams, sockets, servers and child processes; and futures
that a time-out is set for, by what is behind them."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from typing import Any

import pytest
from waiting import Case, case, check, start

CASES: dict[str, Any] = {}


@case
async def executor() -> Case:
    release = threading.Event()

    async def wait() -> None:
        await asyncio.get_running_loop().run_in_executor(None, release.wait, 20)

    made = Case(start(wait(), "w"), "run_in_executor release.wait, running", "executor")
    made.after = release.set
    return made


@case
async def executor_in_wait_for() -> Case:
    release = threading.Event()
    loop = asyncio.get_running_loop()

    async def wait() -> None:
        await asyncio.wait_for(loop.run_in_executor(None, release.wait, 20), 30)

    made = Case(start(wait(), "w"), "executor future, running", "executor", loop.time() + 30)
    made.after = release.set
    return made


@case
async def gather_in_wait_for() -> Case:
    async def wait() -> None:
        await asyncio.wait_for(asyncio.gather(asyncio.sleep(0), asyncio.sleep(60), asyncio.sleep(60)), 30)

    return Case(start(wait(), "w"), "gather of 3, 2 left", "gather", asyncio.get_running_loop().time() + 30)


@case
async def to_thread() -> Case:
    release = threading.Event()

    async def wait() -> None:
        await asyncio.to_thread(release.wait, 20)

    made = Case(start(wait(), "w"), "to_thread Event.wait, running", "executor")
    made.after = release.set
    return made


@case
async def stream_read() -> Case:
    async def serve(reader: Any, writer: Any) -> None:
        writers.append(writer)

    writers: list[Any] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not writers:
        await asyncio.sleep(0)

    async def read() -> None:
        await reader.read(10)

    fd = writer.get_extra_info("socket").fileno()
    made = Case(start(read(), "w"), f"read on fd {fd} from 127.0.0.1:{port}", "stream")

    def after() -> None:
        writer.close()
        writers[0].close()
        server.close()

    made.after = after
    return made


@case
async def stream_drain() -> Case:
    connected: Any = asyncio.get_running_loop().create_future()

    async def serve(reader: Any, writer: Any) -> None:
        connected.set_result(writer)
        await asyncio.Event().wait()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    other = await connected

    async def write() -> None:
        while True:
            writer.write(b"x" * 1_000_000)
            await writer.drain()

    fd = writer.get_extra_info("socket").fileno()
    made = Case(start(write(), "w"), f"drain on fd {fd} to 127.0.0.1:{port}", "stream")
    await asyncio.sleep(0.05)  # the kernel's buffers fill

    def after() -> None:
        writer.transport.abort()
        other.transport.abort()
        server.close()

    made.after = after
    return made


@case
async def serve_forever() -> Case:
    async def serve(reader: Any, writer: Any) -> None: ...

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def wait() -> None:
        await server.serve_forever()

    return Case(start(wait(), "w"), f"serve_forever on 127.0.0.1:{port}", "server")


def _socket_case(method: str, said: str) -> Any:
    async def made() -> Case:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        peer, _ = listener.accept()
        loop = asyncio.get_running_loop()

        async def wait() -> None:
            if method == "recv":
                await loop.sock_recv(client, 10)
            elif method == "accept":
                await loop.sock_accept(listener)
            else:
                await loop.sock_sendall(client, b"x" * 30_000_000)

        found = Case(start(wait(), "w"), said.format(fd=client.fileno(), port=port), "socket")

        def after() -> None:
            for each in (listener, client, peer):
                each.close()

        found.after = after
        return found

    return made


CASES["sock_recv"] = _socket_case("recv", "read on fd {fd} from 127.0.0.1:{port}")


CASES["sock_accept"] = _socket_case("accept", "accept on 127.0.0.1:{port}")


CASES["sock_sendall"] = _socket_case("sendall", "sock_sendall on fd {fd} to 127.0.0.1:{port}")


@case
async def child_process() -> Case:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)

    async def wait() -> None:
        await child.wait()

    made = Case(start(wait(), "w"), f"exit of process {child.pid}: child", "process")
    made.after = child.kill
    made.helpers = [start(child.wait(), "reaper")]
    return made


@case
async def child_output() -> Case:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=pipe, stdout=pipe)

    async def read() -> None:
        assert child.stdout is not None
        await child.stdout.readline()

    made = Case(start(read(), "w"), f"readline stdout of process {child.pid}", "stream")
    made.after = child.kill
    made.helpers = [start(child.wait(), "reaper")]
    return made


@pytest.mark.parametrize("name", sorted(CASES))
def test_wait(name: str) -> None:
    check(CASES[name])
