"""What is recorded, against what the program itself knows: creations, ends, executor calls, drops, and letting go."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from listen import environment, read_exactly, read_frames, send_message, wire
from recording import record

TREE = """
    import asyncio, json, random
    totals = {"created": 0, "finished": 0, "failed": 0, "cancelled": 0}
    tree = random.Random(SEED)

    async def node(depth):
        way = tree.random()
        if way < 0.2:
            await asyncio.sleep(tree.choice([0, 0.001]))
        children = [spawn(node(depth - 1)) for _ in range(tree.randrange(5))] if depth else []
        if children and way > 0.8:
            tree.choice(children).cancel()
        await asyncio.gather(*children, return_exceptions=True)
        if way > 0.9:
            raise ValueError(way)

    def spawn(coroutine):
        totals["created"] += 1
        task = asyncio.get_running_loop().create_task(coroutine)
        task.add_done_callback(ended)
        return task

    def ended(task):
        totals["cancelled" if task.cancelled() else "failed" if task.exception() else "finished"] += 1

    async def main():
        for _ in range(ROUNDS):
            await asyncio.gather(*[spawn(node(4)) for _ in range(3)], return_exceptions=True)
        print(json.dumps(totals))

    asyncio.run(main())
"""


@pytest.mark.parametrize("level", ["adaptive", "full"])
@pytest.mark.parametrize("seed,rounds", [(1, 1), (2, 1), (3, 40)])
def test_every_creation_and_end_arrives_once(level: str, seed: int, rounds: int) -> None:
    recording = record(TREE.replace("SEED", str(seed)).replace("ROUNDS", str(rounds)), level)
    totals = json.loads(recording.output)
    created = [event for event in recording.named("taskCreated") if recording.coroutine(event) == "node"]
    assert len(created) == totals["created"]
    live: set[int] = set()
    ends: Counter[int] = Counter()
    nodes: set[int] = set()
    for name, event in recording.events:
        if name == "taskCreated":
            assert event["task"] not in live, "two live tasks at one address"
            live.add(event["task"])
            if recording.coroutine(event) == "node":
                nodes.add(event["task"])
        elif name == "taskEnded":
            assert event["task"] in live, "an end without a creation"
            live.discard(event["task"])
            if event["task"] in nodes:
                nodes.discard(event["task"])
                ends[event["outcome"]] += 1
    assert not live
    assert ends == Counter({1: totals["finished"], 2: totals["failed"], 3: totals["cancelled"]}) - Counter()
    assert [header["sequence"] for header in recording.headers] == list(range(1, len(recording.headers) + 1))
    assert not any(header["dropped"] for header in recording.headers)


def test_counted_steps_and_handles_are_those_that_ran() -> None:
    recording = record("""
        import asyncio
        async def main():
            for _ in range(20_000):
                await asyncio.sleep(0)
        asyncio.run(main())
    """)
    counts = recording.named("counts")
    assert counts, "twenty thousand handles were never counted"
    assert recording.steps == 20_001 + sum(recording.coroutine(event) != "main" for event in recording.named("taskCreated"))
    assert max(header["tick"] for header in recording.headers) >= 20_001


@pytest.mark.parametrize("ends", ["by itself", "by sys.exit"])
def test_built_in_methods_among_counted_handles_are_no_steps(ends: str) -> None:
    recording = record(f"""
        import asyncio, os, sys
        async def main():
            loop = asyncio.get_running_loop()
            errors = []
            loop.set_exception_handler(lambda loop, context: errors.append(context["exception"]))
            for _ in range(5_000):
                await asyncio.sleep(0)
            seen = []
            assert not loop._loopscope.listing
            for number in range(300):
                future = loop.create_future()
                loop.call_soon(seen.append, number)
                loop.call_soon(seen.insert, 0, number)  # Two arguments.
                loop.call_soon(seen.remove, "not there")
                loop.call_soon(future.set_result, None)
                await future
            assert not loop._loopscope.listing
            assert len(seen) == 600 and len(errors) == 300, (len(seen), len(errors))
            assert all(type(error) is ValueError and error.__context__ is None for error in errors)
            if {ends == "by sys.exit"}:
                loop.call_soon({{}}.get, "x")
                loop.call_soon(sys.exit, 3)
                await asyncio.sleep(0)
        asyncio.run(main())
    """)
    assert recording.exit_code == (0 if ends == "by itself" else 3), recording.errors
    others = sum(recording.coroutine(event) != "main" for event in recording.named("taskCreated"))
    assert recording.steps == 5_000 + 1 + 300 + others + (ends == "by sys.exit")
    handles = sum(event["handles"] for event in recording.named("counts")) + len(recording.named("start"))
    assert handles - recording.steps >= 4 * 300


def test_handles_that_were_counted_are_told_of_though_single_ones_are_listed_since() -> None:
    recording = record("""
        import asyncio, time
        async def crowd(blocks):
            for turn in range(100):
                await asyncio.sleep(0)
                if blocks and turn == 50:
                    for _ in range(2):  # Batches in the middle of a tick, as the reader's thread sends them: of no handles, it seems.
                        time.sleep(0.3)
                        asyncio.get_running_loop()._loopscope.flush()
        async def main():
            await asyncio.gather(*[crowd(number == 250) for number in range(500)])
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    assert any(not before["listing"] and after["listing"] for before, after in zip(recording.headers, recording.headers[1:]))
    others = sum(recording.coroutine(event) != "crowd" for event in recording.named("taskCreated"))
    assert recording.steps == 500 * 101 + 2 + others - 1  # The main task's two, and one of what asyncio.run() makes at the end.
    assert recording.waits == 500 * 100 + 1


@pytest.mark.parametrize("begins", [True, False])
def test_a_step_ends_as_it_began_though_a_batch_changes_what_is_listed_meanwhile(begins: bool) -> None:
    recording = record(f"""
        import asyncio
        def change(listing):
            asyncio.get_running_loop()._loopscope.set_listing(listing)
        async def child(turns):
            for _ in range(turns):
                change({not begins})
                asyncio.get_running_loop().call_soon(change, {begins})
                await asyncio.sleep(0)
            change({not begins})
        async def main():
            for _ in range(20):
                change({begins})
                await asyncio.create_task(child(20))
        loop = asyncio.new_event_loop()
        loop.set_debug(True)  # In which each handle begins and ends by itself, as where handles are all that is seen.
        loop.run_until_complete(main())
        loop.close()
    """)
    assert recording.exit_code == 0, recording.errors
    assert (recording.steps, recording.waits) == (20 * 21 + 21, 20 * 20 + 20)


def test_parents_and_names() -> None:
    recording = record("""
        import asyncio
        async def child(): await asyncio.sleep(0)
        async def main():
            await asyncio.gather(child(), asyncio.create_task(child(), name="one"), asyncio.create_task(child(), name="x" * 1_000_000))
            await asyncio.create_task(child(), name="sur\\udc80rogate")
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    main, *children = (event for event in recording.named("taskCreated") if recording.coroutine(event) in ("main", "child"))
    assert main["parent"] == 0
    assert {child["parent"] for child in children} == {main["task"]}
    # Before 3.13 asyncio names a task after it has made it (Lib/asyncio/tasks.py, create_task).
    given = {event["task"]: event["name"] for event in (*recording.named("taskCreated"), *recording.named("taskNamed"))}
    names = [recording.strings[-given[child["task"]]] for child in children if given[child["task"]] < 0]
    assert "one" in names and "sur\udc80rogate" in names
    assert next(len(name) for name in names if set(name) == {"x"}) <= 1000
    assert sorted(event["name"] for event in (main, *children) if given[event["task"]] > 0) == [1, 2] or sys.version_info < (3, 13)


def test_what_a_loop_does_beside_tasks() -> None:
    recording = record("""
        import asyncio, sys
        def work(): pass
        async def numbers():
            yield 1
        async def main():
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, work)
            async for _ in numbers(): pass
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
            await process.wait()
            timer = loop.call_later(60, work)
            timer.cancel()
            await asyncio.sleep(0.05)
        asyncio.run(main())
    """)
    assert recording.exit_code == 0, recording.errors
    started, ended = (event for event in recording.named("executor") if recording.strings[event["function"]].startswith("work"))
    assert (started["what"], ended["what"]) == (1, 2) and started["future"] == ended["future"]
    assert recording.strings[recording.named("asyncGenerator")[0]["generator"]].startswith("numbers\t")
    begun, exited = recording.named("childProcess")
    assert (begun["what"], exited["what"], exited["status"]) == (1, 2, 3) and begun["pid"] == exited["pid"] > 0
    timers: dict[int, str] = {}
    cancelled: list[str] = []
    for name, event in recording.events:  # In order: an address may be another timer's later.
        if name == "timerSet":
            timers[event["handle"]] = recording.strings[-event["subject"]] if event["subject"] < 0 else "a task"
        elif name == "timerCancelled":
            cancelled.append(timers.pop(event["handle"]).split("\t")[0])
    assert "work" in cancelled


def test_life_of_a_loop() -> None:
    recording = record("""
        import asyncio
        async def main(): pass
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
        del loop
    """)
    life = [message for message in recording.messages if message["type"] == "loop"]
    assert [message["what"] for message in life] == ["created", "runs", "stopped", "closed", "collected"]
    assert [message["site"] and message["site"]["line"] for message in life] == [4, 5, None, 6, None]
    assert life[1]["call"] == "run_until_complete"
    assert recording.messages[-1]["type"] == "bye"


def test_a_busy_loop_is_answered_for() -> None:
    recording = record(
        """
        import asyncio, time
        async def main(): time.sleep(2)
        asyncio.run(main())
        """,
        queries=({"query": "ready", "offset": 0, "limit": 5},),
    )
    kinds = [(message["type"], message.get("what")) for message in recording.messages]
    assert ("answer", None) in kinds
    assert kinds.index(("answer", None)) < kinds.index(("loop", "stopped")), "the answer came after the handle that blocked"


FLOOD = """
    import asyncio, sys
    async def child(): pass
    async def main():
        for _ in range(4_000):
            await asyncio.gather(*[child() for _ in range(50)])
        print("done", flush=True)
        end = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline))
        while not end.done():
            await asyncio.sleep(0.01)
    asyncio.run(main())
"""


def test_an_adapter_that_does_not_read_slows_nobody_and_drops_are_counted() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FLOOD)],
        env=environment(server.getsockname()[1]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    connection = server.accept()[0]
    send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": "full"})
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == "done\n"  # Nothing has been read until here.
    dropped = 0
    for kind, payload in read_frames(connection):
        if kind == wire.FRAME_EVENTS:
            dropped = payload[wire.BATCH_HEADER.index("dropped")]
            if dropped:
                break
    assert dropped > 0
    process.communicate("\n", timeout=30)
    assert process.returncode == 0
    connection.close()
    server.close()


def test_the_adapter_goes_and_the_hooks_are_let_go() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    program = """
        import asyncio, time
        from asyncio import base_events
        ours = base_events.BaseEventLoop._run_once
        async def main():
            print("ready", flush=True)
            end = time.monotonic() + 20
            while base_events.BaseEventLoop._run_once is ours and time.monotonic() < end:
                await asyncio.sleep(0.001)
            print(base_events.BaseEventLoop._run_once is ours, hasattr(asyncio.get_running_loop(), "_loopscope"), flush=True)
            await asyncio.gather(*[asyncio.sleep(0.001) for _ in range(10)])
            print("end", flush=True)
        asyncio.run(main())
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment(server.getsockname()[1]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    connection = server.accept()[0]
    read_exactly(connection, 100)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    connection.close()
    output, errors = process.communicate(timeout=40)
    server.close()
    assert (output, errors, process.returncode) == ("False False\nend\n", "", 0)


def test_functions_that_stand_in_use_no_names_of_ours() -> None:
    """They have the globals of what they replace: a name of ours would fail, perhaps in a branch that is hardly ever taken."""
    program = """
        import builtins, dis, sys
        import asyncio
        found = []
        classes = {asyncio.events.Handle, *asyncio.SelectorEventLoop.__mro__}
        for owner in classes:
            for name, function in vars(owner).items():
                if getattr(function, "__closure__", None) and function.__code__.co_freevars != ("__class__",):
                    found.append(name)
                    for instruction in dis.get_instructions(function):
                        if instruction.opname == "LOAD_GLOBAL" and not hasattr(builtins, instruction.argval):
                            print(name, instruction.argval)
        print(len(found) > 8)
    """
    assert record(program).output == "True\n"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.run handles Ctrl+C from 3.11 on")
def test_what_ctrl_c_cancels_is_not_said_to_be_cancelled_by_the_task_that_it_interrupts() -> None:
    recording = record("""
        import asyncio, os, signal
        async def sleeper():
            await asyncio.sleep(60)
        async def interrupted():
            await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
        async def main():
            await asyncio.gather(sleeper(), interrupted())
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("stopped")
    """)
    assert recording.output == "stopped\n", recording.errors
    tasks = {recording.coroutine(event): event["task"] for event in recording.named("taskCreated")}
    (cancelled,) = (event for event in recording.named("taskCancelled") if event["task"] == tasks["sleeper"])
    file, _, function = recording.strings[cancelled["site"]].split("\t")
    assert (cancelled["by"], Path(file).name, function) == (0, "runners.py", "Runner._on_sigint")


CANCELS = """
    import asyncio, sys, time
    BUSY
    async def waits(): await asyncio.sleep(60)
    async def outer(inner): await inner
    async def cancels(task):
        task.cancel()
    async def main():
        loop = asyncio.get_running_loop()
        end = time.monotonic() + 0.3
        while BUSY and time.monotonic() < end:
            await asyncio.sleep(0)
        alone = asyncio.create_task(waits(), name="alone")
        inner = asyncio.create_task(waits(), name="inner")
        middle = asyncio.create_task(outer(inner), name="middle")
        top = asyncio.create_task(outer(middle), name="top")
        propagates = asyncio.create_task(waits(), name="propagates")
        above = asyncio.create_task(outer(propagates), name="above")
        for _ in range(5): await asyncio.sleep(0)
        loop.call_soon(alone.cancel)
        await asyncio.create_task(cancels(top), name="canceller")
        propagates.cancel()
        print(*[id(task) for task in (alone, inner, middle, top, propagates, above, asyncio.current_task())])
        ends = await asyncio.gather(alone, inner, middle, top, propagates, above, return_exceptions=True)
        print([type(end).__name__ for end in ends] == ["CancelledError"] * 6)
    asyncio.run(main())
"""


@pytest.mark.parametrize("level", ["adaptive", "counting", "full", "uvloop"])
def test_who_cancelled_a_task_and_where(level: str) -> None:
    program = CANCELS.replace("BUSY", str(level == "counting"))
    if level == "uvloop":
        pytest.importorskip("uvloop")
        program = program.replace("import asyncio,", "import uvloop, asyncio,").replace("asyncio.run(main())", "uvloop.run(main())")
    recording = record(program, "full" if level == "full" else "adaptive")
    assert recording.exit_code == 0, recording.errors
    addresses, all_cancelled = recording.output.splitlines()
    assert all_cancelled == "True"
    alone, inner, middle, top, propagates, above, main = map(int, addresses.split())
    if level == "counting":
        assert recording.headers[-1]["listing"] == 0 or any(header["listing"] == 0 for header in recording.headers)
    told = {event["task"]: event for event in recording.named("taskCancelled")}
    canceller = next(event["task"] for event in recording.named("taskCreated") if recording.coroutine(event) == "cancels")

    def line(task: int) -> int:
        site = told[task]["site"]
        return int(recording.strings[site].split("\t")[1]) if site else 0

    assert (told[alone]["by"], line(alone)) == (0, 0)
    assert (told[inner]["by"], line(inner)) == (canceller, 7)
    if sys.version_info >= (3, 11):  # From there on a task says that it has been asked to end.
        assert [(told[task]["by"], line(task)) for task in (middle, top)] == [(canceller, 7)] * 2
    assert (told[propagates]["by"], line(propagates)) == (main, 22)
    assert (told[above]["by"], line(above)) == (propagates, 0)
    assert len(recording.named("taskCancelled")) == 6
