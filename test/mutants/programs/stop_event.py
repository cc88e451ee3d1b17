"""run_forever until a task says stop."""

import asyncio


async def watch(loop, limit):
    for _ in range(limit):
        await asyncio.sleep(0)
    loop.stop()


def main():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    task = loop.create_task(watch(loop, 3))
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        task.cancel()
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    print(task.done())


main()
