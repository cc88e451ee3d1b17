"""Clean-up in a helper that is given the loop."""

import asyncio


async def ticker():
    while True:
        await asyncio.sleep(0.01)


def shut_down(loop):
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def main():
    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(ticker())
        loop.run_until_complete(asyncio.sleep(0.02))
        print(task.done())
    finally:
        shut_down(loop)


main()
