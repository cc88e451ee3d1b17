"""The program of the soak, for as many seconds as its argument says: an aiohttp server under load from a second process, and beside it what
else programs do over and over: a queue, timeouts, cancelling, failing, executor calls, timers, child processes, and short
loops in another thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from aiohttp import web
from workloads import Load


async def hello(request: web.Request) -> web.Response:
    inner = [asyncio.ensure_future(asyncio.sleep(0.001)) for _ in range(3)]
    await asyncio.gather(*inner)
    return web.Response(text="hello")


async def fail() -> None:
    await asyncio.sleep(0)
    raise ValueError("soak")


async def work() -> None:
    """One round of what programs do beside serving."""
    queue: asyncio.Queue[int] = asyncio.Queue(10)

    async def produce() -> None:
        for number in range(200):
            await queue.put(number)

    async def consume() -> None:
        for _ in range(200):
            await queue.get()

    loop = asyncio.get_running_loop()
    await asyncio.gather(produce(), consume(), asyncio.gather(fail(), fail(), return_exceptions=True))
    cancelled = [asyncio.create_task(asyncio.sleep(60), name=f"cancelled {number}") for number in range(20)]
    timers = [loop.call_later(60, print, number) for number in range(200)]
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    for each in (*cancelled, *timers):
        each.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)
    await loop.run_in_executor(None, lambda: asyncio.run(asyncio.sleep(0.001)))


async def keep_working() -> None:
    while True:
        await work()
        child = await asyncio.create_subprocess_exec("true")
        await child.wait()
        await asyncio.sleep(0.2)


async def main() -> None:
    working = asyncio.create_task(keep_working())
    application = web.Application()
    application.router.add_get("/", hello)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        with Load(runner.addresses[0][1]) as load:
            for _ in range(10):
                await load.round()
    working.cancel()
    await runner.cleanup()
    print("served", flush=True)


asyncio.run(main())
