"""A websockets chat with three guests in the same loop. Each guest says hello and then listens for what others say."""

from __future__ import annotations

import asyncio

import truth
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

GUESTS = ("ada", "grace", "edsger")
connected: set[ServerConnection] = set()
heard = asyncio.Semaphore(0)


async def room(connection: ServerConnection) -> None:
    connected.add(connection)
    try:
        async for message in connection:  # @room
            broadcast(connected, message)
    finally:
        connected.discard(connection)


async def guest(name: str, port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}") as connection:
        await connection.send(f"{name}: hello")
        while True:
            message = await connection.recv()  # @listens
            if message == f"{name}: hello":
                heard.release()


async def main() -> None:
    async with serve(room, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        guests = [asyncio.create_task(guest(name, port), name=name) for name in GUESTS]
        for _ in GUESTS:
            await heard.acquire()
        truth.tell(**truth.tasks())
        await asyncio.gather(*guests)  # @main


asyncio.run(main())
