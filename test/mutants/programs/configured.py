"""Options decide which loop is used; whoever made it closes it."""

import asyncio


def pick(factory):
    if factory is None:
        return asyncio.new_event_loop()
    return factory()


def run(coroutine, factory=None):
    loop = pick(factory)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


print(run(asyncio.sleep(0, 1)), run(asyncio.sleep(0, 2), asyncio.SelectorEventLoop))
