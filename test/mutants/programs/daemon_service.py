"""A service object with start() and stop() around a thread with a loop."""

import asyncio
import threading


class Service:
    def __init__(self):
        self._loop = None
        self._thread = None
        self._started = threading.Event()

    def start(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._started.wait(5)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._started.set)
        self._loop.run_forever()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


service = Service()
service.start()
print(service.call(asyncio.sleep(0, "answer")))
service.stop()
