"""Ends with an exception while others still work: the views keep the last state, greyed, until the next start."""

import asyncio


async def patient(number: int) -> None:
    await asyncio.sleep(3600 + number)


async def unlucky() -> None:
    await asyncio.sleep(5)
    raise RuntimeError("the fifth second was the last one")


async def main() -> None:
    patients = [asyncio.create_task(patient(number), name=f"patient-{number}") for number in range(5)]
    await asyncio.gather(unlucky(), *patients)


if __name__ == "__main__":
    asyncio.run(main())
