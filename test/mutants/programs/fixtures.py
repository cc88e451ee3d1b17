"""What a test needs, in the order of a fixture."""

import asyncio
import contextlib


@contextlib.contextmanager
def loop_context(debug=False):
    loop = asyncio.new_event_loop()
    loop.set_debug(debug)
    try:
        yield loop
    finally:
        teardown(loop)


def teardown(loop):
    is_closed = loop.is_closed()
    if not is_closed:
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()


with loop_context() as loop:
    print(loop.run_until_complete(asyncio.sleep(0, 1)))
with contextlib.suppress(RuntimeError), loop_context(True) as loop:
    raise RuntimeError("failed")
