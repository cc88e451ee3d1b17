"""Starts a child process that runs an event loop of its own, and waits for it in its own loop."""

from __future__ import annotations

import asyncio
import os
import sys


async def main() -> None:
    still = os.path.join(os.path.dirname(os.path.abspath(__file__)), "still.py")
    child = await asyncio.create_subprocess_exec(sys.executable, still)
    await child.wait()  # @parent


asyncio.run(main())
