"""Reads what a child writes."""

import asyncio
import sys


async def run(code):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    lines = []
    async for line in process.stdout:
        lines.append(line.strip())
    await process.wait()
    return lines


async def main():
    print(await run("print(1); print(2)"))
    process = await asyncio.create_subprocess_shell("cat", stdin=asyncio.subprocess.PIPE)
    await process.communicate(b"")


asyncio.run(main())
