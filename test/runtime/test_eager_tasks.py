"""Tasks that start at once: in what order they are told of, and what is counted of them."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from recording import record


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
def test_eager_tasks_are_told_of_before_what_they_do() -> None:
    recording = record("""
        import asyncio
        async def inner(): pass
        async def eager(): await asyncio.create_task(inner())
        async def waits(): await asyncio.sleep(0.001)
        async def main():
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            await asyncio.gather(asyncio.create_task(eager()), asyncio.create_task(waits()))
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    tasks = {recording.coroutine(event): event for event in recording.named("taskCreated")}
    order = [recording.coroutine(event) for event in recording.named("taskCreated")]
    assert order[:4] == ["main", "eager", "inner", "waits"]
    assert tasks["inner"]["parent"] == tasks["eager"]["task"]
    assert tasks["eager"]["parent"] == tasks["waits"]["parent"] == tasks["main"]["task"]
    ended = [event["task"] for event in recording.named("taskEnded")]
    assert {tasks["inner"]["task"], tasks["eager"]["task"], tasks["waits"]["task"]} <= set(ended)


def _waits_told(factory: str, level: str = "full") -> list[str]:
    """The coroutines of the tasks that are told to wait, of two tasks that a factory makes, in the order told."""
    recording = record(
        """
        import asyncio
        async def yields(): await asyncio.sleep(0)
        async def sleeps(): await asyncio.sleep(0.001)
        async def main():
            asyncio.get_running_loop().set_task_factory(FACTORY)
            await asyncio.create_task(yields())
            await asyncio.create_task(sleeps())
        asyncio.run(main())
    """.replace("FACTORY", factory),
        level,
    )
    assert recording.exit_code == 0, recording.errors
    tasks = {event["task"]: recording.coroutine(event) for event in recording.named("taskCreated")}
    told = [tasks[event["task"]] for event in recording.named("taskWaits")]
    return [name for name in told if name in ("yields", "sleeps")]


def test_a_task_that_a_factory_makes_does_not_wait_before_it_has_begun() -> None:
    assert _waits_told("lambda loop, coroutine, **more: asyncio.Task(coroutine, loop=loop, **more)") == ["yields", "sleeps"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
def test_a_task_that_starts_at_once_waits() -> None:
    assert _waits_told("asyncio.eager_task_factory") == ["yields", "sleeps"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no task starts at once before 3.12")
def test_tasks_that_start_at_once_and_wait_are_counted_where_single_handles_are_not_listed() -> None:
    recording = record("""
        import asyncio
        async def inner():
            await asyncio.sleep(0)
        async def main():
            loop = asyncio.get_running_loop()
            await asyncio.Task(inner(), loop=loop, eager_start=True)  # The first only shows that there are such tasks: it is seen late.
            for _ in range(300):
                await asyncio.gather(*[asyncio.Task(inner(), loop=loop, eager_start=True) for _ in range(20)])
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    counts = recording.named("counts")
    assert sum(event["waits"] for event in counts) > 3000
    assert sum(event["waits"] for event in counts) + len(recording.named("taskWaits")) == 300 * 21 + 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
def test_eager_tasks_of_all_kinds_are_told_of_in_order_in_a_busy_program() -> None:
    recording = record("""
        import asyncio
        async def ends(): pass
        async def fails(): raise KeyError("x")
        async def cancels(): raise asyncio.CancelledError
        async def waits(): await asyncio.sleep(0)
        async def starts(loop):
            return asyncio.Task(waits(), loop=loop, eager_start=True)
        async def makes(loop):
            return asyncio.Task(ends(), loop=loop)
        async def main():
            loop = asyncio.get_running_loop()
            asyncio.Task(ends(), loop=loop, eager_start=True)
            for _ in range(5_000):
                await asyncio.sleep(0)
            for _ in range(200):
                assert not loop._loopscope.listing
                made = [asyncio.Task(coroutine, loop=loop, eager_start=True) for coroutine in
                    (ends(), fails(), cancels(), waits(), starts(loop), makes(loop))]
                done = await asyncio.gather(*made, return_exceptions=True)
                await asyncio.gather(*done[4:])
                def own(loop, coroutine, **more):
                    return asyncio.Task(coroutine, loop=loop)
                loop.set_task_factory(own)
                await loop.create_task(ends())
                loop.set_task_factory(None)
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    assert not any(header["dropped"] for header in recording.headers)
    coroutines: dict[int, str] = {}
    by_name: Counter[str] = Counter()
    ends: Counter[tuple[str, int]] = Counter()
    parents: Counter[tuple[str, str]] = Counter()
    for name, event in recording.events:
        if name == "taskCreated":
            kind = recording.coroutine(event)
            assert event["task"] not in coroutines
            coroutines[event["task"]] = kind
            by_name[kind] += 1
            parents[kind, coroutines.get(event["parent"], "")] += 1
        elif name == "taskEnded":
            ends[coroutines.pop(event["task"]), event["outcome"]] += 1
    assert not coroutines
    assert parents["waits", "starts"] == parents["ends", "makes"] == 200
    assert parents["ends", "main"] in (400, 401)  # The first only shows that there are such tasks: it may not be seen.
    assert parents["waits", "main"] == parents["starts", "main"] == parents["makes", "main"] == 200
    assert ends["fails", 2] == ends["cancels", 3] == by_name["fails"] == by_name["cancels"] == 200
    assert ends["waits", 1] == by_name["waits"] == 400 and ends["ends", 1] == by_name["ends"]
    # Each step but the first of a task that is not started at once follows a wait.
    steps = sum(event["steps"] for event in recording.named("counts")) + sum(event["subject"] > 0 for event in recording.named("start"))
    waits = sum(event["waits"] for event in recording.named("counts")) + len(recording.named("taskWaits"))
    others = sum(count for name, count in by_name.items() if name not in ("ends", "fails", "cancels", "waits", "starts", "makes"))
    assert steps - waits == 200 + 200 + others
