"""A loop that runs in a thread while the main thread hands it work."""

import asyncio
import threading


async def work(number):
    await asyncio.sleep(0)
    return number + 1


def main():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        future = asyncio.run_coroutine_threadsafe(work(1), loop)
        print(future.result(5))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


main()
