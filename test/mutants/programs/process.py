"""A child process."""

import asyncio
import sys


async def main():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(30)", stdout=asyncio.subprocess.PIPE)
    try:
        await asyncio.wait_for(process.stdout.read(), 0.05)
    except asyncio.TimeoutError:
        print("too slow")
    finally:
        process.kill()
        await process.wait()


asyncio.run(main())
