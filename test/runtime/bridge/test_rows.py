"""Tasks beside threads while debugpy holds the loop's thread: names, await chains, variables, and nothing left of them afterwards."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from debuggee import RUNTIME, Debuggee, marked

sys.path.insert(0, str(RUNTIME))

SERVER = """
import asyncio

class Quiet:
    def __repr__(self):
        raise SystemError("nobody calls this")

async def inner(number):
    value = number * 10
    await event.wait()  # inner
    print("woken", value)

async def handler(number):
    secret = "s%d" % number
    await inner(number)  # handler

async def main():
    global event
    event = asyncio.Event()
    tasks = [asyncio.create_task(handler(n), name="h%d" % n) for n in range(3)]
    await asyncio.sleep(0)
    here = 1  # stop
    event.set()
    await asyncio.gather(*tasks)
    again = 2  # again

asyncio.run(main())
"""


def rows_of(debuggee: Debuggee) -> dict[str, Any]:
    """What the bridge told last."""
    return [event["body"] for event in debuggee.events if event["event"] == "loopscope/bridge"][-1]


def test_tasks_are_threads_with_their_await_chains(tmp_path: Path) -> None:
    with Debuggee(SERVER, tmp_path, breakpoints=[marked(SERVER, "stop"), marked(SERVER, "again")]) as debuggee:
        stop = debuggee.stopped()
        threads = debuggee.threads()
        assert list(threads) == ["MainThread", "Task-1 · main", "h0 · handler", "h1 · handler", "h2 · handler"]
        chain = [(frame["name"], frame["line"]) for frame in debuggee.stack(threads["h1 · handler"])]
        assert chain == [("inner", marked(SERVER, "inner")), ("handler", marked(SERVER, "handler"))]
        running = [(frame["name"], frame["line"]) for frame in debuggee.stack(threads["Task-1 · main"])]
        assert running == [("main", marked(SERVER, "stop"))]
        told = rows_of(debuggee)
        assert [row["threadId"] for row in told["rows"]] == [threads[name] for name in list(threads)[1:]]
        assert told["threadId"] == stop["threadId"] and told["loop"] == 1 and told["more"] == 0 and told["stop"] is None
        debuggee.request("continue", threadId=stop["threadId"])
        debuggee.stopped()
        assert list(debuggee.threads()) == ["MainThread", "Task-1 · main"]
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.err == b""


def test_variables_of_a_suspended_task_are_read_set_and_evaluated(tmp_path: Path) -> None:
    with Debuggee(SERVER, tmp_path, breakpoints=[marked(SERVER, "stop")]) as debuggee:
        stop = debuggee.stopped()
        inner, handler = debuggee.stack(debuggee.threads()["h2 · handler"])
        assert debuggee.locals(handler["id"])["secret"] == "'s2'"
        assert debuggee.locals(inner["id"])["value"] == "20"
        assert debuggee.evaluate("value + number", inner["id"])["body"]["result"] == "22"
        assert debuggee.evaluate("secret", handler["id"], "watch")["body"]["result"] == "'s2'"
        scope = debuggee.request("scopes", frameId=inner["id"])["scopes"][0]["variablesReference"]
        debuggee.request("setVariable", variablesReference=scope, name="value", value="-1")
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert b"woken -1" in debuggee.out


def test_frames_and_variables_of_a_stop_are_gone_at_the_next(tmp_path: Path) -> None:
    with Debuggee(SERVER, tmp_path, breakpoints=[marked(SERVER, "stop"), marked(SERVER, "again")]) as debuggee:
        stop = debuggee.stopped()
        frame = debuggee.stack(debuggee.threads()["h0 · handler"])[0]["id"]
        scope = debuggee.request("scopes", frameId=frame)["scopes"][0]["variablesReference"]
        debuggee.request("continue", threadId=stop["threadId"])
        debuggee.stopped()
        for number in (
            debuggee.send("variables", variablesReference=scope),
            debuggee.send("evaluate", expression="value", frameId=frame, context="repl"),
        ):
            answer = debuggee.response(number)
            assert not answer["success"] or not answer["body"].get("variables"), answer


STEPPED = """
import asyncio

async def waiter():
    await event.wait()

async def short():
    pass

async def main():
    global event
    event = asyncio.Event()
    waiters = [asyncio.create_task(waiter(), name="w%d" % n) for n in range(2)]
    await asyncio.sleep(0)
    ends = asyncio.create_task(short(), name="ends")
    here = 1  # stop
    await asyncio.sleep(0)
    here = 2
    comes = asyncio.create_task(waiter(), name="comes")
    here = 3
    print("runs", flush=True)
    await asyncio.sleep(0.5)
    here = 4  # again
    event.set()

asyncio.run(main())
"""


def test_a_row_that_stays_is_not_taken_back_at_each_step(tmp_path: Path) -> None:
    with Debuggee(STEPPED, tmp_path, breakpoints=[marked(STEPPED, "stop"), marked(STEPPED, "again")]) as debuggee:
        names: dict[int, str] = {}

        def stopped() -> tuple[int, list[tuple[str, str]]]:
            """At the next stop: its thread, and which rows the client was told of since the last."""
            before = len(debuggee.events)
            thread = debuggee.stopped()["threadId"]
            names.update({number: name.split(" ")[0] for name, number in debuggee.threads().items()})
            since = [event["body"] for event in debuggee.events[seen[0] :] if event["event"] == "thread"]
            seen[0] = max(before, len(debuggee.events))
            return thread, [(body["reason"], names.get(body["threadId"], "?")) for body in since if body["threadId"] in names]

        seen = [0]
        thread, told = stopped()
        assert sorted(told)[-4:] == [("started", "Task-1"), ("started", "ends"), ("started", "w0"), ("started", "w1")]
        expected: list[list[tuple[str, str]]] = [
            [],  # To the await.
            [("exited", "ends")],  # Over it.
            [],
            [("started", "comes")],
        ]
        for rows in expected:
            debuggee.request("next", threadId=thread)
            thread, told = stopped()
            assert told == rows
        debuggee.request("continue", threadId=thread)
        # It runs for longer than a person who steps would wait.
        thread, told = stopped()
        rows = {"Task-1", "w0", "w1", "comes"}
        assert sorted(told) == sorted([(reason, name) for reason in ("exited", "started") for name in rows])
        assert [reason for reason, _ in told] == ["exited"] * 4 + ["started"] * 4
        debuggee.request("continue", threadId=thread)
        assert debuggee.finish() == 0
        assert debuggee.err == b""


MANY = """
import asyncio, weakref

class Held:
    pass

async def waiter(held):
    await asyncio.sleep(3600)

async def main():
    held = Held()
    tasks = [asyncio.create_task(waiter(held)) for n in range(500)]
    await asyncio.sleep(0)
    seen = weakref.ref(held)
    del held
    here = 1  # stop
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    del tasks, task
    await asyncio.sleep(0)
    print("collected", seen() is None)

asyncio.run(main())
"""


def test_many_tasks_are_capped_and_pinned_ones_come_first(tmp_path: Path) -> None:
    with Debuggee(MANY, tmp_path, breakpoints=[marked(MANY, "stop")]) as debuggee:
        stop = debuggee.stopped()
        told = rows_of(debuggee)
        assert len(told["rows"]) == 100 and told["more"] == 401
        names = list(debuggee.threads())
        assert names[1:4] == ["Task-1 · main", "Task-2 · waiter", "Task-3 · waiter"] and names[-1] == "401 more"
        assert debuggee.stack(told["moreThreadId"]) == []
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        assert debuggee.out == b"collected True\n"
        assert debuggee.err == b""


THREADS = """
import asyncio, threading

async def main():
    await asyncio.sleep(0.05)
    here = 1  # stop
    print(sorted(thread.name for thread in threading.enumerate()))

asyncio.run(main())
threading.Thread(target=lambda: print(threading.current_thread().name.split(" ")[0])).start()
"""


def test_the_runtimes_thread_is_not_shown_and_goes_on(tmp_path: Path) -> None:
    with Debuggee(THREADS, tmp_path, breakpoints=[marked(THREADS, "stop")]) as debuggee:
        stop = debuggee.stopped()
        assert list(debuggee.threads()) == ["MainThread", "Task-1 · main"]
        answer = debuggee.command("stepping", freezeClock=True, stopOnFirstTick=False)
        assert answer["ok"], "the runtime answers while the program is stopped"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        out = debuggee.out
    with Debuggee(THREADS, tmp_path, runtime=False) as debuggee:
        assert debuggee.finish() == 0
        assert out == debuggee.out and out.startswith(b"['MainThread']")


VERY_MANY = """
import asyncio

async def waits(event):
    await event.wait()

async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(waits(event)) for _ in range(3000)]
    await asyncio.sleep(0)
    here = 1  # first
    for task in tasks[:350]:
        task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    here = 2  # second
    tasks += [asyncio.create_task(waits(event)) for _ in range(2)]
    here = 3  # third
    event.set()

asyncio.run(main())
"""


def test_of_very_many_tasks_the_oldest_that_live_have_rows(tmp_path: Path) -> None:
    marks = [marked(VERY_MANY, mark) for mark in ("first", "second", "third")]
    with Debuggee(VERY_MANY, tmp_path, breakpoints=marks) as debuggee:
        for first, more in ((2, "2,901 more"), (352, "2,551 more"), (352, "about 2,55")):  # The last is counted by what is recorded.
            stop = debuggee.stopped()
            names = list(debuggee.threads())
            assert names[1:4] == ["Task-1 · main", f"Task-{first} · waits", f"Task-{first + 1} · waits"]
            assert names[-1].startswith(more), names[-1]
            debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0


def test_a_stop_among_very_many_tasks_looks_at_few_of_them() -> None:
    from loopscope.bridge import rows

    looked = 0
    stock = rows.is_live_on

    def is_live_on(task: Any, loop: Any) -> bool:
        nonlocal looked
        looked += 1
        return stock(task, loop)

    async def waits(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> list[int]:
        nonlocal looked
        event = asyncio.Event()
        tasks = [asyncio.ensure_future(waits(event)) for _ in range(5_000)]
        await asyncio.sleep(0)
        loop, counts = asyncio.get_running_loop(), []
        made = rows.Rows.__new__(rows.Rows)
        made.pinned, made.most, made._kept = [], 100, {}  # pyright: ignore[reportPrivateUsage]
        for _ in range(3):
            looked = 0
            chosen, more, _ = made._choose(loop, asyncio.current_task(), 5_001, 1)  # pyright: ignore[reportPrivateUsage]
            assert (len(chosen), more) == (100, 4_901)
            counts.append(looked)
        event.set()
        await asyncio.gather(*tasks)
        return counts

    rows.is_live_on = is_live_on
    try:
        first, second, third = asyncio.run(main())
    finally:
        rows.is_live_on = stock
    assert first > 5_000 and second == third <= 2 * rows.FEW
