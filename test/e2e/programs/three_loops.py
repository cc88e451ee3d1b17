"""Three loops in three threads, each with workers that wait; all of them tell their tasks once they stand."""

from __future__ import annotations

import asyncio
import threading

import truth

NAMES = ("north", "south", "west")
facts: dict[str, object] = {}
standing = threading.Barrier(len(NAMES) + 1)


async def worker(name: str) -> None:
    await asyncio.Event().wait()  # @worker


async def life(name: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.set_name(f"{name}-main")
    asyncio.get_running_loop().call_later(7200, print, name)
    workers = [asyncio.create_task(worker(name), name=f"{name}-{number}") for number in range(2)]
    await asyncio.sleep(0)
    facts[name] = truth.tasks()
    await asyncio.get_running_loop().run_in_executor(None, standing.wait)
    await asyncio.gather(*workers)  # @life


def main() -> None:
    threads = [threading.Thread(target=lambda name=name: asyncio.run(life(name)), name=name) for name in NAMES]
    for thread in threads:
        thread.start()
    standing.wait()
    truth.tell(**facts)
    for thread in threads:
        thread.join()


main()
