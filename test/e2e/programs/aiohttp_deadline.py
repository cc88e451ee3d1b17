"""An aiohttp server whose handler has two seconds for what takes one and a half. Writes its port into the file `port`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web


async def quote(symbol: str) -> float:
    cents = len(symbol) * 700
    await asyncio.sleep(1.5)  # @waits
    return cents / 100


async def price(request: web.Request) -> web.Response:
    symbol = request.query["of"]  # @handler
    try:
        async with asyncio.timeout(2):
            return web.Response(text=f"{symbol} {await quote(symbol)}")
    except TimeoutError:
        return web.Response(status=504, text="too late")


async def main() -> None:
    app = web.Application()
    app.add_routes([web.get("/price", price)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    Path("port").write_text(str(runner.addresses[0][1]))
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
