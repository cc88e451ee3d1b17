"""A bot: start and stop, a queue of commands, a worker task."""

import asyncio
import logging

log = logging.getLogger(__name__)


class Bot:
    def __init__(self, name):
        self.name = name
        self.loop = asyncio.new_event_loop()
        self.queue = None
        self.done = []

    async def _work(self):
        while True:
            command = await self.queue.get()
            if command is None:
                break
            self.done.append(command)

    async def _main(self, commands):
        self.queue = asyncio.Queue()
        worker = asyncio.create_task(self._work())
        for command in commands:
            await self.queue.put(command)
        await self.queue.put(None)
        await worker

    def run(self, commands):
        try:
            self.loop.run_until_complete(self._main(commands))
        except KeyboardInterrupt:
            log.info("interrupted")
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
        return self.done


print(Bot("b").run(["a", "b"]))
