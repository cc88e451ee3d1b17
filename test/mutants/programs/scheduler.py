"""A scheduler that owns its loop and counts who uses it."""

import asyncio


class Scheduler:
    def __init__(self):
        self._users = 0
        self._loop = None

    def acquire(self):
        if self._users == 0:
            self._loop = asyncio.new_event_loop()
        self._users += 1
        return self

    def run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    def release(self):
        self._users -= 1
        if self._users == 0:
            self._loop.close()
            self._loop = None


scheduler = Scheduler()
scheduler.acquire()
scheduler.acquire()
print(scheduler.run(asyncio.sleep(0, "scheduled")))
scheduler.release()
scheduler.release()
