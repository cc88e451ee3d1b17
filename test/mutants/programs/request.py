"""Two sessions, one of them kept by an object."""

import asyncio

import aiohttp


class Api:
    def __init__(self, session):
        self.session = session

    @classmethod
    async def create(cls):
        return cls(aiohttp.ClientSession())

    async def close(self):
        await self.session.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.close()


async def main():
    api = await Api.create()
    try:
        print(api.session.closed)
    finally:
        await api.close()
    async with await Api.create() as other:
        print(other.session.closed)
    session = aiohttp.ClientSession()
    await session.close()


asyncio.run(main())
