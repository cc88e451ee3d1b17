"""Two loops, one after the other."""

import asyncio


async def part(name):
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, event.set)
    await event.wait()
    return name


def main():
    first = asyncio.new_event_loop()
    print(first.run_until_complete(part("one")))
    first.close()
    second = asyncio.new_event_loop()
    print(second.run_until_complete(part("two")))
    second.close()


main()
