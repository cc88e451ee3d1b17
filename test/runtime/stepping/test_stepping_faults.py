"""Whatever goes wrong while a loop is stopped or stepped, the program goes on, its clock runs, and nothing of ours is left."""

from __future__ import annotations

import socket

import pytest
from driver import FIRST, PATIENCE, Refused, Stepped

LEFT = """
    import asyncio, sys
    stock = [asyncio.BaseEventLoop._run_once, asyncio.BaseEventLoop.call_soon, asyncio.BaseEventLoop.call_exception_handler]
    async def w(name):
        for n in range(3):
            await asyncio.sleep(0)
        print(name, flush=True)
    async def main():
        loop = asyncio.get_running_loop()
        names = list(vars(loop))
        await asyncio.gather(w("a"), w("b"))
        before = loop.time()
        await asyncio.sleep(0.05)
        print(loop.time() - before >= 0.05)
        while "_loopscope" in vars(loop):
            await asyncio.sleep(0.01)
        classes = [asyncio.BaseEventLoop._run_once, asyncio.BaseEventLoop.call_soon, asyncio.BaseEventLoop.call_exception_handler]
        print([function.__closure__ for function in classes])
    asyncio.run(main())
"""
LEFT_OUTPUT = "a\nb\nTrue\n[None, None, None]\n"


def hang_up(program: Stepped) -> None:
    """The adapter is gone."""
    program.connection.shutdown(socket.SHUT_RDWR)


def test_the_adapter_goes_while_a_loop_is_stopped() -> None:
    with Stepped(LEFT, settings={**FIRST, "breakOn": [{"kind": "otherThread"}, {"kind": "neverRetrieved"}]}) as program:
        program.stop()
        program.step()
        hang_up(program)
        assert program.end() == (0, LEFT_OUTPUT, "")


def test_the_adapter_goes_while_a_task_is_frozen_and_a_goal_is_far() -> None:
    with Stepped(LEFT, settings=FIRST) as program:
        program.stop()
        program.step()
        task = program.ready()[1]["subject"]
        program.command("task", action="freeze", task=task)
        program.command("step", goal={"kind": "ended", "task": task})  # Never: it is frozen.
        hang_up(program)
        assert program.end() == (0, LEFT_OUTPUT, "")


def test_an_adapter_that_sends_nonsense_is_let_go() -> None:
    with Stepped(LEFT, settings=FIRST) as program:
        program.stop()
        program.connection.sendall(b"\xff\xff\xff\xffJ")
        assert program.end() == (0, LEFT_OUTPUT, "")


HOSTILE = """
    import asyncio
    class Hostile:
        def __repr__(self):
            raise SystemExit("repr")
        __str__ = __hash__ = __repr__
        def __eq__(self, other):
            raise SystemExit("eq")
        def __getattr__(self, name):
            raise SystemExit("getattr " + name)
        def __call__(self, *args):
            print("called", flush=True)
        @property
        def inside(self):
            raise SystemExit("property")
    class Meta(type):
        @property
        def __module__(cls):
            raise SystemExit("module")
        def __instancecheck__(cls, other):
            raise SystemExit("instancecheck")
    async def holds(one, two=[]):
        cls = Meta("Odd", (), {})
        huge = 1 << 100_000
        many = list(range(100_000))
        odd = {one.__class__: one, "self": two}
        odd["odd"] = odd
        await asyncio.Event().wait()
    async def main():
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(holds(Hostile()))
        await asyncio.sleep(0)
        loop.call_soon(Hostile())
        loop.call_later(600, Hostile(), Hostile())
        await asyncio.sleep(0)
        task.cancel()
        print("end")
    asyncio.run(main())
"""


def test_no_line_of_the_program_runs_because_somebody_looks() -> None:
    with Stepped(HOSTILE, settings=FIRST) as program:
        program.stop()
        for _ in range(4):
            stop = program.step()
        program.ready()
        program.query("timers", offset=0, limit=9)
        task = next(task for task in program.query("sync", cursor=0)["tasks"] if task["coroutine"].startswith("holds"))
        rows = program.query("values", task=task["task"], frame=0, path=[], offset=0, limit=200, only="")["rows"]
        texts = {row["name"]: row["text"] for row in rows}
        assert texts["one"] == "<__main__.Hostile>"
        assert texts["huge"] == "<int of 100,001 bits>"
        assert texts["many"] == "[0, 1, 2, 3, 4, 5, … (100,000)]"
        assert texts["odd"].startswith("{<class __main__.Hostile>: <__main__.Hostile>, 'self': [], 'odd': {…}")
        for row in rows:
            inner = program.query("values", task=task["task"], frame=0, path=[row["key"]], offset=0, limit=200, only="")
            assert inner["total"] == row["children"]
            assert len(inner["rows"]) == min(200, inner["total"])
        last = program.query("values", task=task["task"], frame=0, path=["many"], offset=99_999, limit=200, only="")["rows"]
        assert [(row["name"], row["text"]) for row in last] == [("[99999]", "99999")]
        with pytest.raises(Refused, match="look at the stack again"):
            program.query("values", task=task["task"], frame=-1, path=[], offset=0, limit=9, only="")
        assert stop["did"] is not None
        program.resume()
        assert program.end() == (0, "called\nend\n", "")


THREE = r"""
    import asyncio, os, threading
    done = threading.Barrier(3)
    async def main(name):
        for n in range(4):
            await asyncio.sleep(0.001)
        os.write(1, name.encode() + b"\n")  # Whole, whatever the other threads write.
        await asyncio.get_running_loop().run_in_executor(None, done.wait)
    threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n)), name=f"loop-{n}") for n in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_each_loop_is_stopped_and_stepped_alone() -> None:
    with Stepped(THREE, settings={"breakOn": [{"kind": "longQueue", "condition": "0"}]}) as program:
        threads = {program.stop(loop)["threadId"] for loop in (1, 2, 3)}
        assert len(threads) == 3
        program.command("breakOn", loop=0, filters=[])
        first = program.step(loop=2)
        second = program.step(loop=2)
        assert second["tick"] > first["tick"] or second["position"] > first["position"]
        program.resume(loop=2)
        program.resume(loop=3)
        assert program.process.stdout is not None
        ended = {program.process.stdout.readline().strip() for _ in range(2)}
        assert len(ended) == 2  # The two that run; the first still stands.
        program.command("continue", loop=0)
        code, out, errors = program.end()
        assert (code, errors) == (0, "")
        assert {out.strip()} | ended == {"a", "b", "c"}


SIGNAL = """
    import asyncio, signal, os, sys
    async def main():
        await asyncio.sleep(0)
        print("never")
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main())
    except KeyboardInterrupt:
        print("interrupted")
    loop.close()
"""


def test_ctrl_c_ends_a_stop_as_it_ends_a_select() -> None:
    import signal

    with Stepped(SIGNAL, settings=FIRST) as program:
        program.stop()
        program.process.send_signal(signal.SIGINT)
        program.next("resumed")
        program.process.wait(PATIENCE)
        code, out, _ = program.end()
        assert (code, out) == (0, "interrupted\n")


FORK = """
    import asyncio, os, sys
    async def main():
        await asyncio.sleep(0)
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        print(os.waitpid(pid, 0)[1])
    asyncio.run(main())
"""


def test_a_program_that_forks_while_it_is_stepped() -> None:
    with Stepped(FORK, settings=FIRST) as program:
        program.stop()
        for _ in range(3):
            program.step()
        program.resume()
        assert program.end() == (0, "0\n", "")


def test_pausing_again_and_again_loses_no_pause_and_no_handle() -> None:
    program_text = """
        import asyncio, sys
        ran = [0] * 20
        enough = False
        def heard():
            global enough
            enough = sys.stdin.readline() == "enough\\n"
        async def count(n):
            while not enough:
                ran[n] += 1
                await asyncio.sleep(0)
        async def main():
            asyncio.get_running_loop().add_reader(sys.stdin, heard)
            await asyncio.gather(*(count(n) for n in range(20)))
            print(max(ran) - min(ran) <= 1)
        asyncio.run(main())
    """
    with Stepped(program_text) as program:
        program.runs()
        for _ in range(40):
            stop = program.pause()
            assert stop["ready"] >= 1
            assert stop["next"] is not None
            program.resume()
            program.next("resumed")
        program.say("enough")
        assert program.end() == (0, "True\n", "")
