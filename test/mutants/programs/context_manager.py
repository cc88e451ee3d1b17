"""A context manager made of a generator."""

import asyncio
import contextlib


@contextlib.contextmanager
def fresh_loop():
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def job():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, sum, [1, 2, 3])


with fresh_loop() as loop:
    print(loop.run_until_complete(job()))
try:
    with fresh_loop() as loop:
        raise KeyError("x")
except KeyError:
    print("gone")
