"""Each thread makes a loop of its own."""

import asyncio
import threading

results = []


async def compute(number):
    await asyncio.sleep(0)
    return number * 10


def worker(number):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        results.append(loop.run_until_complete(compute(number)))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


threads = [threading.Thread(target=worker, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results))
