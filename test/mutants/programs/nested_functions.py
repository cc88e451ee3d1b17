"""Clean-up spread over nested functions."""

import asyncio


def main(argument):
    loop = asyncio.new_event_loop()

    async def job():
        await asyncio.sleep(0)
        return argument.upper()

    def run():
        return loop.run_until_complete(job())

    try:
        return run()
    except AttributeError:
        return None
    finally:
        loop.close()


print(main("a"), main(None))
