"""Tries our replacements out on a private loop, beside the originals, where the originals are not known: same order, times, exceptions.

Both loops run the same small program and write down what they did; nothing of it reaches the adapter or the user's program: the loops are
of classes of their own, are never set as current, and tasks get names so that no Task-N is used up. Takes about 10 ms.
"""

from __future__ import annotations

import asyncio
import contextvars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Log = list[object]

TIMERS_TO_CANCEL = 150
"""More than the loop keeps before it prunes its heap (base_events._MIN_SCHEDULED_TIMER_HANDLES, CPython 3.9 to 3.15: 100)."""

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("loopscope_selftest", default="outside")


def difference(replacements: dict[str, Any]) -> str:
    """What the replacements do otherwise than the originals, as a few words; '' if nothing was found.

    `replacements`: functions by name, as they would be put on `BaseEventLoop`.
    """
    base: Any = asyncio.SelectorEventLoop
    stock: Any = type("SelfTestLoop", (base,), {})
    ours: Any = type("SelfTestLoop", (base,), dict(replacements))
    for debug in (False, True):
        for part in (_order, _timers, _exceptions, _tasks, _stops, _handles, _after_close):
            expected = _run(part, stock, debug)
            seen = _run(part, ours, debug)
            if expected != seen:
                return f"{part.__name__[1:].replace('_', ' ')}: {_first_difference(expected, seen)}"
    return ""


def _first_difference(expected: Log, seen: Log) -> str:
    for left, right in zip(expected, seen):
        if left != right:
            return f"{right} where asyncio's own gives {left}"
    return f"{len(seen)} steps where asyncio's own makes {len(expected)}"


def _run(part: Callable[[Any, Log], None], loop_class: Any, debug: bool) -> Log:
    log: Log = []
    try:
        loop = loop_class()
        try:
            loop.set_debug(debug)
            loop.slow_callback_duration = 60.0

            def handler(_: Any, context: dict[str, Any]) -> None:
                log.append(_describe(context))

            loop.set_exception_handler(handler)
            part(loop, log)
        finally:
            loop.close()
    except Exception as error:
        log.append(f"raised {type(error).__name__}: {error}")
    return log


def _describe(context: dict[str, Any]) -> tuple[object, ...]:
    error = context.get("exception")
    return ("handler", str(context.get("message")).partition(" <")[0], type(error).__name__, str(error), sorted(context))


def _order(loop: Any, log: Log) -> None:
    def parent(name: str) -> None:
        log.append((name, _variable.get()))
        if len(name) < 3:
            loop.call_soon(parent, name + "1")
            loop.call_soon(parent, name + "2").cancel()
            loop.call_soon(parent, name + "3", context=context)

    context = contextvars.copy_context()
    context.run(_variable.set, "inside")
    loop.call_soon(parent, "a")
    loop.call_soon(parent, "b", context=context)
    loop.call_soon_threadsafe(parent, "c")
    _stop_after(loop, 6)
    loop.run_forever()


def _stop_after(loop: Any, ticks: int) -> None:
    if ticks:
        loop.call_soon(_stop_after, loop, ticks - 1)
    else:
        loop.stop()


def _timers(loop: Any, log: Log) -> None:
    now = loop.time()

    def due(name: str, when: float) -> None:
        log.append((name, loop.time() >= when - loop._clock_resolution))

    loop.call_at(now, log.append, "at once")
    for delay in (0.003, 0.001, 0.002):
        loop.call_at(now + delay, due, str(delay), now + delay)
    for index in range(3):
        loop.call_at(now + 0.002, log.append, ("together", index))
    for timer in [loop.call_later(60.0, log.append, "never") for _ in range(TIMERS_TO_CANCEL)]:
        timer.cancel()
    loop.call_at(now + 0.004, loop.stop)
    log.append(("heap", len(loop._scheduled), loop._timer_cancelled_count))
    loop.run_forever()
    log.append(("heap", len(loop._scheduled), loop._timer_cancelled_count))


def _exceptions(loop: Any, log: Log) -> None:
    def fail() -> None:
        raise ValueError("from a callback")

    def leave() -> None:
        raise SystemExit(3)

    loop.call_soon(fail)
    loop.call_soon(log.append, "after the failure")
    loop.call_soon(leave)
    loop.call_soon(log.append, "after the exit")
    try:
        loop.run_forever()
    except SystemExit as error:
        log.append(("exit", error.code))
    loop.call_soon(loop.stop)
    loop.run_forever()


def _tasks(loop: Any, log: Log) -> None:
    async def child(name: str, future: Any) -> str:
        try:
            for step in range(3):
                log.append((name, step))
                await asyncio.sleep(0)
            return await future
        except asyncio.CancelledError:
            log.append((name, "cancelled"))
            raise

    async def main() -> str:
        futures = [loop.create_future() for _ in range(3)]
        children = [loop.create_task(child(f"child {index}", future), name=f"child {index}") for index, future in enumerate(futures)]
        for _ in range(6):
            await asyncio.sleep(0)
        futures[0].set_result("result")
        futures[1].set_exception(KeyError("failure"))
        children[2].cancel()
        for task in children:
            try:
                log.append((task.get_name(), await task))
            except (KeyError, asyncio.CancelledError) as error:
                log.append((task.get_name(), repr(error)))
        return "done"

    log.append(loop.run_until_complete(loop.create_task(main(), name="main")))


def _stops(loop: Any, log: Log) -> None:
    loop.stop()
    loop.call_soon(log.append, "the tick of a stopped loop")
    loop.run_forever()
    for _ in range(2):
        loop.call_soon(loop.stop)
        loop.call_soon(lambda: loop.call_soon(log.append, "next run"))
        loop.run_forever()
        log.append((len(loop._ready), loop.is_running()))


def _handles(loop: Any, log: Log) -> None:
    handle: Any
    for handle in (loop.call_soon(print, "x"), loop.call_later(1.0, print, "x"), loop.call_soon_threadsafe(print)):
        kept = sorted(name for name in _slots(type(handle)) if hasattr(handle, name))
        log.append((type(handle).__name__, kept, handle._callback, handle._args, handle.cancelled()))
        handle.cancel()
        log.append((handle.cancelled(), handle._callback is None))


def _slots(kind: Any) -> list[str]:
    names: list[str] = []
    bases: tuple[Any, ...] = kind.__mro__
    for base in bases:
        slots: tuple[str, ...] = getattr(base, "__slots__", ())
        names += slots
    return names


def _after_close(loop: Any, log: Log) -> None:
    loop.close()
    for call in (lambda: loop.call_soon(print), lambda: loop.call_later(1, print), lambda: loop.call_soon_threadsafe(print)):
        try:
            call()
        except RuntimeError as error:
            log.append(str(error))
