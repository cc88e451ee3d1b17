"""A function that is given a loop, or makes one."""

import asyncio


async def echo(value):
    await asyncio.sleep(0)
    return value


def call(value, loop=None):
    own = loop is None
    if own:
        loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(echo(value))
    finally:
        if own:
            loop.close()


print(call(1))
shared = asyncio.new_event_loop()
try:
    print(call(2, shared), call(3, loop=shared))
finally:
    shared.close()
