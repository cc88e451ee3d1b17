"""AsyncExitStack closes what it was told to."""

import asyncio
import contextlib


async def echo(reader, writer):
    writer.write(await reader.readline())
    writer.close()
    await writer.wait_closed()


async def main():
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(await asyncio.start_server(echo, "127.0.0.1", 0))
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        stack.push_async_callback(writer.wait_closed)
        stack.callback(writer.close)
        writer.write(b"x\n")
        print(await reader.readline())


asyncio.run(main())
