"""A program that is stepped handle by handle does what it does without us, in the same order; the queues are whole at each stop."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import pytest
from driver import FIRST, Stepped

# Its loop has a time of its own that passes only while nothing is ready, so that no run depends on how fast the machine is.
RANDOM = """
    import asyncio, random, selectors
    class Selector(selectors.DefaultSelector):
        now = 0.0
        def select(self, timeout=None):
            events = super().select(0)
            if events or timeout == 0:
                return events
            if timeout is None:
                return super().select(None)
            self.now += timeout
            return []
    class Loop(asyncio.SelectorEventLoop):
        def time(self):
            return self._selector.now
    choose = random.Random(SEED)
    lines = []
    def say(*words):
        print(*words)
    class Odd(Exception):
        pass
    async def leaf(name, depth):
        say("begins", name)
        for turn in range(choose.randint(1, 3)):
            way = choose.randint(0, 7)
            if way == 0:
                await asyncio.sleep(0)
            elif way == 1:
                await asyncio.sleep(0.001)
            elif way == 2 and depth:
                await asyncio.gather(*(leaf(f"{name}.{n}", depth - 1) for n in range(2)), return_exceptions=True)
            elif way == 3:
                asyncio.get_running_loop().call_soon(say, "called by", name)
            elif way == 4:
                handle = asyncio.get_running_loop().call_soon(say, "never")
                handle.cancel()
            elif way == 5 and depth:
                task = asyncio.ensure_future(leaf(f"{name}!", 0))
                await asyncio.sleep(0)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    say("cancelled", name)
                except Odd:
                    say("odd", name)
            elif way == 6:
                queue = asyncio.Queue()
                asyncio.get_running_loop().call_later(0.001, queue.put_nowait, turn)
                say("got", await queue.get(), name)
            elif choose.random() < 0.2:
                raise Odd(name)
        say("ends", name)
    def bad():
        raise Odd("in a callback")
    async def echo(reader, writer):
        while True:
            data = await reader.readline()
            if not data:
                break
            writer.write(data.upper())
            await writer.drain()
        writer.close()
    async def talk():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        for n in range(3):
            writer.write(b"line %d\\n" % n)
            say((await reader.readline()).decode().strip())
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
    async def main():
        loop = asyncio.get_running_loop()
        def report(loop, context):
            say("reported", context["message"].split(" at ")[0][:30], repr(context.get("exception")))
        loop.set_exception_handler(report)
        loop.call_soon(bad)
        for n in range(3):
            try:
                await leaf(str(n), 2)
            except Odd as error:
                say("main saw", repr(error))
        await talk()
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        except asyncio.TimeoutError:
            say("timed out")
        say("end")
    loop = Loop(Selector())
    loop.run_until_complete(main())
    loop.close()
"""


def plainly(program: str, **env: str) -> tuple[int, str, str]:
    """The program without the runtime."""
    import os

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


def step_to_the_end(program: Stepped, goals: Any = ("handle",)) -> int:
    """Steps until the program ends; how many stops there were."""
    program.stop()
    stops = 0
    while True:
        stops += 1
        check_whole(program)
        program.command("step", goal={"kind": goals[stops % len(goals)]})
        message = program.next_of(("stopped", "bye"))
        if message["type"] == "bye":
            return stops


def check_whole(program: Stepped) -> None:
    """What the stop says of the queue, and what the queue itself says."""
    stop = program.messages[-1] if program.messages[-1]["type"] == "stopped" else None
    answer = program.query("ready", offset=0, limit=200)
    if stop is not None:
        assert answer["total"] == stop["ready"]
        if stop["next"] is not None:
            live = [row for row in answer["rows"] if not row["cancelled"]]
            assert live[0]["handle"] == stop["next"]["handle"]
            assert live[0]["text"] == stop["next"]["text"]


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_do_the_same_when_they_are_stepped(seed: int) -> None:
    program = RANDOM.replace("SEED", str(seed))
    expected = plainly(program)
    assert expected[0] == 0, expected
    with Stepped(program, settings=FIRST) as stepped:
        stops = step_to_the_end(stepped)
        assert stepped.end() == expected
    assert stops > 40


def test_in_debug_mode_too() -> None:
    program = RANDOM.replace("SEED", "5")
    expected = plainly(program, PYTHONASYNCIODEBUG="1")
    with Stepped(program, settings=FIRST, PYTHONASYNCIODEBUG="1") as stepped:
        step_to_the_end(stepped)
        code, out, _ = stepped.end()
    assert (code, out) == expected[:2]


def test_with_all_goals_in_turn() -> None:
    program = RANDOM.replace("SEED", "6")
    with Stepped(program, settings=FIRST) as stepped:
        step_to_the_end(stepped, ("handle", "tick", "created", "anyTask", "ended", "readyChange", "cancelled"))
        assert stepped.end() == plainly(program)


COUNT = """
    import asyncio
    ran = []
    async def many(n):
        for _ in range(3):
            ran.append(n)
            await asyncio.sleep(0)
    async def main():
        await asyncio.gather(*(many(n) for n in range(50)))
        print(ran == list(range(50)) * 3, len(ran))
    asyncio.run(main())
"""


def test_every_handle_is_one_step_and_every_tick_one_tick() -> None:
    with Stepped(COUNT, settings=FIRST, level="full") as stepped:
        stops = step_to_the_end(stepped)
        assert stepped.end() == (0, "True 150\n", "")
    ran = sum(1 for name, _ in stepped.events if name == "start")
    assert ran == stops
    numbers = [fields["number"] for name, fields in stepped.events if name == "tick"]
    assert numbers == sorted(set(numbers))


EXIT = """
    import asyncio, sys
    async def main():
        await asyncio.sleep(0)
        HOW
    asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["sys.exit(3)", "raise KeyboardInterrupt", "1 / 0"])
def test_exceptions_that_end_a_program_look_the_same(how: str) -> None:
    program = EXIT.replace("HOW", how)
    with Stepped(program, settings=FIRST) as stepped:
        step_to_the_end(stepped)
        assert stepped.end() == plainly(program)
