"""The classic mistakes of a loop's life, for the linter: open this file and read the marks. It runs, and does little."""

import asyncio
import time

import urllib.request


async def fetch(url: str) -> bytes:
    # Blocks the loop: every other task stands still until the answer is here.
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


async def nap() -> None:
    # Blocks the loop: asyncio.sleep() would let the others run.
    time.sleep(0.2)


async def forgets_to_await() -> None:
    # Makes a coroutine object and throws it away: nap() never runs.
    nap()


async def loses_its_task() -> None:
    # Nothing holds the task: it may be collected before it has ended, and its exception is never seen.
    asyncio.create_task(nap())
    await asyncio.sleep(1)


async def swallows_cancellation() -> None:
    while True:
        try:
            await asyncio.sleep(1)
        except BaseException:  # also catches CancelledError: this task cannot be stopped
            continue


async def holds_the_lock_of_threads() -> None:
    import threading

    lock = threading.Lock()
    # A thread's lock over an await: the next task that wants it stops the whole loop.
    with lock:
        await asyncio.sleep(1)


def uses_a_closed_loop() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    loop.call_soon(print, "never printed")


def runs_a_loop_inside_a_loop() -> None:
    async def inner() -> None:
        asyncio.run(nap())

    asyncio.run(inner())


async def main() -> None:
    await loses_its_task()


if __name__ == "__main__":
    asyncio.run(main())
