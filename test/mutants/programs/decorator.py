"""A decorator that makes a coroutine function synchronous."""

import asyncio
import functools


def synchronous(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(fn(*args, **kwargs))
        finally:
            loop.close()

    return wrapper


@synchronous
async def divide(a, b):
    await asyncio.sleep(0)
    return a / b


print(divide(4, 2))
try:
    divide(1, 0)
except ZeroDivisionError:
    print("not by zero")
