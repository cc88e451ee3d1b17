"""An asynchronous generator that is left in the middle."""

import asyncio


async def numbers():
    try:
        for number in range(10):
            yield number
            await asyncio.sleep(0)
    finally:
        print("generator closed")


async def first():
    stream = numbers()
    try:
        async for number in stream:
            return number
    finally:
        await stream.aclose()


def main():
    loop = asyncio.new_event_loop()
    try:
        print(loop.run_until_complete(first()))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


main()
