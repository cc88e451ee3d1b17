"""run_forever until a signal comes."""

import asyncio
import os
import signal


def main():
    loop = asyncio.new_event_loop()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    loop.call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)
    try:
        loop.run_forever()
        print("stopped")
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.close()


main()
