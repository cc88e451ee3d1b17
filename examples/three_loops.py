"""Three event loops in three threads that hand work to each other. Runs until it is stopped.

The Loops view shows all three, each with its thread and its own tasks, ready queue and timers. `collector` gets its
numbers from the other two by `call_soon_threadsafe`, and asks `squares` back by `run_coroutine_threadsafe`.
"""

import asyncio
import threading
from concurrent.futures import Future

loops: dict[str, asyncio.AbstractEventLoop] = {}
started = threading.Barrier(3)


async def count(name: str, pause: float, into: asyncio.Queue[int]) -> None:
    """Sends a number to the collector's loop at every beat."""
    number = 0
    while True:
        await asyncio.sleep(pause)
        number += 1
        loops["collector"].call_soon_threadsafe(into.put_nowait, number)


async def square(number: int) -> int:
    await asyncio.sleep(0.3)
    return number * number


async def collect(queue: asyncio.Queue[int]) -> None:
    """Takes numbers from its queue and has every tenth one squared by another thread's loop."""
    while True:
        number = await queue.get()
        if number % 10 == 0:
            answer: Future[int] = asyncio.run_coroutine_threadsafe(square(number), loops["squares"])
            print(f"{number} squared is {await asyncio.wrap_future(answer)}")


async def run_thread(name: str, queues: list[asyncio.Queue[int]]) -> None:
    loops[name] = asyncio.get_running_loop()
    if name == "collector":
        queues.append(asyncio.Queue())
    await asyncio.get_running_loop().run_in_executor(None, started.wait)  # all three loops exist from here on
    if name == "collector":
        await asyncio.gather(collect(queues[0]), collect(queues[0]))
    else:
        await count(name, 0.1 if name == "squares" else 0.25, queues[0])


def main() -> None:
    queues: list[asyncio.Queue[int]] = []
    threads = [
        threading.Thread(target=lambda name=name: asyncio.run(run_thread(name, queues)), name=name, daemon=True)
        for name in ("collector", "squares", "numbers")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("stopped")
