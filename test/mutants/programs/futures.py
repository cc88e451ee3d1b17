"""A thread that hands results over, and a loop that waits for them."""

import asyncio
import threading


def produce(loop, future):
    loop.call_soon_threadsafe(future.set_result, 42)


async def wait():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    thread = threading.Thread(target=produce, args=(loop, future))
    thread.start()
    try:
        return await future
    finally:
        thread.join()


def main():
    loop = asyncio.new_event_loop()
    print(loop.run_until_complete(wait()))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


main()
