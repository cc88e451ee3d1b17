"""A script: the loop is the module's own."""

import asyncio


async def fetch(number):
    await asyncio.sleep(0)
    return number * 2


loop = asyncio.new_event_loop()
try:
    print(loop.run_until_complete(fetch(4)))
finally:
    loop.close()
