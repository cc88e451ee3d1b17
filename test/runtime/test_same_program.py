"""A program does the same with the runtime in it as without: its output, byte for byte, and its exit code."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from watched import HEAD, run_plain, run_watched, same

PROGRAMS = {
    "names, arguments and paths": """
async def main():
    tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(3)]
    print([task.get_name() for task in tasks], asyncio.current_task().get_name())
    await asyncio.gather(*tasks)
print(sys.argv[1:], sys.path, __name__, __file__, sys.flags)
print(sorted(name for name in os.environ if "LOOPSCOPE" in name), "PYTHONPATH" in os.environ)
asyncio.run(main())
""",
    "an exception leaves the program": """
async def inner(number):
    await asyncio.sleep(0)
    raise ValueError(number)
async def main():
    await asyncio.gather(inner(1), inner(2))
asyncio.run(main())
""",
    "an exception is never retrieved": """
import gc
async def fail():
    raise KeyError("lost")
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()
    print("collected")
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
asyncio.run(main())
""",
    "a task is destroyed while it is pending": """
import gc
gc.disable()  # When it would run by itself, and so which of a cycle it clears first, depends on how much was made before.
async def wait():
    await asyncio.get_running_loop().create_future()
async def main():
    asyncio.create_task(wait(), name="forgotten")
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
""",
    "a coroutine is never awaited": """
async def main():
    asyncio.sleep(1)
    print("done")
asyncio.run(main())
""",
    "the order of everything": """
log = []
async def worker(name, queue, lock):
    for step in range(3):
        log.append((name, step))
        await queue.put(name)
        async with lock:
            await asyncio.sleep(0)
async def main():
    loop = asyncio.get_running_loop()
    queue, lock = asyncio.Queue(2), asyncio.Lock()
    loop.call_soon(log.append, "soon")
    loop.call_soon_threadsafe(log.append, "threadsafe")
    loop.call_soon(log.append, "cancelled").cancel()
    workers = [asyncio.create_task(worker(f"w{n}", queue, lock)) for n in range(4)]
    for _ in range(12):
        log.append(await queue.get())
    await asyncio.gather(*workers)
    base = loop.time()
    for delay in (0.03, 0.01, 0.02, 0.01):
        loop.call_at(base + delay, log.append, delay)
    await asyncio.sleep(0.05)
asyncio.run(main())
for entry in log:
    print(entry)
""",
    "cancellation and timeouts": """
async def stubborn():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cancelled once")
        await asyncio.sleep(0)
        raise
async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    print(await asyncio.gather(task, return_exceptions=True))
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        print("timed out")
    done, pending = await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0)), asyncio.ensure_future(asyncio.sleep(60))], timeout=0.01)
    print(len(done), len(pending))
asyncio.run(main())
""",
    "a stack as the program prints it": """
import traceback
async def main():
    traceback.print_stack()
    asyncio.get_running_loop().call_soon(traceback.print_stack)
    await asyncio.sleep(0)
    asyncio.current_task().print_stack()
asyncio.run(main())
""",
    "sys.exit in a task": "async def main():\n    await asyncio.sleep(0)\n    sys.exit(7)\nasyncio.run(main())\n",
    "os._exit": "async def main():\n    print('x', flush=True)\n    os._exit(5)\nasyncio.run(main())\n",
    "a signal's default": """
import signal
async def main():
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(10)
asyncio.run(main())
""",
    "Ctrl+C": """
import signal
async def main():
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.sleep(10)
asyncio.run(main())
""",
    "no asyncio at all": "print(1)\n",
    "an exception at import": "raise ImportError('mine')\n",
    "loops, one after the other": """
for number in range(300):
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(asyncio.sleep(0, number)) == number
    loop.close()
print("done")
""",
    "loops in threads": """
import threading
results = []
async def work(number):
    asyncio.get_running_loop().slow_callback_duration = 60
    await asyncio.gather(*[asyncio.sleep(0.001) for _ in range(50)])
    results.append(number)
threads = [threading.Thread(target=lambda n=n: asyncio.run(work(n))) for n in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(results), threading.active_count(), len(threading.enumerate()))
""",
    "names that are surrogates or huge": """
async def main():
    for name in ("\\udc80\\ud800", "n" * 1_000_000, "a\\tb\\nc", ""):
        task = asyncio.create_task(asyncio.sleep(0), name=name)
        await task
        assert task.get_name() == name
    print("done")
asyncio.run(main())
""",
    "a task-like and a mock loop": """
from unittest import mock
loop = mock.Mock(spec=asyncio.AbstractEventLoop)
future = asyncio.Future(loop=loop)
print(future.get_loop() is loop)
class Like:
    def __getattr__(self, name):
        raise RuntimeError("touched " + name)
register = getattr(asyncio, "_register_task", None) or asyncio.tasks._register_task
register(Like())
print("done")
""",
    "what sockets bring": """
import socket
class Own(asyncio.SelectorEventLoop):
    def _add_callback(self, handle):
        log.append("own")
        super()._add_callback(handle)
log = []
async def exchange(busy):
    loop = asyncio.get_running_loop()
    one, two = socket.socketpair()
    one.setblocking(False); two.setblocking(False)
    spinning = True
    async def spin():
        while spinning:
            await asyncio.sleep(0)
    spinner = loop.create_task(spin()) if busy else None
    for number in range(200):
        received = loop.create_task(loop.sock_recv(two, 100))
        await asyncio.sleep(0)
        await loop.sock_sendall(one, b"%d" % number)
        log.append(await received)
    spinning = False
    both = loop.create_future()
    loop.add_reader(two, lambda: log.append(("read", two.recv(9))))
    loop.add_writer(two, lambda: log.append("written") or loop.remove_writer(two))
    loop.call_later(0.01, both.set_result, None)
    one.send(b"both")
    await both
    key = loop._selector.get_key(two)
    key.data[0].cancel()
    one.send(b"nobody reads")
    await asyncio.sleep(0.01)
    log.append(loop.remove_reader(two))
    closed = loop.create_future()
    loop.add_reader(two, lambda: closed.done() or closed.set_result(two.recv(99)))
    one.close()
    log.append(await closed)
    log.append(loop.remove_reader(two))
    two.close()
async def strange(data):
    loop = asyncio.get_running_loop()
    one, two = socket.socketpair()
    loop._selector.register(two, 1, data)
    one.send(b"x")
    await asyncio.sleep(0.01)
for make in (asyncio.SelectorEventLoop, Own):
    for busy in (False, True):
        loop = make()
        loop.run_until_complete(exchange(busy))
        loop.close()
print(log)
if sys.platform != "win32":
    import traceback, warnings
    warnings.simplefilter("ignore")
    for data in (None, (None, None, None), 7):
        loop = asyncio.SelectorEventLoop()
        try:
            loop.run_until_complete(strange(data))
        except (TypeError, ValueError):
            traceback.print_exc()
""",
    "a subclass of Task and a task factory": """
class Own(asyncio.Task):
    def __eq__(self, other):
        raise RuntimeError("compared")
    __hash__ = asyncio.Task.__hash__
def factory(loop, coro, **kwargs):
    return Own(coro, loop=loop, **kwargs)
async def main():
    asyncio.get_running_loop().set_task_factory(factory)
    task = asyncio.create_task(asyncio.sleep(0, "result"))
    print(type(task).__name__, await task)
asyncio.run(main())
""",
    "objects die when they did": """
import weakref
class Thing: pass
async def hold(thing):
    await asyncio.sleep(0)
async def main():
    thing = Thing()
    watch = weakref.ref(thing)
    task = asyncio.create_task(hold(thing))
    asyncio.get_running_loop().call_soon(lambda t=thing: None)
    del thing
    await task
    del task
    await asyncio.sleep(0)
    print(watch() is None)
asyncio.run(main())
""",
}

POSIX_PROGRAMS = {
    "fork": """
import warnings
warnings.simplefilter("ignore")
async def main(text):
    await asyncio.sleep(0)
    print(text, flush=True)
asyncio.run(main("before"))
pid = os.fork()
if pid == 0:
    asyncio.run(main("child"))
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
asyncio.run(main("parent"))
""",
    "fork in a running loop": """
import warnings
warnings.simplefilter("ignore")
async def main():
    pid = os.fork()
    if pid == 0:
        print("child", flush=True)
        os._exit(4)
    await asyncio.sleep(0.01)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
asyncio.run(main())
""",
    "all descriptors are closed": """
async def main():
    await asyncio.sleep(0)
    print("ran", flush=True)
os.closerange(3, 256)
asyncio.run(main())
asyncio.run(main())
""",
    "descriptor numbers": "print(os.dup(0), os.open('/dev/null', os.O_RDONLY))\n",
    "another folder, another program": """
async def main():
    await asyncio.sleep(0)
asyncio.run(main())
os.chdir("/")
os.execv(sys.executable, [sys.executable, "-c", "import asyncio; asyncio.run(asyncio.sleep(0)); print('second')"])
""",
    "a child process": """
async def main():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import os; print(sorted(n for n in os.environ if 'LOOPSCOPE' in n))", stdout=-1)
    print(await process.communicate(), process.returncode)
asyncio.run(main())
""",
}

MULTIPROCESSING = """
import multiprocessing
async def double(number):
    await asyncio.sleep(0)
    return 2 * number
def work(number):
    return asyncio.run(double(number))
if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(pool.map(work, range(5)))
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_output_and_exit_code(name: str, tmp_path: Path) -> None:
    same(PROGRAMS[name], tmp_path)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in ("names, arguments and paths",)])
def test_same_in_development_mode(name: str, tmp_path: Path) -> None:
    same(PROGRAMS[name], tmp_path, "-X", "dev")


@pytest.mark.skipif(os.name != "posix", reason="these programs use calls of POSIX")
@pytest.mark.parametrize("name", POSIX_PROGRAMS)
def test_same_on_posix(name: str, tmp_path: Path) -> None:
    same(POSIX_PROGRAMS[name], tmp_path)


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"] if os.name == "posix" else ["spawn"])
def test_same_with_multiprocessing(method: str, tmp_path: Path) -> None:
    same(MULTIPROCESSING.replace("{method!r}", repr(method)), tmp_path)


def test_children_connect_when_they_are_followed(tmp_path: Path) -> None:
    outcome = run_watched(HEAD + MULTIPROCESSING.replace("{method!r}", "'spawn'"), tmp_path, env={"LOOPSCOPE_CHILDREN": "1"})
    assert outcome.code == 0 and outcome.out == b"[0, 2, 4, 6, 8]\n"
    processes = {message["pid"] for message in outcome.messages if message["type"] == "hello"}
    assert len(processes) >= 3, "the parent and two workers"


def test_asyncio_that_is_imported_by_its_own_c_code(tmp_path: Path) -> None:
    """Which it does in the middle of its own beginning, before its types can be used: to make a task then ended the process."""
    program = """
import _asyncio
import asyncio
async def main():
    print(await asyncio.gather(asyncio.sleep(0, 1), asyncio.create_task(asyncio.sleep(0, 2), name="two")), asyncio.Task is _asyncio.Task)
asyncio.run(main())
"""
    watched = run_watched(program, tmp_path, level="full")
    assert watched.seen() == run_plain(program, tmp_path).seen()
    assert watched.connections == 1


def test_switched_off_by_the_environment(tmp_path: Path) -> None:
    outcome = run_watched(HEAD + PROGRAMS["the order of everything"], tmp_path, env={"LOOPSCOPE_DISABLE": "1"})
    assert outcome.code == 0
    assert outcome.connections == 0


def test_a_sitecustomize_of_its_own_is_run(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import sys; sys.own_was_here = __file__\n")
    program = HEAD + "print(sys.own_was_here, sys.modules['sitecustomize'].__file__)\nasyncio.run(asyncio.sleep(0))\n"
    env = {"PYTHONPATH": str(own)}
    watched = run_watched(program, tmp_path, env=env)
    assert watched.seen() == run_plain(program, tmp_path, env=env).seen()
    assert watched.count("taskEnded") >= 1


def test_a_module_of_the_users_with_our_name(tmp_path: Path) -> None:
    (tmp_path / "loopscope.py").write_text("value = 'mine'\n")
    program = HEAD + "import loopscope\nprint(loopscope.value)\nasyncio.run(asyncio.sleep(0))\n"
    watched = run_watched(program, tmp_path)
    assert watched.seen() == run_plain(program, tmp_path).seen() == (0, b"mine\n", b"")
    assert watched.count("taskEnded") >= 1


LONG = """
async def child():
    await asyncio.sleep(0)
async def main():
    for _ in range(400):
        await asyncio.gather(*[asyncio.create_task(child()) for _ in range(25)])
    print("done")
asyncio.run(main())
print(sorted(name for name in vars(asyncio.BaseEventLoop) if "loopscope" in name))
"""


@pytest.mark.parametrize("fault", ["closed at once", "closed after the hello", "garbage", "a huge length", "never read"])
def test_a_bad_adapter_does_no_harm(fault: str, tmp_path: Path) -> None:
    held: list[socket.socket] = []

    def connected(connection: socket.socket) -> bool:
        if fault == "closed after the hello":
            connection.recv(1000)
        elif fault == "garbage":
            connection.sendall(b"\xff" * 1000)
            return True
        elif fault == "a huge length":
            connection.sendall(b"\xff\xff\xff\xffJ{}")
            return True
        elif fault == "never read":
            held.append(connection.dup())
        return False

    program = HEAD + LONG
    plain = run_plain(program, tmp_path)
    for _ in range(3 if fault == "closed at once" else 1):  # Before the program has imported asyncio, or after.
        watched = run_watched(program, tmp_path, connected=connected)
        assert watched.seen() == plain.seen()
    for connection in held:
        connection.close()


@pytest.mark.parametrize("level", ["adaptive", "full"])
def test_what_arrives_is_all_that_happened(level: str, tmp_path: Path) -> None:
    outcome = run_watched(HEAD + LONG, tmp_path, level=level)
    assert outcome.code == 0
    created = outcome.count("taskCreated")
    assert created == outcome.count("taskEnded")
    assert created == 400 * 25 + 1 + 2, "the children, main, and asyncio.run()'s two at the end"
    dropped = [message for message in outcome.messages if message["type"] == "log" and "drop" in message["text"].lower()]
    assert dropped == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
def test_eager_tasks(tmp_path: Path) -> None:
    program = """
async def quick():
    return 1
async def slow():
    await asyncio.sleep(0)
    return 2
async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    print(await asyncio.gather(asyncio.create_task(quick()), asyncio.create_task(slow())))
asyncio.run(main())
"""
    outcome = same(program, tmp_path)
    assert outcome.count("taskCreated") == outcome.count("taskEnded") == 1 + 2 + 2


def test_anyio(tmp_path: Path) -> None:
    pytest.importorskip("anyio")
    program = """
import anyio
async def child(n):
    await anyio.sleep(0.001 * n)
    print(n)
async def main():
    async with anyio.create_task_group() as group:
        for n in range(3):
            group.start_soon(child, n)
    with anyio.move_on_after(0.01):
        await anyio.sleep(60)
anyio.run(main)
"""
    outcome = same(program, tmp_path)
    assert outcome.count("taskCreated") == outcome.count("taskEnded") >= 4
