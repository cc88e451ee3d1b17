"""A client session of aiohttp, with no request."""

import asyncio

import aiohttp


async def main():
    session = aiohttp.ClientSession(headers={"User-Agent": "test"})
    try:
        print(session.closed)
    finally:
        await session.close()


async def other():
    async with aiohttp.ClientSession() as session:
        return session.closed


asyncio.run(main())
print(asyncio.run(other()))
