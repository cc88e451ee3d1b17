"""A loop of a class of its own."""

import asyncio
import selectors


class QuietLoop(asyncio.SelectorEventLoop):
    def default_exception_handler(self, context):
        print("ignored:", context["message"])


def main():
    loop = QuietLoop(selectors.SelectSelector())
    try:
        loop.run_until_complete(asyncio.sleep(0))
        print(type(loop).__name__)
    finally:
        loop.close()


main()
