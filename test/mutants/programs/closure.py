"""The inner functions run and close the loop of the outer one."""

import asyncio


def session():
    loop = asyncio.new_event_loop()

    def call(coroutine):
        return loop.run_until_complete(coroutine)

    def finish():
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    try:
        print(call(asyncio.sleep(0, 1)))
        print(call(asyncio.sleep(0, 2)))
    finally:
        finish()


session()
