"""A loop for each attempt, closed before the next."""

import asyncio

attempts = 0


async def flaky():
    global attempts
    attempts += 1
    await asyncio.sleep(0)
    if attempts < 3:
        raise ConnectionError(attempts)
    return "connected"


def connect():
    while True:
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(flaky())
        except ConnectionError as error:
            print("again:", error)
        finally:
            loop.close()


print(connect())
