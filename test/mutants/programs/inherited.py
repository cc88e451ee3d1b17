"""The base class closes what the subclass makes."""

import asyncio


class Resource:
    loop = None

    def close(self):
        if self.loop:
            self.loop.close()


class Connection(Resource):
    def __init__(self):
        self.loop = asyncio.new_event_loop()

    def ping(self):
        return self.loop.run_until_complete(asyncio.sleep(0, "pong"))


connection = Connection()
print(connection.ping())
connection.close()
