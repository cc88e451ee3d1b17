"""A pool of threads for blocking work."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def blocking(number):
    return number * number


async def main(pool):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(pool, blocking, number) for number in range(4)))


def start():
    loop = asyncio.new_event_loop()
    pool = ThreadPoolExecutor(2)
    try:
        print(loop.run_until_complete(main(pool)))
    finally:
        pool.shutdown()
        loop.close()


start()
