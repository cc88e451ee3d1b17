"""One question over UDP with a time limit."""

import asyncio


class Question(asyncio.DatagramProtocol):
    def __init__(self, answer):
        self.answer = answer

    def datagram_received(self, data, addr):
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc):
        if not self.answer.done():
            self.answer.set_exception(exc)


async def ask(address):
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    transport, _protocol = await loop.create_datagram_endpoint(lambda: Question(answer), remote_addr=address)
    try:
        transport.sendto(b"?")
        return await asyncio.wait_for(answer, 0.01)
    except (asyncio.TimeoutError, OSError):
        return None
    finally:
        transport.close()


async def main():
    print(await ask(("127.0.0.1", 9)))
    await asyncio.sleep(0)


asyncio.run(main())
