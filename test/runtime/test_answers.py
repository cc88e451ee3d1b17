"""Answers that need the recorder: who scheduled what is ready, what an executor runs, and tasks found in a crowd without reading all; and
what has been sent while a program waits."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from listen import decode_events, environment, read_frames, send_message, wire


class Program:
    """A program with the runtime in it, which is asked while it runs. It says how far it is line by line, and goes on when told to."""

    def __init__(self, source: str, level: str = "adaptive") -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source)],
            env=environment(self.server.getsockname()[1]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.connection = self.server.accept()[0]
        send_message(self.connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
        self._frames = read_frames(self.connection)
        self._asked = 0

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def go(self) -> None:
        """Lets it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def ask(self, query: str, **fields: Any) -> dict[str, Any]:
        """The result that loop 1 answers with."""
        answer = self.answer(query, loop=1, **fields)
        assert answer["ok"], answer
        return answer["result"]

    def answer(self, query: str, **fields: Any) -> dict[str, Any]:
        """The whole answer."""
        self._asked += 1
        send_message(self.connection, {"type": "query", "id": self._asked, "query": query, **fields})
        for kind, payload in self._frames:
            if kind == wire.FRAME_JSON and payload["type"] == "answer" and payload["id"] == self._asked:
                return payload
        raise AssertionError("the connection has ended")

    def await_event(self, name: str, times: int) -> None:
        """Reads what it sends until that event has come so often."""
        self.connection.settimeout(30)
        for kind, payload in self._frames:
            if kind == wire.FRAME_EVENTS:
                times -= sum(event == name for event, _ in decode_events(payload))
                if times <= 0:
                    return
        raise AssertionError("the connection has ended")

    def end(self) -> int:
        """Lets it go on to its end; its exit code."""
        self.go()
        for _ in self._frames:
            pass
        self.process.communicate(timeout=30)
        self.connection.close()
        self.server.close()
        return self.process.returncode


def test_who_scheduled_what_is_ready() -> None:
    program = Program("""
        import asyncio, sys, threading
        def callback(): pass
        async def consume(queue): await queue.get()
        async def sleeper(): await asyncio.sleep(0.01)
        async def wait(future): await future
        async def quick(): pass
        async def main():
            loop = asyncio.get_running_loop()
            queue, future = asyncio.Queue(), loop.create_future()
            tasks = [asyncio.create_task(consume(queue), name="consumer"), asyncio.create_task(wait(future), name="waiter")]
            await asyncio.sleep(0.05)
            def produce():
                queue.put_nowait(1)
            produce()
            future.set_result(1)
            loop.call_soon(callback)
            thread = threading.Thread(target=loop.call_soon_threadsafe, args=(callback,), name="other")
            thread.start()
            thread.join()
            tasks.append(asyncio.create_task(quick(), name="new"))
            print("ready", flush=True)
            sys.stdin.readline()
            await asyncio.gather(*tasks)
        asyncio.run(main())
    """)
    assert program.line() == "ready"
    rows: list[dict[str, Any]] = []
    total = 1
    while len(rows) < total:  # An answer is cut short when its time is over.
        page = program.ask("ready", offset=len(rows), limit=50)
        rows += page["rows"]
        total = page["total"]
    assert program.end() == 0
    assert [row["by"] for row in rows] == [
        "woken by Queue.put_nowait · produce() <string>:14"
        if sys.version_info >= (3, 11)
        else "woken by put_nowait · produce() <string>:14",
        "woken by main() <string>:16",
        "scheduled by main() <string>:17",
        f"scheduled by run() threading.py:{_line_of_thread_run()} in thread other",
        "made ready by create_task · main() <string>:21",
    ]


def _line_of_thread_run() -> int:
    import inspect
    import threading

    lines, first = inspect.getsourcelines(threading.Thread.run)
    return first + next(index for index, line in enumerate(lines) if "self._target(" in line)


def test_what_an_executor_runs() -> None:
    program = Program("""
        import asyncio, functools, sys, threading
        go = threading.Event()
        def work(number): go.wait()
        async def main():
            loop = asyncio.get_running_loop()
            calls = [functools.partial(work, 1)]
            task = asyncio.ensure_future(waits(loop.run_in_executor(None, *calls)))
            await asyncio.sleep(0.05)
            print(id(task), flush=True)
            await loop.run_in_executor(None, sys.stdin.readline)
            go.set()
            await task
        async def waits(future): await future
        asyncio.run(main())
    """)
    task = int(program.line())
    wait = program.ask("task", task=task)["task"]["waitsFor"]["text"]
    assert program.end() == 0
    assert wait == "run_in_executor work, running", wait


CROWD = """
    import asyncio, json, sys
    if sys.version_info >= (3, 14):
        import _asyncio
        read, real = [], _asyncio.all_tasks
        def counted(loop=None):
            tasks = real(loop)
            read.append(len(tasks))
            return tasks
        _asyncio.all_tasks = asyncio.tasks.all_tasks = counted
    else:
        real, read = asyncio.all_tasks, []
    async def wait(event): await event.wait()
    async def main():
        event = asyncio.Event()
        tasks = [asyncio.create_task(wait(event)) for _ in range(60_000)]
        await asyncio.sleep(0.05)
        more = [asyncio.create_task(wait(event)) for _ in range(20)]
        await asyncio.sleep(0.05)
        print(json.dumps([id(task) for task in [*tasks[::997], *more]]), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print(json.dumps(read), len(real(asyncio.get_running_loop())), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        event.set()
        await asyncio.gather(*tasks, *more)
    asyncio.run(main())
"""


def test_tasks_in_a_crowd_are_found_without_reading_all_of_them() -> None:
    program = Program(CROWD)
    wanted = json.loads(program.line())
    assert sorted(_described(program, wanted)) == sorted(wanted)
    assert program.ask("task", task=wanted[-1])["task"]["state"] == "waiting"
    assert program.ask("task", task=wanted[0] + 8)["task"] is None
    listed: list[int] = []
    cursor = 0
    while True:
        answer = program.ask("sync", cursor=cursor)
        listed += [row["task"] for row in answer["tasks"]]
        cursor = answer["cursor"]
        if not cursor:
            break
    program.go()
    read, _, count = program.line().rpartition(" ")
    assert program.end() == 0
    assert len(listed) == len(set(listed)) == int(count) == 60_021
    # All were read at most once, when there were too many for the first time: what has been created since was noted.
    assert sum(json.loads(read)) <= 30_000, read
    assert len(json.loads(read)) <= 1, read


def _described(program: Program, wanted: list[int]) -> list[int]:
    found: list[int] = []
    while wanted:
        answer = program.ask("describe", tasks=wanted)
        found += [row["task"] for row in answer["tasks"]]
        wanted = answer.get("rest", [])
    return found


FORKS = """
    import asyncio, os, sys
    def fork():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    async def forks():
        fork()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    AGAIN
    print("stopped", flush=True)
    sys.stdin.readline()
    loop.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fork needs POSIX")
@pytest.mark.parametrize(("again", "tasks"), [("loop.run_until_complete(forks())", 2), ("fork()", 1)])
def test_what_a_loop_leaves_that_stops_next_to_a_fork_is_sent(again: str, tasks: int) -> None:
    program = Program(FORKS.replace("AGAIN", again))
    assert program.line() == "stopped"
    program.await_event("taskEnded", tasks)
    assert program.end() == 0


def test_of_a_loop_that_has_been_collected_every_question_is_answered_with_that() -> None:
    program = Program("""
        import asyncio, gc, sys
        asyncio.run(asyncio.sleep(0))
        gc.collect()
        loop = asyncio.new_event_loop()
        print("gone", flush=True)
        loop.run_until_complete(loop.run_in_executor(None, sys.stdin.readline))
        loop.close()
    """)
    assert program.line() == "gone"
    questions: dict[str, dict[str, Any]] = {
        "ready": {"offset": 0, "limit": 9},
        "timers": {"offset": 0, "limit": 9},
        "describe": {"tasks": [4096]},
        "edges": {"tasks": [4096]},
        "task": {"task": 4096},
        "selector": {},
        "sync": {"cursor": 0},
    }
    gone = {query: program.answer(query, loop=1, **fields) for query, fields in questions.items()}
    there = {query: program.answer(query, loop=2, **fields) for query, fields in questions.items()}
    assert program.end() == 0
    assert all(not answer["ok"] and answer["gone"] is True for answer in gone.values()), gone
    assert all(answer["ok"] and "gone" not in answer for answer in there.values()), there
