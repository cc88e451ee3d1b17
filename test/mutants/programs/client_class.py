"""A synchronous client around a loop of its own."""

import asyncio


class Client:
    def __init__(self):
        self._loop = asyncio.new_event_loop()

    def get(self, key):
        return self._loop.run_until_complete(self._get(key))

    async def _get(self, key):
        await asyncio.sleep(0)
        return key.upper()

    def close(self):
        self._loop.close()


client = Client()
try:
    print(client.get("a"))
finally:
    client.close()
