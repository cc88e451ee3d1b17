"""A class that keeps a Runner."""

import asyncio


class Bridge:
    def __init__(self):
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def call(self, coroutine):
        return self.runner.run(coroutine)

    def close(self):
        self.runner.close()


def main():
    bridge = Bridge()
    try:
        print(bridge.call(asyncio.sleep(0, "ok")))
    finally:
        bridge.close()


main()
