"""One loop for the whole module, made at first use and closed at the end."""

import asyncio

_shared = None


def shared_loop():
    global _shared
    if _shared is None or _shared.is_closed():
        _shared = asyncio.new_event_loop()
    return _shared


def run(coroutine):
    return shared_loop().run_until_complete(coroutine)


def main():
    try:
        print(run(asyncio.sleep(0, "a")), run(asyncio.sleep(0, "b")))
    finally:
        shared_loop().close()


main()
