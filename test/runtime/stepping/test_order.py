"""What a person changes in the order of a stopped loop happens, is marked and is told; the rest stays as it was."""

from __future__ import annotations

import pytest
from driver import FIRST, Refused, Stepped

FOUR = """
    import asyncio
    def call(name):
        print(name)
    async def task(name):
        print(name, "begins")
        try:
            await asyncio.sleep(0)
            print(name, "ends")
        except asyncio.CancelledError:
            print(name, "cancelled")
            raise
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(call, "one")
        loop.call_soon(call, "two")
        tasks = [asyncio.create_task(task(name), name=name) for name in ("a", "b")]
        loop.call_later(600, call, "late")
        await asyncio.wait(tasks)
    asyncio.run(main())
"""


def begin(program: Stepped) -> list[dict]:
    """Steps until what main has made is ready."""
    program.stop()
    program.step()
    rows = program.ready()
    assert [row["text"] for row in rows] == ["call()", "call()", "a · task()", "b · task()"]
    return rows


def test_first_and_hold_and_release() -> None:
    with Stepped(FOUR, settings=FIRST) as program:
        one, two, a, b = begin(program)
        assert program.command("order", action="first", handle=b["handle"]) == {"text": "b · task() was moved first."}
        assert program.command("order", action="hold", handle=one["handle"]) == {"text": "call() is held back."}
        rows = program.ready()
        assert [row["handle"] for row in rows] == [b["handle"], two["handle"], a["handle"], one["handle"]]
        assert [row["mark"] for row in rows] == ["moved first", "", "", "held back"]
        stop = program.step()
        assert stop["changes"] == ["b · task() was moved first.", "call() is held back."]
        assert stop["next"]["handle"] == two["handle"]
        assert stop["tick"] == 2
        stop = program.step("tick")
        assert program.command("order", action="release", handle=one["handle"])["text"].startswith("call() was released")
        program.resume()
        assert program.end() == (0, "b begins\ntwo\na begins\nb ends\na ends\none\n", "")


def test_a_timer_is_fired_now_and_a_callback_is_cancelled() -> None:
    with Stepped(FOUR, settings=FIRST) as program:
        _, two, _, _ = begin(program)
        late = program.query("timers", offset=0, limit=9)["rows"][0]
        assert "fired before it was due" in program.command("order", action="fire", handle=late["handle"])["text"]
        assert program.command("order", action="cancel", handle=two["handle"]) == {"text": "call() was cancelled."}
        assert program.ready()[-1]["mark"] == "fired early"
        assert program.query("timers", offset=0, limit=9)["total"] == 0
        program.resume()
        assert program.end() == (0, "one\na begins\nb begins\nlate\na ends\nb ends\n", "")


def test_to_cancel_the_step_of_a_task_cancels_the_task() -> None:
    with Stepped(FOUR, settings=FIRST) as program:
        _, _, a, _ = begin(program)
        program.step("task", task=a["subject"])
        program.step()
        row = next(row for row in program.ready() if row["text"] == "a · task()")
        assert program.command("order", action="cancel", handle=row["handle"]) == {"text": "a is being cancelled."}
        program.resume()
        assert program.end() == (0, "one\ntwo\na begins\nb begins\na cancelled\nb ends\n", "")


def test_a_frozen_task_does_not_run_until_it_is_thawed() -> None:
    with Stepped(FOUR, settings=FIRST) as program:
        _, _, a, _ = begin(program)
        text = program.command("task", action="freeze", task=a["subject"])["text"]
        assert text == "a is frozen: it does not run until it is thawed."
        assert [row["mark"] for row in program.ready()] == ["", "", "", "held back"]
        with pytest.raises(Refused, match="thaw the task"):
            program.command("order", action="release", handle=a["handle"])
        stop = program.step("ended")
        assert stop["did"]["ran"]["text"] == "b · task()"
        while stop["next"] is not None:
            stop = program.step()
        # It would sleep now: what main waits for is frozen.
        program.resume()
        # While it runs, and sleeps.
        assert program.command("task", action="thaw", task=a["subject"])["text"].startswith("a was thawed")
        assert program.end() == (0, "one\ntwo\nb begins\nb ends\na begins\na ends\n", "")


def test_a_loop_that_stops_thaws_its_tasks() -> None:
    with Stepped(FOUR.replace("await asyncio.wait(tasks)", "await tasks[1]"), settings=FIRST) as program:
        _, _, a, _ = begin(program)
        program.command("task", action="freeze", task=a["subject"])
        program.resume()
        # asyncio.run cancels what is left, and waits for it.
        assert program.end() == (0, "one\ntwo\nb begins\nb ends\n", "")


def test_what_cannot_be_done_is_answered_with_a_sentence() -> None:
    with Stepped(FOUR, settings=FIRST) as program:
        one, _, a, _ = begin(program)
        with pytest.raises(Refused, match="has run or was cancelled"):
            program.command("order", action="first", handle=4711)
        with pytest.raises(Refused, match="ready queue already"):
            program.command("order", action="fire", handle=one["handle"])
        with pytest.raises(Refused, match="There is no goal 'sideways'"):
            program.step("sideways")
        with pytest.raises(Refused, match="a is not frozen"):
            program.command("task", action="thaw", task=a["subject"])
        with pytest.raises(Refused, match="That loop is gone"):
            program.command("pause", loop=99)
        program.resume()
        assert program.end()[0] == 0
