"""run_forever that a timer ends."""

import asyncio

ticks = []


def tick(loop, left):
    ticks.append(left)
    if left == 0:
        loop.stop()
    else:
        loop.call_later(0.001, tick, loop, left - 1)


loop = asyncio.new_event_loop()
loop.call_soon(tick, loop, 3)
loop.run_forever()
loop.close()
print(ticks)
