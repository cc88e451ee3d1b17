"""Clean-up step by step, as asyncio.run() does it."""

import asyncio


async def produce(queue):
    for number in range(3):
        await queue.put(number)


async def consume(queue, seen):
    while True:
        seen.append(await queue.get())
        queue.task_done()


def cancel_all(loop):
    pending = asyncio.all_tasks(loop)
    if not pending:
        return
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


async def flow(seen):
    queue = asyncio.Queue()
    worker = asyncio.create_task(consume(queue, seen))
    await produce(queue)
    await queue.join()
    return worker


def main():
    seen = []
    loop = asyncio.new_event_loop()
    try:
        worker = loop.run_until_complete(flow(seen))
        print(seen, worker.done())
    finally:
        try:
            cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


main()
