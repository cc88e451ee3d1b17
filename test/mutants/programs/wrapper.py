"""A synchronous face of an asynchronous class."""

import asyncio


class AsyncApi:
    async def open(self):
        await asyncio.sleep(0)

    async def get(self, key):
        await asyncio.sleep(0)
        if key == "missing":
            raise KeyError(key)
        return key * 2

    async def aclose(self):
        await asyncio.sleep(0)


class Api:
    def __init__(self):
        self._api = AsyncApi()
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._api.open())

    def get(self, key):
        return self._loop.run_until_complete(self._api.get(key))

    def close(self):
        if self._loop.is_closed():
            return
        try:
            self._loop.run_until_complete(self._api.aclose())
        finally:
            self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.close()


with Api() as api:
    print(api.get("x"))
    try:
        api.get("missing")
    except KeyError:
        print("missing")
other = Api()
try:
    print(other.get("y"))
finally:
    other.close()
