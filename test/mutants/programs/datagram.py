"""A UDP endpoint."""

import asyncio


class Echo(asyncio.DatagramProtocol):
    def __init__(self, done):
        self.done = done

    def datagram_received(self, data, addr):
        self.done.set_result(data)


async def main():
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    server, _ = await loop.create_datagram_endpoint(lambda: Echo(done), local_addr=("127.0.0.1", 0))
    client, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=server.get_extra_info("sockname"))
    try:
        client.sendto(b"ping")
        print(await done)
    finally:
        client.close()
        server.close()
    await asyncio.sleep(0)


asyncio.run(main())
