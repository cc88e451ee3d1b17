"""Tasks that a library starts at once by calling `asyncio.Task(…, eager_start=True)` itself: all of them are seen, and the name
`asyncio.Task` still does what it did."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from recording import needs_eager_tasks, record
from watched import run_plain, run_watched

SERVER = """
    import asyncio, gc
    from aiohttp import ClientSession, web
    calls = 0
    async def quick(request):
        global calls
        calls += 1
        return web.Response(text="quick")
    async def slow(request):
        global calls
        calls += 1
        await asyncio.sleep(0)
        return web.Response(text="slow")
    async def main():
        app = web.Application()
        app.router.add_get("/quick", quick)
        app.router.add_get("/slow", slow)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        async with ClientSession() as session:
            async def client():
                for path in ("quick", "slow") * 40:
                    async with session.get(f"http://127.0.0.1:{port}/{path}") as response:
                        assert await response.text() == path
            await asyncio.gather(*[client() for _ in range(5)])
        await runner.cleanup()
        print(calls)
    asyncio.run(main())
"""


@pytest.mark.parametrize("level", ["adaptive", "full"])
def test_every_handler_task_of_an_aiohttp_server_is_seen(level: str) -> None:
    recording = record(SERVER, level)
    assert recording.exit_code == 0, recording.errors
    assert recording.output == "400\n"
    made = Counter(recording.coroutine(event) for event in recording.named("taskCreated"))
    assert made["RequestHandler._handle_request"] == 400
    assert made["RequestHandler.start"] == 5
    live: set[int] = set()
    for name, event in recording.events:
        if name == "taskCreated":
            assert event["task"] not in live, "two live tasks at one address"
            live.add(event["task"])
        elif name == "taskEnded":
            assert event["task"] in live, "an end without a creation"
            live.discard(event["task"])
    assert not live


DIRECT = """
    import asyncio
    async def inner(): pass
    async def quick(): asyncio.create_task(inner())
    async def waits(): await asyncio.sleep(0.001)
    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.Task(waits(), loop=loop, eager_start=True)
        for _ in range(3):
            await asyncio.Task(quick(), loop=loop, eager_start=True)
        await asyncio.Task(waits(), loop=loop, eager_start=True)
        await asyncio.Task(waits(), loop=loop)
    asyncio.run(main())
"""


@needs_eager_tasks
@pytest.mark.parametrize("level", ["adaptive", "full"])
def test_eager_tasks_that_a_program_makes_itself_are_seen_from_the_second_on(level: str) -> None:
    recording = record(DIRECT, level)
    assert recording.exit_code == 0, recording.errors
    made = [event for event in recording.named("taskCreated") if recording.coroutine(event) in ("main", "quick", "waits", "inner")]
    names = Counter(map(recording.coroutine, made))
    assert (names["quick"], names["inner"]) == (3, 3)
    assert names["waits"] >= (3 if sys.version_info < (3, 14) else 2)
    main = made[0]["task"]
    assert {event["parent"] for event in made if recording.coroutine(event) in ("quick", "waits")} == {main}
    quick = [event["task"] for event in made if recording.coroutine(event) == "quick"]
    assert [event["parent"] for event in made if recording.coroutine(event) == "inner"] == quick
    sites = {recording.strings[event["site"]].split("\t")[1] for event in made if recording.coroutine(event) == "quick" and event["site"]}
    assert sites == {"10"}


BUSY = """
    import asyncio
    async def quick(): pass
    async def waits(): await asyncio.sleep(0)
    async def fails(): raise ValueError("as wanted")
    async def gives_up(): raise asyncio.CancelledError
    async def inner(): pass
    async def makes(): asyncio.create_task(inner())
    async def starts(): START(quick())
    async def main():
        loop = asyncio.get_running_loop()
        asyncio.Task(quick(), loop=loop, eager_start=True)  # The first only shows that there are such tasks: it is seen late.
        for _ in range(300):
            made = [START(make()) for _ in range(4) for make in (quick, waits, fails, gives_up, makes, starts)]
            await asyncio.gather(*made, return_exceptions=True)
    asyncio.run(main())
"""
OUTCOMES = {"quick": 1, "waits": 1, "fails": 2, "gives_up": 3, "inner": 1, "makes": 1, "starts": 1}


@needs_eager_tasks
@pytest.mark.parametrize("level", ["adaptive", "full"])
@pytest.mark.parametrize(
    "start", ["asyncio.Task({}, loop=asyncio.get_running_loop(), eager_start=True)", "asyncio.create_task({}, eager_start=True)"]
)
def test_whatever_becomes_of_a_task_of_a_busy_program_it_is_told_once(start: str, level: str) -> None:
    if "create_task" in start and sys.version_info < (3, 14):
        pytest.skip("create_task takes eager_start from 3.14 on")
    definition = "    def START(coroutine): return " + start.format("coroutine") + "\n    async def main"
    recording = record(BUSY.replace("    async def main", definition), level)
    assert recording.exit_code == 0, recording.errors
    live: dict[int, dict[str, int]] = {}
    made: Counter[str] = Counter()
    ended: Counter[tuple[str, int]] = Counter()
    parents: set[tuple[str, str]] = set()
    for name, event in recording.events:
        if name == "taskCreated":
            assert event["task"] not in live, "two live tasks at one address"
            live[event["task"]] = event
            coroutine = recording.coroutine(event)
            made[coroutine] += 1
            if event["parent"]:
                parents.add((recording.coroutine(live[event["parent"]]), coroutine))
        elif name == "taskEnded":
            ended[recording.coroutine(live.pop(event["task"])), event["outcome"]] += 1
    assert not live
    assert made["quick"] in (2400, 2401)
    assert {made[name] for name in OUTCOMES if name != "quick"} == {1200}
    assert {key: ended[key] for key in ended if key[0] in OUTCOMES} == {(name, OUTCOMES[name]): made[name] for name in OUTCOMES}
    assert parents >= {("makes", "inner"), ("starts", "quick"), *(("main", name) for name in OUTCOMES if name != "inner")}
    assert recording.waits == 1200 + 300


FACTORY = """
    import asyncio
    async def side(): pass
    async def inner(): pass
    async def outer(): await asyncio.create_task(inner())
    def factory(loop, coroutine, **more):
        asyncio.Task(side(), loop=loop)
        return asyncio.Task(coroutine, loop=loop, eager_start=True, **more)
    async def main():
        asyncio.get_running_loop().set_task_factory(factory)
        await asyncio.create_task(outer())
        await asyncio.sleep(0)
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.version_info < (3, 14), reason="up to 3.13 what a factory makes beside such a task is not told of")
def test_what_a_factory_makes_beside_the_task_that_it_starts_comes_after_the_task_that_asked_it_to() -> None:
    recording = record(FACTORY, "full")
    assert recording.exit_code == 0, recording.errors
    made = [event for event in recording.named("taskCreated") if recording.coroutine(event) in ("main", "outer", "inner", "side")]
    # After main() asyncio.run() makes tasks of its own, by the factory too.
    assert [recording.coroutine(event) for event in made[:5]] == ["main", "side", "outer", "side", "inner"]
    main, _, outer, _, inner = (event["task"] for event in made[:5])
    assert [event["parent"] for event in made[1:5]] == [main, main, outer, outer]
    assert {main, outer, inner} <= {event["task"] for event in recording.named("taskEnded")}


SAME = """
import abc, asyncio, copy, functools, inspect, pickle, typing, warnings
async def nothing(): pass
async def warns(): warnings.warn("here", stacklevel=2)
async def main():
    loop = asyncio.get_running_loop()
    for _ in range(2):
        await asyncio.Task(nothing(), loop=loop, eager_start=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await asyncio.Task(warns(), loop=loop, eager_start=True)
    print([(warning.filename.split("/")[-1], warning.lineno) for warning in caught])
    task = asyncio.current_task()
    Task = asyncio.Task
    print(Task, Task.__name__, Task.__module__, Task.__qualname__, Task is asyncio.tasks.Task, Task == type(task), type(task) == Task, hash(Task) == hash(type(task)))
    print(isinstance(task, Task), isinstance(loop.create_future(), Task), isinstance(Task, type), inspect.isclass(Task), issubclass(Task, asyncio.Future), issubclass(Task, Task))
    print(Task.__mro__, Task.__bases__, Task[int], Task | None, typing.Optional[Task], typing.get_args(typing.Union[Task, type(task)]))
    print(pickle.loads(pickle.dumps(Task)) is Task, copy.copy(Task) is Task, copy.deepcopy(Task) is Task, sorted(vars(Task)) == sorted(vars(type(task))), dir(Task) == dir(type(task)))
    class Mine(Task):
        def __init__(self, *args, mark, **kwargs):
            super().__init__(*args, **kwargs)
            self.mark = mark
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def further(self): ...
    class Both(Task, Abstract):
        def further(self): return 1
    print(Mine.__mro__, type(Mine), issubclass(Mine, Task), [base.__name__ for base in Both.__mro__], type(Both))
    mine, both = Mine(nothing(), loop=loop, mark=3), Both(nothing(), loop=loop)
    print(mine.mark, isinstance(mine, Task), isinstance(both, Task), both.further())
    await asyncio.gather(mine, both)
    @functools.singledispatch
    def kind(what): return "other"
    kind.register(Task, lambda what: "task")
    print(kind(task), kind(mine), kind(1))
    match task:
        case asyncio.Task(): print("matched")
    for wrong in (lambda: Task(1), lambda: Task(), lambda: setattr(Task, "x", 1), lambda: Task.nothing):
        try: wrong()
        except Exception as error: print(type(error).__name__, error)
asyncio.run(main())
"""  # noqa: E501


@needs_eager_tasks
def test_the_name_does_what_it_did(tmp_path: Path) -> None:
    plain = run_plain(SAME, tmp_path)
    watched = run_watched(SAME, tmp_path)
    assert plain.code == 0, plain.err
    assert watched.seen() == plain.seen()
    assert watched.connections == 1


@needs_eager_tasks
def test_the_name_is_put_back_and_never_replaced_where_nobody_needs_it() -> None:
    recording = record("""
        import asyncio
        async def main():
            asyncio.get_running_loop().is_running()
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            await asyncio.gather(asyncio.create_task(asyncio.sleep(0)))
        before = asyncio.Task
        asyncio.run(main())
        print(before is asyncio.Task is asyncio.tasks._CTask, type(asyncio.Task) is type)
    """)
    assert recording.output == "True True\n", recording.errors
