"""A loop's clock stands still exactly while the loop is stopped, and only then."""

from __future__ import annotations

import time

from driver import FIRST, Stepped

TIMED = """
    import asyncio, time
    async def quick():
        for _ in range(6):
            await asyncio.sleep(0)
        return "in time"
    async def main():
        loop = asyncio.get_running_loop()
        begun, wall = loop.time(), time.monotonic()
        print(await asyncio.wait_for(quick(), 0.3))
        spent, real = loop.time() - begun, time.monotonic() - wall
        print(spent < 0.25, real > 1.0)
        await asyncio.sleep(0.01)
        print(loop.time() - begun < 0.3)
    asyncio.run(main())
"""


def stand(seconds: float) -> None:
    """Real time that passes while the loop stands: what is tested is that the loop does not notice."""
    time.sleep(seconds)


def test_a_time_out_does_not_fire_because_somebody_looks() -> None:
    with Stepped(TIMED, settings=FIRST) as program:
        program.stop()
        for _ in range(5):
            program.step()
            stand(0.25)
        program.resume()
        assert program.end() == (0, "in time\nTrue True\nTrue\n", "")


def test_with_the_setting_off_time_passes() -> None:
    with Stepped(TIMED, settings={"stopOnFirstTick": True, "freezeClock": False}) as program:
        stop = program.stop()
        assert stop["frozen"] is False
        for _ in range(5):
            program.step()
            stand(0.25)
        program.resume()
        code, _, errors = program.end()
        assert code == 1
        assert "TimeoutError" in errors


def test_the_clock_in_every_stop_and_answer_is_the_loops() -> None:
    with Stepped(TIMED, settings=FIRST) as program:
        stop = program.stop()
        first = program.query("ready", offset=0, limit=1)["time"]
        assert first == stop["time"]
        stand(0.1)
        assert program.query("ready", offset=0, limit=1)["time"] == first
        later = program.step()
        assert later["time"] - first < 0.05
        program.resume()
        assert program.end()[0] == 0
    # What is recorded goes by the same clock, in order.
    times = [fields["time"] for name, fields in program.events if name in ("tick", "start", "tickEnd")]
    assert times == sorted(times)
    assert times[-1] - first < 0.3 < 0.1 + later["wall"] - stop["wall"] + 0.3


STANDING = """
    import asyncio, sys, threading
    from importlib import import_module
    runtime = next(module for name, module in list(sys.modules.items()) if name.endswith(".stepping.clock"))
    base = [100.0]
    clock = runtime.LoopClock(lambda: base[0])
    def check(expected):
        assert abs(clock.time() - expected) < 1e-9, (clock.time(), expected)
    check(100.0)
    clock.hold("line"); base[0] += 60; check(100.0)
    clock.hold("tick"); base[0] += 5; check(100.0)
    clock.release("line"); base[0] += 5; check(100.0)
    clock.release("tick"); check(100.0)
    base[0] += 1; check(101.0)
    clock.release("nobody"); check(101.0)
    clock.hold("line"); base[0] += 3600; clock.release_all(); check(101.0); base[0] += 1; check(102.0)
    assert clock.stood == 3670.0 and not clock.frozen
    print("stood")
"""


def test_sixty_seconds_cost_nothing_whoever_holds_it() -> None:
    with Stepped(STANDING, settings={}) as program:
        code, out, errors = program.end()
        assert (code, out, errors) == (0, "stood\n", "")


OWN_CLOCK = """
    import asyncio
    class Loop(asyncio.SelectorEventLoop):
        def time(self):
            return super().time() * 2
    async def main():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for _ in range(4):
            await asyncio.sleep(0)
        print(loop.time() - begun < 0.25)
        before = loop.time()
        await asyncio.sleep(0.02)
        print(loop.time() - before >= 0.02)
    loop = Loop()
    loop.run_until_complete(main())
    loop.close()
"""


def test_a_clock_of_the_programs_own_stands_too() -> None:
    with Stepped(OWN_CLOCK, settings=FIRST) as program:
        program.stop()
        program.step()
        stand(0.3)
        program.resume()
        assert program.end() == (0, "True\nTrue\n", "")
