"""An asynchronous context manager that holds a server."""

import asyncio


class Service:
    async def __aenter__(self):
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.task = asyncio.create_task(self.beat())
        return self

    async def __aexit__(self, *exc):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.server.close()
        await self.server.wait_closed()

    async def handle(self, reader, writer):
        writer.close()
        await writer.wait_closed()

    async def beat(self):
        while True:
            await asyncio.sleep(0.01)


def main():
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(serve())
    finally:
        loop.close()


async def serve():
    async with Service() as service:
        print(len(service.server.sockets))


main()
