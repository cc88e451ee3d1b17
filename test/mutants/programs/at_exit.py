"""The loop lives as long as the process."""

import asyncio
import atexit

loop = asyncio.new_event_loop()
atexit.register(loop.close)


async def hello(name):
    await asyncio.sleep(0)
    return f"hello {name}"


def greet(name):
    return loop.run_until_complete(hello(name))


print(greet("you"))
print(greet("all"))
