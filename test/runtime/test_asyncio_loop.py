"""A program that asks uvloop for its loop gets asyncio's own where the person wants that, whichever way it asks, and else uvloop's."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from listen import environment, read_frames, send_message, wire

pytestmark = pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed for this Python")

MAIN = """
import asyncio, sys, warnings
warnings.simplefilter("ignore")
async def main():
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "print('child')")
    await child.wait()
    print(type(asyncio.get_running_loop()).__module__)
"""
OURS = ["LOOPSCOPE_CONNECT", "LOOPSCOPE_TOKEN", "LOOPSCOPE_STARTED", "LOOPSCOPE_CHILDREN", "LOOPSCOPE_ASYNCIO_LOOP"]
WAYS = {
    "run": "import uvloop; uvloop.run(main())",
    "install": "import uvloop; uvloop.install(); asyncio.run(main())",
    "policy": "from uvloop import EventLoopPolicy; asyncio.set_event_loop_policy(EventLoopPolicy()); asyncio.run(main())",
    "new_event_loop": (
        "from uvloop import new_event_loop; loop = new_event_loop(); asyncio.set_event_loop(loop)\n"
        "loop.run_until_complete(main()); loop.close()"
    ),
    "class": "import uvloop; loop = uvloop.Loop(); asyncio.set_event_loop(loop); loop.run_until_complete(main()); loop.close()",
}


def run(way: str, **more: str) -> tuple[str, str, set[str]]:
    """What the program printed, also of errors, and how its loops' handles are seen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{MAIN}\n{WAYS[way]}\nimport os; print([name for name in {OURS} if name in os.environ])",
            ],
            env=environment(server.getsockname()[1], **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection = server.accept()[0]
    with connection:
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": "adaptive"})
        hooks = {message["hook"] for kind, message in read_frames(connection) if kind == wire.FRAME_JSON and message["type"] == "loop"}
    output, errors = process.communicate(timeout=30)
    return output, errors, hooks


@pytest.mark.parametrize("way", WAYS)
def test_the_loop_is_asyncios_where_that_is_wanted(way: str) -> None:
    output, errors, hooks = run(way, LOOPSCOPE_ASYNCIO_LOOP="1")
    assert (output, errors) == ("child\nasyncio.unix_events\n[]\n", "")
    assert hooks == {"replaced"}


@pytest.mark.parametrize("way", WAYS)
def test_the_loop_is_uvloops_otherwise(way: str) -> None:
    output, _, hooks = run(way)
    assert output == "child\nuvloop\n[]\n"
    assert "calls" in hooks
