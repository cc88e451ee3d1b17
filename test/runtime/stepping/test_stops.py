"""A loop stops where it is asked to, shows a whole ready queue there, and goes on until each goal."""

from __future__ import annotations

import pytest
from driver import FIRST, Refused, Stepped

TWO = """
    import asyncio
    async def w(name):
        for n in range(3):
            print(name, n)
            await asyncio.sleep(0)
    async def main():
        await asyncio.gather(w("a"), w("b"))
        await asyncio.sleep(0.01)
        print("end")
    asyncio.run(main())
"""


def texts(stop: dict) -> tuple:
    """What a stop says without what is another in each run."""
    following = stop["next"] and stop["next"]["text"]
    return stop["tick"], stop["position"], stop["ready"], following


def test_a_program_is_stepped_handle_by_handle() -> None:
    with Stepped(TWO, settings=FIRST) as program:
        stop = program.stop()
        assert stop["reason"] == "firstTick"
        assert texts(stop) == (1, 0, 1, "Task-1 · main()")
        stop = program.step()
        assert texts(stop) == (2, 0, 2, "Task-2 · w()")
        assert stop["reason"] == "step"
        assert stop["did"]["ran"]["text"] == "Task-1 · main()"
        assert stop["did"]["counts"] == {"scheduled": 0, "woke": 0, "created": 2, "timers": 0}
        assert [row["text"] for row in stop["did"]["created"]] == ["Task-2 · w()", "Task-3 · w()"]
        assert stop["did"]["outcome"] == "waits"
        assert [row["text"] for row in program.ready()] == ["Task-2 · w()", "Task-3 · w()"]
        assert stop["next"]["by"] == "Task-1 · main()"
        stop = program.step()
        assert texts(stop) == (2, 1, 2, "Task-3 · w()")
        assert stop["did"]["outcome"] == "yields"
        assert stop["did"]["counts"]["scheduled"] == 0
        for _ in range(6):
            stop = program.step()
        assert texts(stop) == (5, 1, 2, "Task-3 · w()")
        stop = program.step()
        assert stop["did"]["outcome"] == "finished"
        stop = program.step("task", task=program_task(program, "Task-1"))
        assert stop["next"]["text"] == "Task-1 · main()"
        stop = program.step()
        assert stop["next"] is None  # It sleeps: nothing is ready.
        assert stop["did"]["counts"]["timers"] == 1
        assert stop["did"]["timers"][0]["text"] == "sleep"
        stop = program.step()
        assert stop["next"]["text"] == "sleep"
        assert stop["did"] is None
        program.resume()
        assert program.end() == (0, "a 0\nb 0\na 1\nb 1\na 2\nb 2\nend\n", "")


def program_task(program: Stepped, name: str) -> int:
    """The address of a task, by its name."""
    tasks = program.query("sync", cursor=0)["tasks"]
    return next(task["task"] for task in tasks if task["name"] == name)


def test_goals() -> None:
    with Stepped(TWO, settings=FIRST) as program:
        program.stop()
        stop = program.step("created")
        assert stop["did"]["counts"]["created"] == 2
        stop = program.step("tick")
        assert (stop["tick"], stop["position"]) == (3, 0)
        stop = program.step("readyChange")  # The same two tasks are ready in each tick until one ends.
        assert stop["tick"] == 6
        assert stop["next"]["text"] == "gather: one has ended (Task-2)"
        row = program.ready()[1]
        assert row["text"] == "gather: one has ended (Task-3)"
        stop = program.step("callback", handle=row["handle"])
        assert stop["next"]["handle"] == row["handle"]
        stop = program.step("handle")
        program.step("handle")
        timer = program.query("timers", offset=0, limit=9)["rows"][0]
        stop = program.step("timer", handle=timer["handle"])
        assert stop["next"]["text"] == "sleep"
        stop = program.step("ended", task=program_task(program, "Task-1"))
        assert stop["did"]["outcome"] == "finished"
        with pytest.raises(Refused, match="has ended"):
            program.step("task", task=program.messages and 12345)
        program.resume()
        assert program.end()[0] == 0


def test_a_goal_that_cannot_be_reached_any_more_stops_and_says_so() -> None:
    with Stepped(TWO, settings=FIRST) as program:
        program.stop()
        program.step("created")
        task = program_task(program, "Task-2")
        for _ in range(7):
            stop = program.step("task", task=task)
            if stop["text"]:
                break
        assert stop["text"] in ("Task-2 has ended.", "Task-2 is gone.")
        program.resume()
        assert program.end()[0] == 0


IDLE = """
    import asyncio, sys
    async def main():
        loop = asyncio.get_running_loop()
        print("idle", flush=True)
        await asyncio.sleep(600)
    asyncio.run(main())
"""


def test_an_idle_loop_is_woken_and_stops() -> None:
    with Stepped(IDLE) as program:
        program.runs()
        assert program.process.stdout is not None
        assert program.process.stdout.readline() == "idle\n"
        stop = program.pause()
        assert stop["reason"] == "pause"
        assert stop["next"] is None
        assert stop["ready"] == 0
        tick = stop["tick"]
        program.resume()
        stop = program.pause()
        assert stop["tick"] == tick  # Our own wake-up is no tick and no handle.
        assert stop["next"] is None


BUSY = """
    import asyncio, sys, time
    async def spin(n):
        while True:
            end = time.perf_counter() + 0.002
            while time.perf_counter() < end:
                pass
            await asyncio.sleep(0)
    async def main():
        await asyncio.gather(*(spin(n) for n in range(300)))
    asyncio.run(main())
"""


def test_a_tick_with_many_handles_stops_after_the_one_that_runs() -> None:
    with Stepped(BUSY) as program:
        program.runs()
        stop = program.pause()
        while stop["tick"] < 3:
            stop = program.step("tick")
        program.resume()
        stop = program.pause()
        assert stop["next"]["text"].endswith("spin()")
        assert stop["ready"] == 300
        position = stop["position"]
        following = program.step()
        assert (following["tick"], following["position"]) in ((stop["tick"], position + 1), (stop["tick"] + 1, 0))
