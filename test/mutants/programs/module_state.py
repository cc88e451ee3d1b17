"""Functions that share the loop of the module."""

import asyncio

_loop = None


def start():
    global _loop
    _loop = asyncio.new_event_loop()


def submit(coroutine):
    if _loop is None:
        raise RuntimeError("not started")
    return _loop.run_until_complete(coroutine)


def stop():
    global _loop
    if _loop is not None:
        _loop.close()
        _loop = None


start()
try:
    print(submit(asyncio.sleep(0, "x")))
finally:
    stop()
