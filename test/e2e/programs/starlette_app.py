"""A Starlette application: `/hold` answers when somebody asks for `/release`; `/truth` tells the loop's tasks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import truth
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

held = 0


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(3600)  # @heartbeat


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.gate = asyncio.Event()
    beat = asyncio.create_task(heartbeat(), name="heartbeat")
    yield
    beat.cancel()


async def hold(request: Request) -> PlainTextResponse:
    global held
    held += 1
    await request.app.state.gate.wait()  # @held
    return PlainTextResponse("released")


async def release(request: Request) -> PlainTextResponse:
    request.app.state.gate.set()
    return PlainTextResponse("ok")


async def tell(request: Request) -> JSONResponse:
    return JSONResponse({**truth.tasks(asyncio.current_task()), "held": held})


app = Starlette(
    routes=[Route("/hold", hold), Route("/release", release), Route("/truth", tell)],
    lifespan=lifespan,
)
