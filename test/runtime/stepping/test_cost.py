"""A step costs the same with ten tasks and with ten thousand: counted in lines of our code that run, which no slow machine changes."""

from __future__ import annotations

from driver import FIRST, Stepped

# Counts, in the loop's own thread, the lines of the runtime that run between two handles.
COUNTED = """
    import asyncio, sys
    lines = 0
    def trace(frame, event, arg):
        global lines
        if event == "line":
            lines += 1
        return trace if "loopscope" in frame.f_code.co_filename else None
    async def waits(event):
        await event.wait()
    async def spin():
        while True:
            await asyncio.sleep(0)
    def count(word):
        global lines
        if word == "begin":
            lines = 0
            sys.settrace(trace)
        else:
            sys.settrace(None)
            print(lines, flush=True)
    async def main():
        event = asyncio.Event()
        tasks = [asyncio.create_task(waits(event)) for _ in range(TASKS)]
        timers = [asyncio.get_running_loop().call_later(600, event.set) for _ in range(TASKS)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        spinning = asyncio.create_task(spin())
        loop = asyncio.get_running_loop()
        for word in ("begin", "end"):
            await asyncio.sleep(0)
            loop.call_soon(count, word)
            for _ in range(5):
                await asyncio.sleep(0)
        for task in (*tasks, spinning):
            task.cancel()
    asyncio.run(main())
"""


def lines_of(tasks: int) -> int:
    """How many lines of ours run for the same steps, among so many other tasks and timers."""
    with Stepped(COUNTED.replace("TASKS", str(tasks)), settings=FIRST) as program:
        program.stop()
        for _ in range(2):
            program.step("tick")
        for _ in range(24):
            program.step()
        program.resume()
        code, out, errors = program.end()
        assert (code, errors) == (0, "")
        return int(out)


def test_the_work_of_a_step_does_not_grow_with_the_number_of_tasks() -> None:
    few = lines_of(10)
    many = lines_of(10_000)
    assert few > 200
    assert many < few * 1.5 + 200, (few, many)
