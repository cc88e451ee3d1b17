"""contextlib.closing closes the loop."""

import asyncio
from contextlib import closing


async def add(a, b):
    await asyncio.sleep(0)
    return a + b


def run(coroutine):
    with closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(coroutine)


print(run(add(1, 2)))
print(run(add(3, 4)))
