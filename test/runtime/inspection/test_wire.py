"""The whole way: a real program with the runtime in it, asked over the wire, against what it says of itself at that tick."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from listen import environment, read_frames, send_message, wire

PROGRAMS = Path(__file__).resolve().parent / "programs"


class Adapter:
    """One connection to a program; as a context it ends both."""

    def __init__(self, *arguments: str, level: str = "adaptive") -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(30)
        command = [sys.executable, *arguments]
        self.process = subprocess.Popen(
            command,
            env=environment(self._server.getsockname()[1]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.connection = self._server.accept()[0]
        self.connection.settimeout(30)
        self._frames = read_frames(self.connection)
        self._numbers = itertools.count(1)
        send_message(self.connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})

    def __enter__(self) -> Adapter:
        return self

    def __exit__(self, *error: Any) -> None:
        self.process.kill()
        self.process.communicate()
        self.connection.close()
        self._server.close()

    def query(self, query: str, **fields: Any) -> dict[str, Any]:
        """The answer to one query about loop 1."""
        number = next(self._numbers)
        send_message(self.connection, {"type": "query", "id": number, "loop": 1, "query": query, **fields})
        for kind, message in self._frames:
            if kind == wire.FRAME_JSON and message.get("type") == "answer" and message["id"] == number:
                assert message["ok"], message
                return message["result"]
        raise EOFError("the program has gone")

    def whole(self, query: str, key: str, tasks: list[int]) -> list[Any]:
        """The answer to a query that may come in parts."""
        rows: list[Any] = []
        while tasks:
            answer = self.query(query, tasks=tasks)
            rows += answer[key]
            tasks = answer.get("rest", [])
        return rows

    def page(self, query: str) -> dict[str, Any]:
        """The first 200 rows of a queue: an answer ends early where it would hold the loop too long, and is asked to go on."""
        answer = self.query(query, offset=0, limit=200)
        rows = answer["rows"]
        while len(rows) < min(answer["total"], 200):
            more = self.query(query, offset=len(rows), limit=200 - len(rows))["rows"]
            assert more, "each answer has a row at least"
            rows += more
        return answer

    def sync(self) -> list[Any]:
        """All live tasks."""
        rows: list[Any] = []
        cursor = 0
        while True:
            answer = self.query("sync", cursor=cursor)
            rows += answer["tasks"]
            cursor = answer["cursor"]
            if not cursor:
                return rows


@pytest.mark.parametrize("level", ["adaptive", "full"])
@pytest.mark.parametrize("seed", range(3))
def test_pages_over_the_wire_agree_with_the_program(seed: int, level: str) -> None:
    marks = 3
    with Adapter(str(PROGRAMS / "marked.py"), str(seed), str(marks), level=level) as adapter:
        assert adapter.process.stdout is not None and adapter.process.stdin is not None
        ticks: list[int] = []
        for _ in range(marks):
            said = json.loads(adapter.process.stdout.readline())
            tasks = {int(address): name for address, name in said["tasks"].items()}

            assert {row["task"]: row["name"] for row in adapter.sync()} == tasks
            rows = {row["task"]: row for row in adapter.whole("describe", "tasks", list(tasks))}
            assert set(rows) == set(tasks)
            waiting = {address for address, row in rows.items() if row["state"] == "waiting"}
            assert waiting == set(said["waiting"])
            assert all(row["state"] in ("waiting", "ready") for row in rows.values())
            assert all(rows[address]["waitsFor"]["text"] for address in waiting)

            ready = adapter.page("ready")
            assert ready["total"] == len(said["ready"])
            assert [row["cancelled"] for row in ready["rows"]] == said["ready"]
            subjects = {row["subject"] for row in ready["rows"] if row["kind"] == "task"}
            assert subjects <= set(tasks)

            timers = adapter.page("timers")
            assert timers["total"] == len(said["timers"])
            assert [[row["handle"], row["due"], row["cancelled"]] for row in timers["rows"]] == said["timers"][:200]

            edges = {tuple(edge) for edge in adapter.whole("edges", "edges", list(tasks))}
            assert {(int(task), other) for task, other in said["suspended on"].items()} <= edges

            assert timers["time"] >= said["time"]
            assert timers["tick"] == ready["tick"]  # the loop stands still
            ticks.append(timers["tick"])
            adapter.process.stdin.write("\n")
            adapter.process.stdin.flush()
        assert ticks == sorted(ticks) and ticks[0] > 0 and len(set(ticks)) == marks
        assert adapter.process.wait(30) == 0


WAITER = """
import asyncio, sys

class Pool:
    def __init__(self):
        self.db = asyncio.Lock()
        self.jobs = asyncio.Queue()

    async def hold(self):
        async with self.db:
            await asyncio.sleep(1000)

    async def wait(self):
        async with self.db:
            pass

    async def get(self):
        await self.jobs.get()

async def main():
    pool = Pool()
    tasks = [asyncio.ensure_future(each()) for each in (pool.hold, pool.wait, pool.get)]
    for task, name in zip(tasks, ("holder", "waiter", "getter")):
        task.set_name(name)
    await asyncio.sleep(0.01)
    print("\\n".join(str(id(task)) for task in tasks), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()

asyncio.run(main())
"""


def test_an_idle_loop_answers_in_its_own_thread_with_names_and_holders(tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(WAITER, encoding="utf-8")
    with Adapter(str(program)) as adapter:
        assert adapter.process.stdout is not None
        tasks = [int(adapter.process.stdout.readline()) for _ in range(3)]
        for _ in range(200):  # the holder is searched for a part in each answer
            rows = adapter.whole("describe", "tasks", tasks)
            if "held by" in rows[1]["waitsFor"]["text"]:
                break
        assert [row["waitsFor"]["text"] for row in rows] == [
            "sleep",
            "Lock self.db held by holder since worker.py:10",
            "Queue.get, empty: self.jobs",
        ]
        assert rows[1]["waitsFor"]["task"] == tasks[0]
        assert [row["at"]["line"] for row in rows] == [11, 14, 18]
        detail = adapter.query("task", task=tasks[1])["task"]
        assert [frame["function"].rpartition(".")[2] for frame in detail["frames"]] == ["wait", "__aenter__", "acquire"]
        assert [frame["library"] for frame in detail["frames"]] == [False, True, True]
        adapter.process.communicate("\n")
        assert adapter.process.returncode == 0


PROMISE = """
import asyncio

class Promise:
    _asyncio_future_blocking = False

    def __init__(self):
        self.callbacks = []
        self.loop = asyncio.get_running_loop()

    def get_loop(self):
        return self.loop

    def add_done_callback(self, callback, context=None):
        self.callbacks.append(callback)

    def finish(self):
        for callback in self.callbacks:
            self.loop.call_soon(callback, self)

    def result(self):
        return "kept"

    def __await__(self):
        self._asyncio_future_blocking = True
        yield self
        return self.result()

async def main():
    promise = Promise()
    asyncio.get_running_loop().call_later(0.01, promise.finish)
    print(await promise)

asyncio.run(main())
"""


@pytest.mark.parametrize("level", ["adaptive", "full"])
def test_a_program_that_awaits_futures_of_its_own_is_left_alone(tmp_path: Path, level: str) -> None:
    program = tmp_path / "promise.py"
    program.write_text(PROMISE, encoding="utf-8")
    with Adapter(str(program), level=level) as adapter:
        assert adapter.process.stdout is not None
        assert adapter.process.stdout.readline() == "kept\n"
        assert adapter.process.wait(30) == 0
