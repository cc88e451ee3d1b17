"""A helper makes the loop, its callers close it."""

import asyncio


def make_loop(debug):
    loop = asyncio.new_event_loop()
    loop.set_debug(debug)
    loop.slow_callback_duration = 1.0
    return loop


def first():
    loop = make_loop(True)
    try:
        return loop.run_until_complete(asyncio.sleep(0, "first"))
    finally:
        loop.close()


def second():
    loop = make_loop(False)
    result = None
    try:
        result = loop.run_until_complete(asyncio.sleep(0, "second"))
    except OSError:
        print("no network")
    finally:
        loop.close()
    return result


print(first(), second())
