"""run() for old Pythons."""

import asyncio


def run(main):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        try:
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def bad():
    raise OSError("disk")


async def good():
    return "good"


def attempt(coroutine):
    try:
        return run(coroutine)
    except OSError as error:
        return str(error)


print(attempt(good()), attempt(bad()))
