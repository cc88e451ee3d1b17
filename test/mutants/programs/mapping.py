"""What a program needs is kept in a dictionary."""

import asyncio


def build():
    return {"loop": asyncio.new_event_loop(), "name": "app"}


def main():
    state = build()
    try:
        print(state["name"], state["loop"].run_until_complete(asyncio.sleep(0, 1)))
    finally:
        state["loop"].close()


main()
