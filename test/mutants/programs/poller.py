"""A loop that is run again and again for a short time."""

import asyncio

events = []


async def poll(number):
    await asyncio.sleep(0.001)
    events.append(number)


def pump(loop, rounds):
    for number in range(rounds):
        loop.run_until_complete(poll(number))


def main():
    loop = asyncio.new_event_loop()
    try:
        pump(loop, 3)
    finally:
        loop.close()
    return len(events)


print(main())
