"""What a loop stops at by itself: each filter with its condition, and what its hook leaves behind: nothing."""

from __future__ import annotations

import pytest
from driver import Stepped


def on(kind: str, condition: str = "") -> dict:
    """Settings with one filter."""
    return {"breakOn": [{"kind": kind, "condition": condition}]}


SLOW = """
    import asyncio, time
    def work(seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(work, 0.001)
        await asyncio.sleep(0.01)
        loop.call_soon(work, 0.3)
        loop.call_soon(work, 0.001)
        await asyncio.sleep(0.01)
        print("end")
    asyncio.run(main())
"""


@pytest.mark.parametrize("condition", ["200", "200 ms", " 2e2 "])
def test_a_slow_handle(condition: str) -> None:
    with Stepped(SLOW, settings=on("slowHandle", condition)) as program:
        stop = program.stop()
        assert (stop["reason"], stop["kind"]) == ("break", "slowHandle")
        assert stop["text"].startswith("work() took 3")
        assert stop["text"].endswith("more than 200 ms.")
        assert stop["next"]["text"] == "work()"  # The one after it.
        program.resume()
        assert program.end() == (0, "end\n", "")


def test_a_slow_tick() -> None:
    with Stepped(SLOW, settings=on("slowTick", "250")) as program:
        stop = program.stop()
        assert stop["kind"] == "slowTick"
        assert stop["text"].startswith(f"Tick {stop['tick'] - 1} took ")
        assert stop["position"] == 0
        assert stop["next"]["text"] == "sleep"  # It became due meanwhile.
        program.resume()
        assert program.end() == (0, "end\n", "")


QUEUE = """
    import asyncio
    async def one():
        await asyncio.sleep(0)
    async def main():
        for count in (5, 30, 6):
            await asyncio.gather(*(one() for _ in range(count)))
        print("end")
    asyncio.run(main())
"""


def test_a_long_queue() -> None:
    with Stepped(QUEUE, settings=on("longQueue", "29")) as program:
        stop = program.stop()
        assert stop["kind"] == "longQueue"
        assert stop["position"] == 0
        assert stop["ready"] == 30
        assert stop["text"] == "30 callbacks are ready, more than 29."
        assert program.command("breakOn", loop=0, filters=[]) == {"errors": []}
        program.resume()
        assert program.end() == (0, "end\n", "")


LOST = """
    import asyncio, gc, sys, io
    async def forever(event):
        await event.wait()
    async def fail():
        raise ValueError("nobody looks")
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: print(context["message"]))
        task = loop.create_task(forever(asyncio.Event()), name="lost")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()
        await asyncio.sleep(0)
        loop.create_task(fail(), name="fails")
        await asyncio.sleep(0)
        gc.collect()
        await asyncio.sleep(0)
        print("end")
    asyncio.run(main())
"""
LOST_OUTPUT = "Task was destroyed but it is pending!\nTask exception was never retrieved\nend\n"


def test_a_task_that_is_destroyed_pending() -> None:
    with Stepped(LOST, settings=on("destroyedPending", "LOST")) as program:
        stop = program.stop()
        assert stop["kind"] == "destroyedPending"
        assert stop["text"] == "lost forever() was destroyed while it was pending."
        assert stop["next"]["text"] == "Task-1 · main()"
        program.resume()
        assert program.end() == (0, LOST_OUTPUT, "")


def test_an_exception_that_nobody_retrieves() -> None:
    with Stepped(LOST, settings=on("neverRetrieved", "valueerror")) as program:
        stop = program.stop()
        assert stop["kind"] == "neverRetrieved"
        assert stop["text"] == "The ValueError of fails was never retrieved: nobody looks"
        program.resume()
        assert program.end() == (0, LOST_OUTPUT, "")


def test_a_condition_that_does_not_match_stops_nothing() -> None:
    for kind in ("destroyedPending", "neverRetrieved", "loopCreated", "otherThread"):
        with Stepped(LOST, settings=on(kind, "no such thing")) as program:
            assert program.end() == (0, LOST_OUTPUT, "")
            assert not [message for message in program.messages if message["type"] == "stopped"]


LIVES = """
    import asyncio
    async def forever():
        await asyncio.Event().wait()
    loop = asyncio.new_event_loop()
    task = loop.create_task(forever())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    print(loop.is_closed())
    task._log_destroy_pending = False
"""


def test_a_loop_that_is_created() -> None:
    with Stepped(LIVES, settings=on("loopCreated", "selector")) as program:
        stop = program.stop()
        assert stop["kind"] == "loopCreated"
        assert stop["text"] == "A loop was made in MainThread."
        assert stop["next"] is None
        program.resume()
        assert program.end() == (0, "True\n", "")


def test_a_loop_that_is_closed_with_tasks_pending() -> None:
    with Stepped(LIVES, settings=on("closedPending")) as program:
        stop = program.stop()
        assert stop["kind"] == "closedPending"
        assert stop["text"] == "The loop is closed while a task is pending."
        assert [task["coroutine"].split("\t")[0] for task in program.query("sync", cursor=0)["tasks"]] == ["forever"]
        program.resume()
        assert program.end() == (0, "True\n", "")
    with Stepped(LIVES, settings=on("closedPending", "2")) as program:
        assert program.end() == (0, "True\n", "")


THREADS = """
    import asyncio, threading
    async def main():
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        def wrong():
            loop.call_soon(print, "called")
            loop.call_soon_threadsafe(done.set)
        thread = threading.Thread(target=wrong, name="Offender")
        thread.start()
        await done.wait()
        thread.join()
        print("end")
    asyncio.run(main())
"""


def test_call_soon_from_another_thread() -> None:
    with Stepped(THREADS, settings=on("otherThread", "offend")) as program:
        stop = program.stop()
        assert stop["kind"] == "otherThread"
        assert stop["text"].startswith("call_soon was called from Offender by <string>:7")
        assert stop["text"].endswith(": use call_soon_threadsafe.")
        program.resume()
        assert program.end() == (0, "called\nend\n", "")


def test_conditions_that_mean_nothing_are_answered_with_a_sentence() -> None:
    with Stepped(QUEUE, settings={"stopOnFirstTick": True}) as program:
        program.stop()
        filters = [
            {"kind": "slowTick", "condition": "fast"},
            {"kind": "longQueue", "condition": "2.5"},
            {"kind": "slowHandle", "condition": "-1"},
            {"kind": "longQueue", "condition": "nan"},
            {"kind": "sideways", "condition": ""},
            {"kind": "otherThread", "condition": "("},
        ]
        errors = program.command("breakOn", loop=0, filters=filters)["errors"]
        assert [bool(error) for error in errors] == [True, True, True, True, True, False]
        assert errors[0] == "'fast' is no number of milliseconds: write one like 100, or nothing for 100."
        program.resume()
        assert program.end() == (0, "end\n", "")
