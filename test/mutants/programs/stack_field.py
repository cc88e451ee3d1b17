"""A class that keeps its clean-up in an ExitStack."""

import asyncio
import contextlib


class App:
    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.loop = asyncio.new_event_loop()
        self.stack.callback(self.loop.close)

    def run(self):
        return self.loop.run_until_complete(asyncio.sleep(0, "app"))

    def close(self):
        self.stack.close()


app = App()
print(app.run())
app.close()
