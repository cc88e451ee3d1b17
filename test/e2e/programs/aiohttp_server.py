"""An aiohttp server: `/fast` answers after a moment, `/hold` after `/release`, `/truth` tells its tasks."""

from __future__ import annotations

import asyncio

import truth
from aiohttp import web

gate = asyncio.Event()
held = 0


async def fast(request: web.Request) -> web.Response:
    await asyncio.sleep(0.01)
    return web.Response(text="fast")


async def hold(request: web.Request) -> web.Response:
    global held
    held += 1
    await gate.wait()  # @held
    return web.Response(text="released")


async def release(request: web.Request) -> web.Response:
    gate.set()
    return web.Response(text="ok")


async def tell(request: web.Request) -> web.Response:
    return web.json_response({**truth.tasks(asyncio.current_task()), "held": held})


async def main() -> None:
    app = web.Application()
    app.add_routes([web.get("/fast", fast), web.get("/hold", hold), web.get("/release", release), web.get("/truth", tell)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    truth.tell(port=runner.addresses[0][1])
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
