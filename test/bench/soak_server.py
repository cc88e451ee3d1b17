"""An aiohttp server under load from a second process, for as long as it is let: the program of the soak. `go` seconds are the argument."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from aiohttp import web
from workloads import LOAD


async def hello(request: web.Request) -> web.Response:
    inner = [asyncio.ensure_future(asyncio.sleep(0.001)) for _ in range(3)]
    await asyncio.gather(*inner)
    return web.Response(text="hello")


async def main() -> None:
    application = web.Application()
    application.router.add_get("/", hello)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        load = subprocess.Popen([sys.executable, "-I", "-c", LOAD, str(runner.addresses[0][1])])
        while load.poll() is None:
            await asyncio.sleep(0.05)
    await runner.cleanup()
    print("served", flush=True)


asyncio.run(main())
