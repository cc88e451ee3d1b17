"""A chat server, its guests, and the workers behind it, all in one event loop. Runs until it is stopped.

What to look at in the Event Loop views while it runs:

- Tasks: group by coroutine: four guests, three workers, one task for each connection. Expand one for its await chain.
- Waits for: `Queue.get, empty` for an idle worker, a Lock and who holds it, a Semaphore, a read on a socket, a sleep.
- Timers: the guests' pauses, the reports' deadline, and the moderator's slow heartbeat.
- Loops: the lag and the longest callback, each time `digest` keeps the loop busy.
"""

import asyncio
import random
import sys
import time

WORDS = ["loop", "tick", "task", "handle", "timer", "queue", "lock", "future", "await", "yield"]


class Room:
    """Everyone who is connected, and what was said."""

    def __init__(self) -> None:
        self.guests: dict[str, asyncio.StreamWriter] = {}
        self.history: list[str] = []
        self.lock = asyncio.Lock()  # the history and the list of guests change together
        self.jobs: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=8)
        self.quiet = asyncio.Event()  # set by the moderator, now and then

    async def say(self, name: str, text: str) -> None:
        async with self.lock:
            self.history.append(f"{name}: {text}")
            del self.history[:-100]
            for guest, writer in self.guests.items():
                if guest != name:
                    writer.write(f"{name}: {text}\n".encode())
            # Slow on purpose, with the lock held: the others' tasks wait for it, and the view says who has it.
            await asyncio.sleep(0.15)
        await self.jobs.put((name, text))


async def serve_guest(room: Room, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: its first line is the guest's name."""
    name = (await reader.readline()).decode().strip()
    if task := asyncio.current_task():
        task.set_name(f"connection of {name}")
    room.guests[name] = writer
    try:
        while line := await reader.readline():
            await room.say(name, line.decode().strip())
    finally:
        room.guests.pop(name, None)
        writer.close()


async def guest(name: str, port: int) -> None:
    """A person at the other end: says something, thinks for a while, and reads what the others said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{name}\n".encode())
    listener = asyncio.create_task(listen(reader), name=f"{name} listens")
    try:
        while True:
            await asyncio.sleep(random.uniform(0.5, 4))
            writer.write((" ".join(random.choices(WORDS, k=4)) + "\n").encode())
            await writer.drain()
    finally:
        listener.cancel()
        writer.close()


async def listen(reader: asyncio.StreamReader) -> int:
    lines = 0
    while await reader.readline():
        lines += 1
    return lines


async def worker(room: Room, slots: asyncio.Semaphore) -> None:
    """Takes what was said from the queue; only two workers may be busy at once."""
    while True:
        _, text = await room.jobs.get()
        async with slots:
            loop = asyncio.get_running_loop()
            # Blocking work belongs into a thread …
            await loop.run_in_executor(None, time.sleep, random.uniform(0.2, 0.8))
            # … and this keeps the loop busy for a moment: the Loops view shows it as lag.
            digest(text)
        room.jobs.task_done()


def digest(text: str) -> int:
    until = time.perf_counter() + 0.03
    rounds = 0
    while time.perf_counter() < until:
        rounds += hash(text + str(rounds)) & 1
    return rounds


async def moderate(room: Room) -> None:
    """Asks for silence every ten seconds, and gathers three reports, of which one is too slow."""
    while True:
        await asyncio.sleep(10)
        room.quiet.set()
        reports = [asyncio.create_task(report(room, part), name=f"report {part}") for part in (1, 2, 3)]
        try:
            await asyncio.wait_for(asyncio.gather(*reports), timeout=2.5)
        except asyncio.TimeoutError:
            print("moderator: one report came too late and was cancelled")
        room.quiet.clear()


async def report(room: Room, part: int) -> int:
    await room.quiet.wait()
    await asyncio.sleep(part)
    return len(room.history) // part


async def main() -> None:
    room = Room()
    slots = asyncio.Semaphore(2)
    server = await asyncio.start_server(lambda r, w: serve_guest(room, r, w), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        print(f"The chat runs on port {port}. Open the Event Loop view; stop the program when you have seen enough.")
        tasks = [asyncio.create_task(worker(room, slots), name=f"worker-{n}") for n in (1, 2, 3)]
        tasks += [asyncio.create_task(guest(name, port), name=name) for name in ("Ada", "Grace", "Edsger", "Barbara")]
        tasks.append(asyncio.create_task(moderate(room), name="moderator"))
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit("stopped")
