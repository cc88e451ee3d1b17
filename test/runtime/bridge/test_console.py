"""`await` in the console runs on the program's own loop, with only what it needs."""

from __future__ import annotations

import signal
import time
from functools import partial
from pathlib import Path

from debuggee import Debuggee, marked

PROGRAM = """
import asyncio

async def ticker():
    while True:
        ticks.append(1)
        await asyncio.sleep(0)

async def worker(number):
    await asyncio.sleep(0.3)
    return number

async def fails():
    await asyncio.sleep(0.01)
    raise KeyError("asked for")

async def makes():
    tasks = [asyncio.create_task(asyncio.sleep(0.01, n)) for n in range(3)]
    return await asyncio.gather(*tasks)

async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def holder():
    async with lock:
        await asyncio.sleep(3600)

async def main():
    global ticks, lock
    ticks = []
    lock = asyncio.Lock()
    loop = asyncio.get_running_loop()
    held = asyncio.create_task(holder(), name="holder")
    other = asyncio.create_task(ticker(), name="ticker")
    works = [asyncio.create_task(worker(n), name="w%d" % n) for n in range(2)]
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    await asyncio.sleep(0)
    here = 1  # stop
    other.cancel()
    print(await asyncio.gather(*works), asyncio.current_task().get_name())
    held.cancel()
    server.close()

asyncio.run(main())
"""


def value_of(debuggee: Debuggee, frame: int, expression: str) -> str:
    """What the console answers to an expression that has a value."""
    answer = debuggee.evaluate(expression, frame)
    assert answer["success"], answer
    return str(answer["body"]["result"])


def test_results_exceptions_and_held_tasks(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        top = debuggee.stack(stop["threadId"])[0]["id"]

        result = partial(value_of, debuggee, top)

        def error(expression: str) -> str:
            answer = debuggee.evaluate(expression, top)
            assert not answer["success"], answer
            return str(answer["message"])

        ticks = result("len(ticks)")
        assert result("await asyncio.sleep(0.1, 42)") == "42", "a timer that it needs fires"
        assert result("await makes()") == "[0, 1, 2]", "tasks that it makes run"
        assert result("await loop.run_in_executor(None, len, 'abc')") == "3"
        result("value = await asyncio.sleep(0, 'kept')")
        assert result("value") == "'kept'"
        failed = error("await fails()")
        assert "KeyError: 'asked for'" in failed and "in fails" in failed and "loopscope" not in failed
        needs = error("await works[1]")
        assert "This await needs w1 · worker, which stands still while the program is stopped" in needs
        assert "This await needs holder · holder" in error("await lock.acquire()")
        assert "stopped here" in error(
            "await asyncio.gather(asyncio.sleep(0), *[t for t in asyncio.all_tasks() if t.get_name() == 'Task-1'])"
        )
        assert result("len(ticks)") == ticks, "other tasks stood still"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.out == b"[0, 1] Task-1\n"
        assert debuggee.err == b""


def test_others_run_when_asked_and_an_await_can_be_cancelled(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        top = debuggee.stack(stop["threadId"])[0]["id"]
        assert not debuggee.command("console", cancel=True)["ok"]
        sent = debuggee.send("evaluate", expression="await asyncio.Event().wait()", frameId=top, context="repl")
        while not debuggee.command("console", cancel=True)["ok"]:
            time.sleep(0.01)
        answer = debuggee.response(sent)
        assert not answer["success"] and "CancelledError" in answer["message"]
        ticks = int(debuggee.evaluate("len(ticks)", top)["body"]["result"])
        assert debuggee.command("console", others=True)["ok"]
        assert debuggee.evaluate("await works[1]", top)["body"]["result"] == "1"
        assert int(debuggee.evaluate("len(ticks)", top)["body"]["result"]) > ticks, "the others ran"
        debuggee.evaluate("reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())", top)
        debuggee.evaluate("writer.write(b'line\\n')", top)
        assert debuggee.evaluate("await reader.readline()", top)["body"]["result"] == "b'line\\n'"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.err == b""


def test_at_a_tick(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.command("pause", loop=1)
        debuggee.request("continue", threadId=stop["threadId"])
        stop = debuggee.stopped()
        frame = debuggee.stack(debuggee.threads()["Task-1 · main"])[0]["id"]
        assert debuggee.evaluate("await makes()", frame)["body"]["result"] == "[0, 1, 2]"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.err == b""


TIMERS = """
import asyncio

fired = []

async def waits_with_limit():
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.05)
    except asyncio.TimeoutError:
        return "in time"

async def other():
    await asyncio.sleep(0.01)
    fired.append("other's")

async def cleans_up():
    try:
        await asyncio.Event().wait()
    finally:
        fired.append("cleaned")

async def main():
    loop = asyncio.get_running_loop()
    due, event = loop.create_future(), asyncio.Event()
    loop.call_later(0.05, due.set_result, "due")
    loop.call_later(0.05, event.set)
    loop.call_later(0.01, fired.append, "program's")
    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    here = 1  # stop
    await task
    await asyncio.sleep(0.05)
    print(sorted(fired), task.cancelled(), asyncio.current_task().get_name())

asyncio.run(main())
"""


def test_the_timers_that_it_needs_fire_and_no_others(tmp_path: Path) -> None:
    with Debuggee(TIMERS, tmp_path, breakpoints=[marked(TIMERS, "stop")]) as debuggee:
        stop = debuggee.stopped()
        top = debuggee.stack(stop["threadId"])[0]["id"]

        result = partial(value_of, debuggee, top)

        assert result("await waits_with_limit()") == "'in time'"
        assert result("await due") == "'due'", "a timer that was set before the stop, for what it awaits"
        assert result("await event.wait()") == "True", "the same of an event"
        assert result("fired") == "[]", "timers that nobody needed have not fired"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.result() == (0, b'["other\'s", "program\'s"] False Task-1\n', b"")


def test_ctrl_c_cancels_it_and_not_the_program(tmp_path: Path) -> None:
    with Debuggee(TIMERS, tmp_path, breakpoints=[marked(TIMERS, "stop")]) as debuggee:
        stop = debuggee.stopped()
        top = debuggee.stack(stop["threadId"])[0]["id"]
        sent = debuggee.send("evaluate", expression="print('awaits', flush=True) or await cleans_up()", frameId=top, context="repl")
        debuggee.wait_for_output(b"awaits")
        debuggee.process.send_signal(signal.SIGINT)
        answer = debuggee.response(sent)
        assert not answer["success"] and "CancelledError: the await was cancelled" in answer["message"], answer
        assert debuggee.evaluate("fired", top)["body"]["result"] == "['cleaned']"
        debuggee.request("continue", threadId=stop["threadId"])
        code, out, err = debuggee.result()
        assert (code, err) == (0, b"")
        assert out.endswith(b"['cleaned', \"other's\", \"program's\"] False Task-1\n"), out
