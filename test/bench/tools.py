"""What people use today, and the least that could be used: each starts inside the running loop and looks on until the program ends."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading


def asyncio_debug() -> None:
    """As `PYTHONASYNCIODEBUG=1`, which the benchmark sets for the whole run."""


def aiomonitor() -> None:
    import aiomonitor

    aiomonitor.start_monitor(asyncio.get_running_loop(), hook_task_factory=True, console_enabled=False)


def viztracer() -> None:
    from viztracer import VizTracer

    VizTracer(log_async=True, verbose=0).start()


def asyncviz() -> None:
    """With its server and nobody looking (3.12 and later)."""
    import asyncviz

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asyncviz.start(host="127.0.0.1", port=port, open_browser=False, log_level="error")


def yappi() -> None:
    import yappi

    yappi.set_clock_type("wall")
    yappi.start()


def settrace() -> None:
    def nothing(frame, event, argument):
        return None

    threading.settrace(nothing)
    sys.settrace(nothing)


def monitoring() -> None:
    """The events of coroutines, with callbacks that do nothing (3.12 and later)."""
    events = sys.monitoring.events
    sys.monitoring.use_tool_id(4, "nothing")
    wanted = 0
    for event in (events.PY_START, events.PY_RETURN, events.PY_RESUME, events.PY_YIELD, events.PY_UNWIND, events.PY_THROW):
        sys.monitoring.register_callback(4, event, lambda *arguments: None)
        wanted |= event
    sys.monitoring.set_events(4, wanted)


TOOLS = {function.__name__: function for function in (asyncio_debug, aiomonitor, asyncviz, viztracer, yappi, settrace, monitoring)}
NEEDS = {"aiomonitor": "aiomonitor", "asyncviz": "asyncviz", "viztracer": "viztracer", "yappi": "yappi"}
"""Tools that come from PyPI."""
