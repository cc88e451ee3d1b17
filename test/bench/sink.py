"""Stands for the adapter: a sink that keeps what one program sends, and counts after its end what has arrived."""

from __future__ import annotations

import marshal
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "runtime"))
from listen import BY_CODE, send_message, wire

SLOW = 60
"""Seconds from which on a handle is too slow: a program that waits for its turn is not."""
SIZES = {code: 1 + len(fields) for code, (_, fields) in BY_CODE.items()}
CODES = {name: code for name, (code, _) in wire.EVENTS.items()}
WAITS_COUNTED = 1 + [field.split(":")[0] for field in wire.EVENTS["counts"][1]].index("waits")


class Totals:
    """Events dropped, tasks created and ended, waits and ticks that have arrived from a program with one loop."""

    def __init__(self) -> None:
        self.dropped = self.created = self.ended = self.waits = self.ticks = 0

    def add(self, numbers: list[float]) -> None:
        """Counts a batch."""
        self.dropped += int(numbers[2])
        self.ticks = max(self.ticks, int(numbers[3]))
        at = len(wire.BATCH_HEADER)
        while at < len(numbers):
            code = numbers[at]
            if type(code) is float:
                at += 1
                continue
            if abs(code) > wire.SHORT_FORM:
                kind = int(code) % wire.SHORT_KINDS
                self.created += code < 0
                self.ended += code > 0 and kind == wire.SHORT_ENDED
                self.waits += code > 0 and kind in (wire.SHORT_WAITS, wire.SHORT_YIELDS)
                at += 1
                continue
            self.created += code == CODES["taskCreated"]
            self.ended += code == CODES["taskEnded"]
            if code == CODES["taskWaits"]:
                self.waits += 1
            elif code == CODES["counts"]:
                self.waits += int(numbers[at + WAITS_COUNTED])
            at += SIZES[int(code)]


class Sink:
    """Stands for the adapter: keeps what one program sends, and counts it after its end."""

    def __init__(self, level: str) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._chunks: list[bytes] = []
        self.level = level
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            connection = self._server.accept()[0]
        except OSError:
            return
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": self.level, "slow": SLOW})
        while chunk := connection.recv(1 << 20):
            self._chunks.append(chunk)

    def received(self) -> bytes:
        """All bytes so far; all of them after `totals`."""
        return b"".join(self._chunks)

    def totals(self) -> Totals:
        """What the program has sent."""
        self._thread.join(20)
        self._server.close()
        data = self.received()
        at = 5 + wire.TOKEN_LENGTH
        totals = Totals()
        while at < len(data):
            end = at + wire.FRAME_HEADER_BYTES + int.from_bytes(data[at : at + 4], "big")
            if data[at + 4] == wire.FRAME_EVENTS:
                numbers = marshal.loads(data[at + wire.FRAME_HEADER_BYTES : end])
                totals.add(numbers)
            at = end
        return totals
