"""Tasks that outlive the coroutine that made them, cancelled one by one."""

import asyncio


async def beat(name, beats):
    try:
        while True:
            beats.append(name)
            await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        beats.append(f"{name} ends")
        raise


def main():
    beats = []
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(beat(name, beats)) for name in "ab"]
    loop.call_later(0.005, loop.stop)
    try:
        loop.run_forever()
    finally:
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()
    print(beats[-2:])


main()
