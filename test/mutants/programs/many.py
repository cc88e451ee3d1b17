"""Several loops in a list."""

import asyncio

loops = [asyncio.new_event_loop() for _ in range(3)]
try:
    for number, loop in enumerate(loops):
        print(loop.run_until_complete(asyncio.sleep(0, number)))
finally:
    for loop in loops:
        loop.close()
