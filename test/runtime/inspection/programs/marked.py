"""A random program that stops dead at marked ticks, tells what its loop holds at that instant, and waits for a line.

python marked.py SEED MARKS
"""

import asyncio
import heapq
import json
import random
import sys


def state(loop):
    """What the loop itself says: tasks, ready queue in order, timers in the order in which they will be taken."""
    heap = list(loop._scheduled)
    timers = [heapq.heappop(heap) for _ in range(len(heap))]
    return {
        "time": loop.time(),
        "tasks": {str(id(task)): task.get_name() for task in asyncio.all_tasks(loop)},
        "suspended on": {
            str(id(task)): id(task._fut_waiter)
            for task in asyncio.all_tasks(loop)
            if isinstance(task._fut_waiter, asyncio.Task) and not task._fut_waiter.done()
        },
        "waiting": [id(task) for task in asyncio.all_tasks(loop) if task._fut_waiter is not None and not task._fut_waiter.done()],
        "ready": [handle._cancelled for handle in loop._ready],
        "timers": [[id(handle), handle.when(), handle.cancelled()] for handle in timers],
    }


async def work(rng, shared, depth):
    """Does some random things, one after the other."""
    for _ in range(rng.randrange(1, 5)):
        what = rng.randrange(9)
        if what == 0:
            await asyncio.sleep(0)
        elif what == 1:
            await asyncio.sleep(rng.random() * 0.004)
        elif what == 2:
            async with shared["lock"]:
                await asyncio.sleep(rng.random() * 0.002)
        elif what == 3:
            shared["queue"].put_nowait(1)
        elif what == 4:
            await asyncio.wait_for(shared["queue"].get(), 0.003)
        elif what == 5 and depth < 3:
            children = [work(rng, shared, depth + 1) for _ in range(rng.randrange(1, 4))]
            await asyncio.gather(*children, return_exceptions=True)
        elif what == 6 and depth < 3:
            await asyncio.ensure_future(work(rng, shared, depth + 1))
        elif what == 7:
            handle = asyncio.get_running_loop().call_later(rng.random() * 0.01, int)
            if rng.random() < 0.4:
                handle.cancel()
        elif what == 8:
            others = [task for task in asyncio.all_tasks() if task.get_coro().__name__ == "work"]
            rng.choice(sorted(others, key=id)).cancel()


async def main(seed, marks):
    rng = random.Random(seed)
    loop = asyncio.get_running_loop()
    shared = {"lock": asyncio.Lock(), "queue": asyncio.Queue()}
    done = loop.create_future()

    def mark(left):
        print(json.dumps(state(loop)), flush=True)
        sys.stdin.readline()
        if left > 1:
            loop.call_later(rng.random() * 0.003, mark, left - 1)
        elif not done.done():
            done.set_result(None)

    async def feed():
        while not done.done():
            children = [asyncio.ensure_future(work(rng, shared, 0)) for _ in range(rng.randrange(1, 12))]
            while children and not all(child.done() for child in children) and not done.done():
                await asyncio.sleep(0.001)

    loop.call_later(0.002, mark, marks)
    while not done.done():
        feeder = asyncio.ensure_future(feed())
        await asyncio.wait([feeder, done], return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main(int(sys.argv[1]), int(sys.argv[2])))
