"""`await` in the console runs on the program's own loop, with only what it needs."""

from __future__ import annotations

import time
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


def test_results_exceptions_and_held_tasks(tmp_path: Path) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")]) as debuggee:
        stop = debuggee.stopped()
        top = debuggee.stack(stop["threadId"])[0]["id"]

        def result(expression: str) -> str:
            answer = debuggee.evaluate(expression, top)
            assert answer["success"], answer
            return str(answer["body"]["result"])

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
