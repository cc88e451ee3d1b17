"""Several ways out of one function."""

import asyncio


async def probe(name):
    await asyncio.sleep(0)
    if name == "bad":
        raise LookupError(name)
    return len(name)


def measure(names, limit):
    loop = asyncio.new_event_loop()
    try:
        total = 0
        for name in names:
            try:
                total += loop.run_until_complete(probe(name))
            except LookupError:
                continue
            if total > limit:
                return limit
        return total
    finally:
        loop.close()


print(measure(["a", "bad", "ccc"], 100), measure(["aaaa", "bbbb"], 5))
