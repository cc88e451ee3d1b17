"""What can go wrong for a program, or be done to it: it then does the same with the runtime in it as without, and the runtime says what
happened.

What a program may do with processes, descriptors and names in the ordinary way is in test_same_program.py; what happens to a session whose
program or editor fails is in test/dap.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from listen import send_message, wire
from watched import HEAD, Outcome, run_plain, run_watched, same

posix = pytest.mark.skipif(os.name != "posix", reason="uses calls of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="these limits are kept by Linux only")


def bye(outcome: Outcome) -> bool:
    """Whether the runtime said that it ends."""
    return any(message["type"] == "bye" for message in outcome.messages)


ENDS = {
    "killed": "os.kill(os.getpid(), 9)",
    "a segmentation fault": "import ctypes; ctypes.string_at(0)",
    "abort": "os.abort()",
    "a segmentation fault in another thread": (
        "import ctypes, threading; threading.Thread(target=ctypes.string_at, args=(0,)).start(); await asyncio.sleep(60)"
    ),
    "no more recursion": "f = lambda: f(); f()",
    "a generator that refuses to end": "await refuses()",
}
CRASH = """
import types
@types.coroutine
def refuses():
    try:
        yield
    finally:
        yield "still here"
async def main():
    tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(5)]
    await asyncio.sleep(0)
    print("before", flush=True)
    await asyncio.sleep(0.05)
    {}
sys.setrecursionlimit(200)
asyncio.run(main())
"""


@posix
@pytest.mark.parametrize("end", ENDS)
def test_a_program_that_dies_dies_as_without_us(end: str, tmp_path: Path) -> None:
    """What happened until shortly before has arrived, although nobody could say goodbye."""
    outcome = same(CRASH.format(ENDS[end]), tmp_path)
    assert outcome.count("taskCreated") >= 6
    assert bye(outcome) == (outcome.code >= 0)


@posix
@pytest.mark.parametrize("program", ["def broken(:\n", "x = '", "\0", "async def f():\n  yield from g()\n", "import nothing_of_the_kind\n"])
def test_a_program_that_cannot_start(program: str, tmp_path: Path) -> None:
    plain = run_plain(program, tmp_path)
    watched = run_watched(program, tmp_path)
    assert watched.seen() == plain.seen()
    assert plain.code == 1 or program == "\0", "which some Pythons run"
    assert bye(watched)


CLOSES_ALL = """
async def child(n):
    await asyncio.sleep(0.001 * n)
async def main():
    await asyncio.gather(*[child(n) for n in range(20)])
asyncio.run(main())
os.closerange(3, 5000)
mine = [os.open(name, os.O_CREAT | os.O_RDWR) for name in map("f{}".format, range(10))]
for n in (240, 241, 242, 243, 1000, 1001, 1002, 1003, 1004, 1005):
    os.dup2(mine[0], n)
asyncio.run(main())
os.fsync(mine[0])
print(mine, [os.stat(name).st_size for name in map("f{}".format, range(10))], os.lseek(1000, 0, 1))
"""


@posix
def test_descriptors_that_are_all_closed_and_used_anew_have_nothing_of_ours(tmp_path: Path) -> None:
    outcome = same(CLOSES_ALL, tmp_path)
    assert outcome.count("taskEnded") >= 21, "what came before is known"


NO_DESCRIPTORS = """
import resource
async def child(n):
    await asyncio.sleep(0.001 * n)
    return n
async def main():
    return sum(await asyncio.gather(*[child(n) for n in range(20)]))
{before}
taken = []
try:
    while True:
        taken.append(os.dup(0))
except OSError as error:
    print(error)
try:
    asyncio.run(main())
except OSError as error:
    print("no loop:", error)
for number in taken:
    os.close(number)
print(asyncio.run(main()))
async def hungry():
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        result = await main()
    try:
        await asyncio.open_connection("127.0.0.1", 1)
    except OSError as error:
        print(error)
    for number in taken:
        os.close(number)
    return result
print(asyncio.run(hungry()))
"""


@linux
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("before", ["", "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))", "asyncio.run(main())"])
def test_a_program_that_runs_out_of_descriptors(before: str, tmp_path: Path) -> None:
    same(NO_DESCRIPTORS.format(before=before), tmp_path)


@linux
@pytest.mark.parametrize("limit", [12, 16, 100])
def test_a_program_that_may_have_few_descriptors_from_the_start(limit: int, tmp_path: Path) -> None:
    start = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit})); "
    (tmp_path / "inner.py").write_text(HEAD + "asyncio.run(asyncio.sleep(0.01))\nprint('ran', os.dup(0))\n")
    program = start + "os.execv(sys.executable, [sys.executable, 'inner.py'])\n"
    env = {"LOOPSCOPE_CHILDREN": "1"}
    plain, watched = run_plain(program, tmp_path, env=env), run_watched(program, tmp_path, env=env)
    if limit == 100:
        assert watched.connections == 2
        assert watched.seen() == plain.seen()
    assert (watched.code, watched.out[:3], watched.err) == (0, b"ran", b"")


NO_MEMORY = """
import resource
async def child(n):
    await asyncio.sleep(0.001 * n)
    return n
async def main():
    print(sum(await asyncio.gather(*[child(n) for n in range(20)])))
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20) + {more}, resource.RLIM_INFINITY))
    hoard = []
    for size in (1 << 24, 1 << 19):
        try:
            while True:
                hoard.append(bytearray(size))
        except MemoryError:
            print("no", size)
    del hoard[-2:]
    for _ in range(100_000):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    hoard.clear()
    print(sum(await asyncio.gather(*[child(n) for n in range(20)])))
asyncio.run(main())
print("ran")
"""


@linux
@pytest.mark.parametrize("level", ["adaptive", "full"])
@pytest.mark.parametrize("reads", [True, False])
def test_a_program_that_runs_out_of_memory(level: str, reads: bool, tmp_path: Path) -> None:
    """One that needs a megabyte at most goes on, also where the adapter does not read what it is sent.

    Where exactly memory ends is tried at several places, since who asks for the last of it is chance.
    """

    def connected(connection: socket.socket) -> bool:
        if not reads:
            send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
            end = select.poll()
            end.register(connection, select.POLLRDHUP)
            end.poll(3000)  # Longer than the program runs: its end is not seen behind what was not read.
        return True

    for more in range(1 << 15, 1 << 19, 1 << 17):
        program = HEAD + NO_MEMORY.replace("{more}", str(more))
        plain = run_plain(program, tmp_path)
        assert plain.err == b"" and plain.out.endswith(b"190\nran\n")
        watched = run_watched(program, tmp_path, level=level, connected=connected)
        assert watched.seen() == plain.seen(), more


CHANGES_USER = """
async def child(n):
    await asyncio.sleep(0.001 * n)
    return n
async def main():
    os.chdir("/")
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        open("/etc/shadow")
    except OSError as error:
        print(error)
    print(os.getcwd(), os.getuid(), sum(await asyncio.gather(*[child(n) for n in range(20)])), flush=True)
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    print(os.waitpid(pid, 0)[1])
asyncio.run(asyncio.sleep(0))
asyncio.run(main())
asyncio.run(asyncio.sleep(0.01))
print("end")
"""


@posix
def test_a_program_that_changes_its_folder_and_its_user(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root may become another user")
    outcome = same(CHANGES_USER, tmp_path, "-W", "ignore")
    assert bye(outcome)
    assert outcome.count("taskCreated") == outcome.count("taskEnded")


FORKS = """
import threading
async def child(n):
    await asyncio.sleep(0.001)
    return n
async def main(start):
    return start + sum(await asyncio.gather(*[child(n) for n in range(5)]))
def forked(code):
    pid = os.fork()
    if pid == 0:
        os._exit(asyncio.run(main(code)))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
async def twice():
    await asyncio.sleep(0.01)
    inner = await asyncio.get_running_loop().run_in_executor(None, forked, 1)
    pid = os.fork()
    if pid == 0:
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(3)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) + 1)
    await asyncio.sleep(0.01)
    return inner, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print([forked(n) for n in range(20)])
print(asyncio.run(twice()))
last = "import asyncio; asyncio.run(asyncio.sleep(0)); raise SystemExit(9)"
pid = os.posix_spawn(sys.executable, [sys.executable, "-c", last], os.environ)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@posix
@pytest.mark.parametrize("follow", ["0", "1"])
def test_a_program_that_forks_and_forks(follow: str, tmp_path: Path) -> None:
    outcome = same(FORKS, tmp_path, "-W", "ignore", env={"LOOPSCOPE_CHILDREN": follow})
    assert outcome.connections == 1 or follow == "1"


NAMES_OF_OURS = (
    "loopscope",
    "_loopscope",
    "sitecustomize",
    "usercustomize",
    "bootstrap",
    "wire",
    "hooks",
    "session",
    "recorder",
    "tick",
    "run",
)


def test_modules_of_the_users_with_every_name_of_ours(tmp_path: Path) -> None:
    for name in NAMES_OF_OURS:
        (tmp_path / (name + ".py")).write_text(f"value = 'mine, {name}'\n")
    imports = "".join(f"import {name}\nprint({name}.value, {name}.__name__)\n" for name in NAMES_OF_OURS if name != "sitecustomize")
    outcome = same("asyncio.run(asyncio.sleep(0))\n" + imports + "asyncio.run(asyncio.sleep(0))\n", tmp_path)
    assert outcome.count("taskEnded") >= 2


def test_modules_that_are_loaded_before_the_program(tmp_path: Path) -> None:
    program = "import sys\nprint(sorted(name for name in sys.modules if not name.startswith('loopscope-')))\n"
    plain = run_plain(program, tmp_path).out.decode()
    watched = run_watched(program, tmp_path).out.decode()
    more = set(eval(watched)) - set(eval(plain))
    assert more <= {"__future__", "_json", "_socket", "atexit", "fcntl"}, "such a module hides one of the program's own"


@pytest.mark.parametrize("own", ["raise RuntimeError('of the site')", "import asyncio; asyncio.run(asyncio.sleep(0))"])
def test_a_sitecustomize_that_does_something(own: str, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(own + "\n")
    env = {"PYTHONPATH": str(folder)}
    program = HEAD + "asyncio.run(asyncio.sleep(0))\nprint('ran')\n"
    assert run_watched(program, tmp_path, env=env).seen() == run_plain(program, tmp_path, env=env).seen()


MANY_LOOPS = """
import gc, resource
async def child():
    return 1
async def main():
    return await asyncio.create_task(child())
def some(count):
    total = 0
    for _ in range(count):
        loop = asyncio.new_event_loop()
        total += loop.run_until_complete(main())
        loop.close()
    gc.collect()
    return total
total = some(1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total += some(9000)
print(total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096)
"""


@linux
def test_ten_thousand_loops_one_after_another(tmp_path: Path) -> None:
    outcome = same(MANY_LOOPS, tmp_path, level="adaptive")
    assert outcome.out == b"10000 True\n", "megabytes that stay are ours"
    closed = [message["loop"] for message in outcome.messages if message["type"] == "loop" and message["what"] == "closed"]
    assert closed == list(range(1, 10_001))
    assert outcome.count("taskCreated") == outcome.count("taskEnded") == 20_000


MANY_AT_ONCE = """
import threading
gate = threading.Barrier(64)
results = []
async def child(n):
    await asyncio.sleep(0.001 * (n % 3))
    return n
async def main(number):
    gate.wait()
    for _ in range(5):
        await asyncio.gather(*[child(n) for n in range(10)])
    gate.wait()
    results.append(number)
threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n))) for n in range(64)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(results) == list(range(64)), threading.active_count())
"""


def test_sixty_four_loops_at_once(tmp_path: Path) -> None:
    outcome = same(MANY_AT_ONCE, tmp_path)
    loops = {message["loop"] for message in outcome.messages if message["type"] == "loop" and message["what"] == "closed"}
    assert len(loops) == 64
    assert outcome.count("taskCreated") == outcome.count("taskEnded") == 64 * (1 + 50 + 2)


JUMPS = """
async def waits(log, delay):
    await asyncio.sleep(delay)
    log.append(delay)
async def busy():
    while True:
        await asyncio.sleep(0)
async def main():
    global shift
    loop = asyncio.get_running_loop()
    log = []
    for jump in ({jumps}):
        background = asyncio.create_task(busy()) if {busy} else None
        tasks = [asyncio.create_task(waits(log, delay)) for delay in (3600.5, 60, 0.005, 7200)]
        await asyncio.sleep(0)  # Their timers are set before that of the next line.
        await asyncio.sleep(0.01)
        print(log)
        shift += jump
        loop.call_soon_threadsafe(int)
        await asyncio.sleep(0.01)
        print(log, round(loop.time() - clock() - shift))
        for task in [*tasks, background]:
            task is None or task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        log.clear()
{setup}
asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["before asyncio", "after asyncio"])
@pytest.mark.parametrize("busy,level", [(True, "adaptive"), (True, "full"), (False, "full")])
def test_a_clock_that_jumps(busy: bool, when: str, level: str, tmp_path: Path) -> None:
    """The loop's clock is patched, as libraries for tests do it: timers fire when the loop's clock says so."""
    patch = "import time\nclock = time.monotonic\nshift = 0.0\ntime.monotonic = lambda: clock() + shift\n"
    program = JUMPS.format(jumps="3600.0, 86400.0 * 400, 61.0", busy=busy, setup=patch if when == "after asyncio" else "")
    program = (patch if when == "before asyncio" else "") + HEAD + program
    plain = run_plain(program, tmp_path)
    assert plain.err == b"" and plain.out.count(b"[0.005]") >= 2
    watched = run_watched(program, tmp_path, level=level)
    assert watched.seen() == plain.seen()


def test_the_time_of_day_jumps(tmp_path: Path) -> None:
    program = """
import time
day = time.time
for jump in (0, 1e9, -1e9, float("inf"), "not a time"):
    time.time = lambda jump=jump: day() + jump if type(jump) is not str else jump
    asyncio.run(asyncio.sleep(0.001))
del time.time
asyncio.run(asyncio.sleep(0.001))
print("ran")
"""
    outcome = same(program, tmp_path)
    assert bye(outcome)


FLOOD = """
import time
async def child(): pass
async def main():
    for _ in range(1_500):
        await asyncio.gather(*[child() for _ in range(50)])
began = time.monotonic()
asyncio.run(main())
open("took", "w").write(str(time.monotonic() - began))
"""


def test_a_slow_adapter_slows_nobody(tmp_path: Path) -> None:
    """It reads so slowly that a program that waited for it would take minutes."""

    def connected(connection: socket.socket) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": "full"})
        while not (tmp_path / "took").exists() and connection.recv(1024):
            time.sleep(0.05)
        return False

    plain = run_plain(HEAD + FLOOD, tmp_path)
    alone = float((tmp_path / "took").read_text())
    (tmp_path / "took").unlink()
    watched = run_watched(HEAD + FLOOD, tmp_path, connected=connected)
    assert watched.seen() == plain.seen()
    assert float((tmp_path / "took").read_text()) < 5 + 5 * alone


@posix
def test_a_stopped_program_goes_on(tmp_path: Path) -> None:
    """Ctrl+Z and `fg`: the wait for a timer goes on, and what is seen is the same."""
    program = """
import signal, subprocess, time
async def main():
    waker = subprocess.Popen([sys.executable, "-S", "-c", f"import os, time; time.sleep(0.3); os.kill({os.getpid()}, 18)"])
    timer = asyncio.get_running_loop().call_later(0.1, print, "timer")
    os.kill(os.getpid(), signal.SIGSTOP)
    await asyncio.sleep(0.2)
    print("went on", waker.wait())
asyncio.run(main())
"""
    assert signal.SIGCONT == 18 or sys.platform != "linux"
    same(program, tmp_path)
