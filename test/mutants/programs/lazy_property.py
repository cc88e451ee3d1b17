"""A loop that is made when it is first wanted."""

import asyncio


class Lazy:
    def __init__(self):
        self._loop = None

    @property
    def loop(self):
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self._loop is not None and not self._loop.is_closed():
            self._loop.close()


with Lazy() as lazy:
    print(lazy.run(asyncio.sleep(0, "lazy")))
