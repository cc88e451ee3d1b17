"""A client that is a context manager."""

import asyncio


class Client:
    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        return self

    def __exit__(self, *exc):
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def call(self, value):
        return self.loop.run_until_complete(asyncio.sleep(0, value))


with Client() as client:
    print(client.call(3))
