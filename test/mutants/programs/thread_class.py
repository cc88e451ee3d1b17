"""A thread that makes, runs and closes its loop in run()."""

import asyncio
import threading


class LoopThread(threading.Thread):
    def __init__(self):
        super().__init__(name="loop")
        self.ready = threading.Event()
        self.loop = None

    def run(self):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self.ready.set)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()


thread = LoopThread()
thread.start()
thread.ready.wait(5)
print(asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "done"), thread.loop).result(5))
thread.stop()
