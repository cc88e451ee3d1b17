"""A Runner in a thread of its own."""

import asyncio
import threading

seen = []


async def count(number):
    await asyncio.sleep(0)
    seen.append(number)


def work():
    runner = asyncio.Runner()
    try:
        for number in range(3):
            runner.run(count(number))
    finally:
        runner.close()


thread = threading.Thread(target=work)
thread.start()
thread.join()
print(seen)
