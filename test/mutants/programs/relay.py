"""A relay between two connections."""

import asyncio


async def upper(reader, writer):
    try:
        while data := await reader.read(100):
            writer.write(data.upper())
            await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def main():
    server = await asyncio.start_server(upper, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        print(await asyncio.gather(ask(port, b"one"), ask(port, b"two")))
    finally:
        server.close()
        await server.wait_closed()


asyncio.run(main())
