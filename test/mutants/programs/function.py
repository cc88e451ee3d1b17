"""A function whose coroutine fails; the caller goes on."""

import asyncio


async def load():
    await asyncio.sleep(0)
    raise ValueError("no such page")


def start():
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(load())
    finally:
        loop.close()


try:
    start()
except ValueError as error:
    print("failed:", error)
