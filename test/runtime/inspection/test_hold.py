"""How long an answer holds the loop: with 100,000 tasks and timers it does the work of its page, and no more.

Work is counted, not timed, so that a slow machine changes nothing. The times that were measured are in the comments of
src/runtime/loopscope/inspection/registry.py.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from conftest import NAME, ask, load, run, settle

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import listen  # noqa: F401  # makes the runtime's own package importable
from loopscope.births import Births

MANY = 100_000


def module(name: str) -> Any:
    """A module of the package."""
    load()
    return sys.modules[f"{NAME}.{name}"]


class Count:
    """Counts the calls of a function of the package."""

    def __init__(self, monkeypatch: Any, where: str, name: str) -> None:
        self.calls = 0
        inner = getattr(module(where), name)

        def counted(*args: Any, **keywords: Any) -> Any:
            self.calls += 1
            return inner(*args, **keywords)

        monkeypatch.setattr(module(where), name, counted)


async def crowd(count: int) -> Any:
    """So many tasks, all waiting for one event."""
    event = asyncio.Event()

    async def wait() -> None:
        await event.wait()

    tasks = [asyncio.ensure_future(wait()) for _ in range(count)]
    await settle(3)
    return event, tasks


def test_describing_a_page_of_100_000_tasks_looks_at_that_page_only(monkeypatch: Any) -> None:
    async def main() -> None:
        event, tasks = await crowd(MANY)
        chains = Count(monkeypatch, "describe", "chain_of")
        reads = Count(monkeypatch, "registry", "snapshot")
        probes = Count(monkeypatch, "registry", "_probed")
        page = tasks[500:600]
        for _ in range(3):
            rows = ask("describe", tasks=[id(task) for task in page])["tasks"]
            assert [row["task"] for row in rows] == [id(task) for task in page]
            assert {row["state"] for row in rows} == {"waiting"}
        assert chains.calls == 3 * len(page)
        assert reads.calls == 0
        # One look-up a task; from 3.14 on the first time in the list of all, then in what was remembered.
        assert probes.calls <= (4 if sys.version_info < (3, 14) else 8) * len(page)
        ask("ready", offset=0, limit=200)
        assert chains.calls == 3 * len(page)
        edges = ask("edges", tasks=[id(task) for task in page])["edges"]
        assert edges == []
        assert reads.calls == 0
        event.set()
        ready = ask("ready", offset=90_000, limit=50)
        assert ready["total"] == MANY
        assert [row["subject"] for row in ready["rows"]] == [id(task) for task in tasks[90_000:90_050]]
        await asyncio.gather(*tasks)

    run(main)


def test_a_page_of_100_000_timers_is_found_without_sorting_them(monkeypatch: Any) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        handles = [loop.call_at(loop.time() + 1000 + (number * 7919) % MANY, int) for number in range(MANY)]
        looks = Count(monkeypatch, "pages", "_due")
        page = ask("timers", offset=100, limit=100)
        assert page["total"] == MANY
        expected = sorted(handles, key=lambda handle: handle.when())[100:200]
        assert [row["handle"] for row in page["rows"]] == [id(handle) for handle in expected]
        assert looks.calls <= 2 * 200 + 1
        for handle in handles:
            handle.cancel()

    run(main)


def test_an_answer_stops_when_its_time_is_used_up_and_says_what_is_left(monkeypatch: Any) -> None:
    async def main() -> None:
        event, tasks = await crowd(50)
        monkeypatch.setattr(module("budget"), "HOLD", 0.0)
        wanted = [id(task) for task in tasks]
        seen: list[int] = []
        while wanted:
            answer = load().answer(asyncio.get_running_loop(), 1, {"query": "describe", "tasks": wanted})
            assert len(answer["tasks"]) == 1  # always one: it comes to an end
            seen.append(answer["tasks"][0]["task"])
            wanted = answer.get("rest", [])
        assert seen == [id(task) for task in tasks]
        answer = load().answer(asyncio.get_running_loop(), 1, {"query": "edges", "tasks": seen})
        assert len(answer["rest"]) == 49
        event.set()
        await asyncio.gather(*tasks)

    run(main)


def test_sync_goes_through_all_tasks_in_slices_while_they_come_and_go(monkeypatch: Any) -> None:
    async def main() -> None:
        event, tasks = await crowd(3000)
        real = module("budget").Budget.spent
        steps = iter(range(10**9))
        monkeypatch.setattr(module("budget").Budget, "spent", lambda self: next(steps) % 10 == 9)
        begun = {id(task) for task in asyncio.all_tasks()}
        seen: set[int] = set()
        answers = 0
        cursor = 0
        ended: set[int] = set()
        while True:
            answer = load().answer(asyncio.get_running_loop(), 1, {"query": "sync", "cursor": cursor})
            assert len(answer["tasks"]) <= 400
            new = {row["task"] for row in answer["tasks"]}
            assert not new & seen
            seen |= new
            answers += 1
            cursor = answer["cursor"]
            if not cursor:
                break
            gone = tasks.pop()
            ended.add(id(gone))
            gone.cancel()
            tasks.append(asyncio.ensure_future(asyncio.sleep(0)))
            await asyncio.sleep(0)
        assert begun - ended <= seen
        assert answers > 3
        monkeypatch.setattr(module("budget").Budget, "spent", real)
        event.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(main)


def test_notes_of_births_answer_for_the_lists_of_all_tasks(monkeypatch: Any) -> None:
    async def main() -> None:
        event, tasks = await crowd(150)
        notes = Births()
        monkeypatch.setattr(sys.modules[Births.__module__], "CROWD", 100)
        notes.watch(90, lambda: ([], {}))
        assert not notes.wanted
        notes.watch(
            151,
            lambda: ([ref(task) for task in tasks], {}) if sys.version_info < (3, 14) else ([], {id(task): ref(task) for task in tasks}),
        )
        assert notes.wanted
        monkeypatch.setattr(module("registry"), "births", notes)
        reads = Count(monkeypatch, "registry", "snapshot")
        more: list[Any] = []

        async def wait() -> None:
            await event.wait()

        for _ in range(50):
            more.append(asyncio.ensure_future(wait()))
            notes.note(more[-1])
        await settle(2)
        rows = ask("describe", tasks=[id(task) for task in (*tasks[::50], *more[::10])])["tasks"]
        assert len(rows) == 3 + 5
        listed = {row["task"] for row in ask("sync", cursor=0)["tasks"]}
        assert {id(task) for task in (*tasks, *more)} <= listed
        assert reads.calls == 0
        event.set()
        await asyncio.gather(*tasks, *more)
        notes.watch(1, lambda: ([], {}))
        assert not notes.wanted
        assert notes.find(id(more[0])) is None

    run(main)


@pytest.mark.hurried
def test_the_holder_of_a_lock_is_found_among_very_many_in_parts() -> None:
    async def main() -> None:
        event, tasks = await crowd(20_000)
        lock = asyncio.Lock()

        async def hold() -> None:
            async with lock:
                await event.wait()

        async def wait() -> None:
            async with lock:
                pass

        holder, waiter = asyncio.ensure_future(hold()), asyncio.ensure_future(wait())
        await settle()
        said = ""
        for _ in range(5000):
            answer = load().answer(asyncio.get_running_loop(), 1, {"query": "describe", "tasks": [id(waiter)]})
            said = answer["tasks"][0]["waitsFor"]["text"] if answer["tasks"] else ""
            if "held by" in said:
                break
            await asyncio.sleep(0.001)
        assert said.startswith(f"Lock lock held by {holder.get_name()} since test_hold.py:")
        event.set()
        await asyncio.gather(holder, waiter, *tasks)

    run(main)


def test_what_cannot_be_read_costs_its_own_row_only(monkeypatch: Any) -> None:
    async def main() -> None:
        def fail(*args: Any) -> Any:
            raise KeyError("unforeseen")

        event, tasks = await crowd(2)
        timer = asyncio.get_running_loop().call_later(1000, int)
        monkeypatch.setattr(module("describe"), "of_chain", fail)
        monkeypatch.setattr(module("handles"), "work_of_call", fail)
        rows = ask("describe", tasks=[id(task) for task in tasks])["tasks"]
        assert [row["waitsFor"]["text"] for row in rows] == ["something that could not be read"] * 2
        assert {row["text"] for row in ask("timers", offset=0, limit=9)["rows"]} == {"a callback that could not be read"}
        timer.cancel()
        event.set()
        await asyncio.gather(*tasks)

    run(main)
