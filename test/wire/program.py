"""What the recorded transcripts were recorded from: what a task can do, then what asyncio itself says of it."""

import asyncio
import json
import sys

CREATED = {}


def note(task):
    CREATED[task.get_name()] = task
    return task


async def worker(lock, results):
    async with lock:
        await asyncio.sleep(0)
        results.append(1)


async def fails():
    await asyncio.sleep(0)
    raise LookupError("not there")


async def waits_for_ever():
    await asyncio.Event().wait()


async def main():
    note(asyncio.current_task())
    lock, results = asyncio.Lock(), []
    workers = [note(asyncio.create_task(worker(lock, results), name=f"worker-{index}")) for index in range(5)]
    bad = note(asyncio.create_task(fails()))
    doomed = note(asyncio.create_task(waits_for_ever(), name="doomed"))
    await asyncio.sleep(0.02)
    doomed.cancel()
    await asyncio.gather(bad, doomed, *workers, return_exceptions=True)
    left = note(asyncio.create_task(waits_for_ever(), name="left behind"))
    asyncio.get_running_loop().call_later(0.01, results.clear)
    await asyncio.sleep(0.03)
    return left


def outcome(task):
    if task.cancelled():
        return "cancelled"
    return "failed" if task.exception() else "finished"


loop = asyncio.new_event_loop()
loop.run_until_complete(main())
truth = {name: outcome(task) if task.done() else "waiting" for name, task in CREATED.items()}
print(json.dumps(truth))
sys.stdout.flush()
