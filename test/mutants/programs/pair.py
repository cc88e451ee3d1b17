"""A function that gives a loop and its thread."""

import asyncio
import threading


def start_background():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    return loop, thread


def stop_background(loop, thread):
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


loop, thread = start_background()
try:
    print(asyncio.run_coroutine_threadsafe(asyncio.sleep(0, 7), loop).result(5))
finally:
    stop_background(loop, thread)
