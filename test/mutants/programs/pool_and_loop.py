"""Both a loop and a pool, and a coroutine that fails."""

import asyncio
import concurrent.futures


def slow(number):
    if number > 2:
        raise OverflowError(number)
    return number


async def gather(pool, numbers):
    loop = asyncio.get_running_loop()
    futures = [loop.run_in_executor(pool, slow, number) for number in numbers]
    return await asyncio.gather(*futures)


def start(numbers):
    loop = asyncio.new_event_loop()
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return loop.run_until_complete(gather(pool, numbers))
    finally:
        loop.close()


print(start([1, 2]))
try:
    start([1, 2, 3])
except OverflowError as error:
    print("too large", error)
