"""Loops in the threads of a pool."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


def job(number):
    loop = asyncio.new_event_loop()
    result = None
    try:
        result = loop.run_until_complete(double(number))
    finally:
        loop.close()
    return result


with ThreadPoolExecutor(max_workers=2) as pool:
    print(sorted(pool.map(job, range(4))))
