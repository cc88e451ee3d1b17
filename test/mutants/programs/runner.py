"""asyncio.Runner, as it is meant."""

import asyncio


async def step(number):
    await asyncio.sleep(0)
    return number


def main():
    with asyncio.Runner() as runner:
        total = 0
        for number in range(3):
            total += runner.run(step(number))
        return total


print(main())
