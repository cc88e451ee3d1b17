"""The usual shape of a program."""

import argparse
import asyncio
import sys


async def serve(delay):
    await asyncio.sleep(delay)
    return 0


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args(argv)
    if options.delay < 0:
        print("negative", file=sys.stderr)
        return 2
    loop = asyncio.new_event_loop()
    try:
        status = loop.run_until_complete(serve(options.delay))
    except OSError as error:
        print(error, file=sys.stderr)
        status = 1
    finally:
        loop.close()
    return status


if __name__ == "__main__":
    print(main([]))
    raise SystemExit(main(["--delay", "0.001"]))
