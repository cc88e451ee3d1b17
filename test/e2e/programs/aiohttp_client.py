"""Load for the aiohttp server: so many connections that ask for `/fast` again and again, and so many for `/hold` once.

python aiohttp_client.py PORT FAST HOLD
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp


async def again(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        async with session.get(url) as response:
            await response.text()


async def once(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        await response.text()


async def main(port: str, fast: int, hold: int) -> None:
    base = f"http://127.0.0.1:{port}"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(
            *(again(session, f"{base}/fast") for _ in range(fast)),
            *(once(session, f"{base}/hold") for _ in range(hold)),
        )


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
