"""An ExitStack closes the loop."""

import asyncio
import contextlib


async def main(number):
    await asyncio.sleep(0)
    if number > 1:
        raise ValueError(number)
    return number


def start(number):
    with contextlib.ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        return loop.run_until_complete(main(number))


print(start(1))
with contextlib.suppress(ValueError):
    start(2)
