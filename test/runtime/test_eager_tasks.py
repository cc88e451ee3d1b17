"""Tasks that start at once: in what order they are told of, and what is counted of them."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from recording import needs_eager_tasks, record


@needs_eager_tasks
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


@needs_eager_tasks
def test_a_task_that_starts_at_once_waits() -> None:
    assert _waits_told("asyncio.eager_task_factory") == ["yields", "sleeps"]


@needs_eager_tasks
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
    assert recording.waits == 300 * 21 + 1


def test_a_task_that_a_factory_makes_is_not_counted_as_waiting_before_it_has_begun() -> None:
    recording = record("""
        import asyncio
        async def ends(): pass
        async def main():
            loop = asyncio.get_running_loop()
            for _ in range(5_000):
                await asyncio.sleep(0)
            loop.set_task_factory(lambda loop, coroutine, **more: asyncio.Task(coroutine, loop=loop))
            for _ in range(200):
                assert not loop._loopscope.listing
                await loop.create_task(ends())
            loop.set_task_factory(None)
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    made = Counter(map(recording.coroutine, recording.named("taskCreated")))
    assert made["ends"] == 200
    # Each step but a task's first follows a wait.
    assert recording.steps - recording.waits == sum(made.values())
