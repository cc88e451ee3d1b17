"""A stand-in for the adapter: listens, starts a program with the runtime in it, and prints every frame decoded.

    python test/runtime/listen.py [--python PYTHON] [--level full] [--quiet] [--query JSON] program.py [args]

`--query` (as '{"query": "ready", "offset": 0, "limit": 9}') asks loop 1 half a second after its first tick, each half
second. The tests import the functions here.
"""

from __future__ import annotations

import argparse
import json
import marshal
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).resolve().parents[2] / "src" / "runtime"
sys.path.insert(0, str(RUNTIME))
from loopscope import wire  # noqa: E402

BY_CODE = {code: (name, fields) for name, (code, fields) in wire.EVENTS.items()}
TOKEN = "0f" * 32


def decode_events(numbers: list[float], running: dict[float, int] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a batch, without its header, as (name, fields); the start of a handle is `start`.

    `running` keeps over batches which handle each loop runs, by the loop's number: the address of its task, 0 for none.
    """
    running = {} if running is None else running
    loop = numbers[1]
    begun = 0.0
    position = len(wire.BATCH_HEADER)
    like: dict[str, Any] = {}
    while position < len(numbers):
        code = numbers[position]
        if isinstance(code, float):
            begun = code
            position += 1
            continue
        if code < -wire.SHORT_FORM:
            yield "taskCreated", {**like, "task": -code, "site": 0, "name": 0}
            position += 1
            continue
        if code > wire.SHORT_FORM:
            rest, kind = divmod(int(code), wire.SHORT_KINDS)
            address, text = code - kind, wire.SHORT_STRINGS - rest
            if kind in (wire.SHORT_STEP, wire.SHORT_CALLBACK):
                running[loop] = int(address) if kind == wire.SHORT_STEP else 0
                yield "start", {"time": begun, "subject": running[loop] or text}
            else:
                task = running.get(loop, 0)
                yield {
                    wire.SHORT_ENDED: ("taskEnded", {"task": address, "outcome": wire.OUTCOME_FINISHED, "detail": 0}),
                    wire.SHORT_WOKEN: ("taskWoken", {"task": address, "by": task}),
                    wire.SHORT_WAITS: ("taskWaits", {"task": task, "future": address}),
                    wire.SHORT_YIELDS: ("taskWaits", {"task": task, "future": 0}),
                    wire.SHORT_SCHEDULED: ("handleScheduled", {"subject": text, "by": task, "site": 0}),
                }[kind]
            position += 1
            continue
        name, fields = BY_CODE[int(code)]
        if name in ("tick", "tickEnd"):
            running[loop] = 0
        values = numbers[position + 1 : position + 1 + len(fields)]
        assert len(values) == len(fields), f"batch ends within {name}"
        event = {field.split(":")[0]: value for field, value in zip(fields, values)}
        if name == "taskCreated":
            like = event
        yield name, event
        position += 1 + len(fields)


def environment(port: int, **more: str) -> dict[str, str]:
    """The environment of a program that connects to that port."""
    result = dict(os.environ)
    result["PYTHONPATH"] = os.pathsep.join([str(RUNTIME / "bootstrap"), *filter(None, [result.get("PYTHONPATH", "")])])
    result["LOOPSCOPE_CONNECT"] = f"127.0.0.1:{port}"
    result["LOOPSCOPE_TOKEN"] = TOKEN
    result.update(more)
    return result


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """That many bytes; fewer at the end of the connection."""
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            break
        data += chunk
    return data


GREETING = wire.WIRE_MAGIC + bytes([wire.WIRE_VERSION]) + TOKEN.encode()


def accept_runtime(server: socket.socket) -> socket.socket:
    """The runtime's connection, past its introduction. Who else dials this port (it was another's a moment ago) is hung up on, as the
    adapter does."""
    while True:
        connection = server.accept()[0]
        if read_exactly(connection, len(GREETING)) == GREETING:
            return connection
        connection.close()


def read_frames(connection: socket.socket, greeted: bool = False) -> Iterator[tuple[int, Any]]:
    """(kind, decoded payload) until the connection ends. Checks the introduction first, unless it has been read."""
    if not greeted:
        greeting = read_exactly(connection, len(GREETING))
        assert greeting == GREETING, greeting
    while True:
        header = read_exactly(connection, wire.FRAME_HEADER_BYTES)
        if len(header) < wire.FRAME_HEADER_BYTES:
            return
        length = int.from_bytes(header[:4], "big")
        payload = read_exactly(connection, length)
        if len(payload) < length:
            return  # The program ended in the middle of a frame.
        kind = header[4]
        yield kind, marshal.loads(payload) if kind == wire.FRAME_EVENTS else json.loads(payload)


def send_message(connection: socket.socket, message: dict[str, Any]) -> None:
    """A message of the adapter's."""
    payload = json.dumps(message).encode()
    connection.sendall(len(payload).to_bytes(4, "big") + bytes([wire.FRAME_JSON]) + payload)


def _ask(connection: socket.socket, query: dict[str, Any]) -> None:
    number = 0
    while True:
        time.sleep(0.5)
        number += 1
        try:
            send_message(connection, {"type": "query", "id": number, "loop": 1, **query})
        except OSError:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--level", default="adaptive")
    parser.add_argument("--quiet", action="store_true", help="no events, only messages and totals")
    parser.add_argument("--query")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    server = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen([options.python, *options.program], env=environment(server.getsockname()[1]))
    connection = server.accept()[0]
    send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": options.level})
    if options.query:
        threading.Thread(target=_ask, args=(connection, json.loads(options.query)), daemon=True).start()
    strings: dict[int, str] = {}
    total = 0
    running: dict[float, int] = {}
    for kind, payload in read_frames(connection):
        if kind == wire.FRAME_JSON:
            print(json.dumps(payload))
        elif kind == wire.FRAME_STRINGS:
            strings.update((number, text) for number, text in payload)
            if not options.quiet:
                print("strings", payload)
        else:
            total += len(payload)
            if not options.quiet:
                print("batch", dict(zip(wire.BATCH_HEADER, payload)))
                for name, fields in decode_events(payload, running):
                    print("   ", name, fields)
    print(f"exit code {process.wait()}, {total} numbers")


if __name__ == "__main__":
    main()
