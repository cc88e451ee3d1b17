"""Dies with an exception while its tasks wait: the group cancels them, the loop is closed, Python ends with code 1."""

from __future__ import annotations

import asyncio


async def patient() -> None:
    await asyncio.sleep(3600)


async def unlucky() -> None:
    await asyncio.sleep(0.5)
    raise LookupError("nobody there")  # @dies


async def main() -> None:
    patients = [asyncio.create_task(patient(), name=f"patient-{number}") for number in range(3)]
    await asyncio.gather(asyncio.create_task(unlucky(), name="unlucky"), *patients)


asyncio.run(main())
