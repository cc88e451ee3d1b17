"""The connection to the adapter: frames out without ever blocking, frames in.

One socket, used by every loop's thread. What cannot be sent at once waits in a bounded backlog; what does not fit there is refused,
so that the caller drops and counts it. The file descriptor is moved out of the program's way, and it is made sure before each use
that it is still ours: a program that closes all descriptors must not find our bytes in its files.
It knows nothing of asyncio and starts no thread.
"""

from __future__ import annotations

import _socket
import _thread
import os
import sys
import time

from . import json_text, wire
from .clocks import monotonic
from .descriptor import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

MAX_BACKLOG_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 2.0
FINISH_SECONDS = 0.3
"""How long the program's end may be put off for an adapter that goes on reading."""
LAST_SECONDS = 0.05
"""How long it may be put off for one that does nothing."""
_HIGH_DESCRIPTORS = (1000, 240, 120, 60, 30)
"""Where our descriptor goes: below the usual limits of 1024 (Linux) and 256 (macOS), or below what a program has instead."""
_NO_SIGNAL: int = getattr(_socket, "MSG_NOSIGNAL", 0)


def connect(address: str, token: str) -> Link:
    """Dials the adapter at `host:port` and introduces us. Raises OSError or ValueError."""
    host, _, port = address.rpartition(":")
    if host != "127.0.0.1":
        raise ValueError("the adapter listens on 127.0.0.1 only")
    if len(token) != wire.TOKEN_LENGTH:
        raise ValueError("a token has " + str(wire.TOKEN_LENGTH) + " digits")
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect((host, int(port)))
        connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        if hasattr(_socket, "SO_NOSIGPIPE"):
            connection.setsockopt(_socket.SOL_SOCKET, getattr(_socket, "SO_NOSIGPIPE"), 1)  # noqa: B009
        connection.sendall(wire.WIRE_MAGIC + bytes([wire.WIRE_VERSION]) + token.encode("ascii"))
        connection.setblocking(False)
    except BaseException:
        connection.close()
        raise
    return Link(_out_of_the_way(connection))


def _out_of_the_way(connection: _socket.socket) -> _socket.socket:
    """The same connection on a high descriptor: the program's own keep the numbers they have without us."""
    descriptor = _high_copy(connection.fileno())
    if descriptor is None:
        return connection
    moved = _socket.socket(fileno=descriptor)
    moved.setblocking(False)
    connection.close()
    return moved


def _high_copy(descriptor: int) -> int | None:
    """A copy of a descriptor with a high number, closed on exec; None if there can be none."""
    if os.name != "posix":
        return None
    try:
        import fcntl
    except ImportError:
        return None
    for lowest in _HIGH_DESCRIPTORS:
        try:
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:  # Above what this process may use.
            continue
    return None


def pipe_out_of_the_way() -> tuple[Descriptor, Descriptor]:
    """A pipe that does not block (read end, write end) on high descriptors."""
    ends: list[Descriptor] = []
    for descriptor in os.pipe():
        os.set_blocking(descriptor, False)
        high = _high_copy(descriptor)
        if high is not None:
            os.close(descriptor)
            descriptor = high
        ends.append(Descriptor(descriptor))
    return ends[0], ends[1]


class Link:
    """An open connection. Every method may be called from any thread; none blocks, none raises where there is memory."""

    def __init__(self, connection: _socket.socket) -> None:
        self._socket = connection
        self._descriptor = Descriptor(connection.fileno())
        self._lock = _thread.allocate_lock()
        self._backlog: list[bytes] = []
        self._backlog_bytes = 0
        self._offset = 0
        """How much of the backlog's first frame has been sent."""
        self._received = bytearray()
        self._receiving = _thread.allocate_lock()
        self.on_left: Callable[[], object] | None = None
        """Called when something is left to be sent that nobody may be sending."""
        self.open = True

    @property
    def descriptor(self) -> int:
        """The file descriptor, for polling."""
        return self._descriptor.number

    @property
    def backlog_bytes(self) -> int:
        """How much waits to be sent."""
        return self._backlog_bytes

    def is_ours(self) -> bool:
        """Whether the descriptor still names our connection."""
        return self._descriptor.is_ours()

    def has_room(self, size: int, most: int = MAX_BACKLOG_BYTES) -> bool:
        """Whether a frame of that many bytes would be taken now, where `most` bytes may wait."""
        self.pump()
        if self._backlog:
            self.pump()
        return self.open and self._backlog_bytes + size <= most

    def send(self, kind: int, payload: bytes) -> bool:
        """Queues a frame and sends what the socket takes. False: it was not taken (backlog full, connection gone).

        Raises MemoryError, and then it was not taken either.
        """
        self.pump()
        if not self.has_room(0) or len(payload) > wire.MAX_FRAME_BYTES:
            return False
        frame = len(payload).to_bytes(4, "big") + bytes((kind,)) + payload
        self._backlog.append(frame)
        try:
            self.pump()
        except MemoryError:  # It is taken all the same, and sent later.
            pass
        return True

    def send_message(self, message: dict[str, Any]) -> bool:
        """Sends a control message as JSON."""
        return self.send(wire.FRAME_JSON, json_text.encode(message).encode("ascii"))

    def pump(self) -> None:
        """Sends of the backlog what the socket takes now.

        A loop in another thread may add to it as fast as it is sent: then the caller goes on, and `on_left` is called.
        """
        rounds = 2  # The second is for what was added under the lock, whose owner could not send it.
        while self._backlog and self._lock.acquire(False):
            try:
                if not self._send_backlog():
                    return
            finally:
                self._lock.release()
            rounds -= 1
            if not rounds:
                if self._backlog and self.on_left is not None:
                    self.on_left()
                return

    def _send_backlog(self) -> bool:
        """Under the lock. True: all of it that was there at the beginning was sent."""
        backlog = self._backlog
        count = len(backlog)
        if not self.is_ours():
            self.fail()
            return False
        while count and backlog:
            count -= 1
            # No copy of what is left of a frame: were there no memory for it, the frame's begin would be sent twice.
            rest = memoryview(backlog[0])[self._offset :]
            try:
                sent = self._socket.send(rest, _NO_SIGNAL)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self.fail()
                return False
            if sent < len(rest):
                self._offset += sent
                self._backlog_bytes = sum(map(len, backlog)) - self._offset
                return False
            self._offset = 0
            del backlog[0]
        self._backlog_bytes = sum(map(len, backlog))
        return True

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have arrived, whole ones only; none while another thread receives. At the connection's end, or at a senseless
        frame, `open` is False."""
        if not self._receiving.acquire(False):
            return []
        try:
            return self._receive()
        finally:
            self._receiving.release()

    def _receive(self) -> list[dict[str, Any]]:
        if not self.is_ours():
            self.fail()
            return []
        received = self._received
        try:
            chunk = self._socket.recv(65536)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            chunk = b""
        if not chunk:
            self.fail()
            return []
        received += chunk
        messages: list[dict[str, Any]] = []
        while len(received) >= wire.FRAME_HEADER_BYTES:
            length = int.from_bytes(received[:4], "big")
            end = wire.FRAME_HEADER_BYTES + length
            if length > wire.MAX_FRAME_BYTES or received[4] != wire.FRAME_JSON:
                self.fail()
                break
            if len(received) < end:
                break
            payload = bytes(received[wire.FRAME_HEADER_BYTES : end])
            del received[:end]
            try:
                message = json_text.decode(payload.decode("utf-8"))
            except (ValueError, RecursionError):
                self.fail()
                break
            if isinstance(message, dict):
                messages.append(message)  # pyright: ignore[reportUnknownArgumentType]
        return messages

    def fail(self) -> None:
        """Nothing more comes or goes."""
        self.open = False
        self._backlog = []
        self._backlog_bytes = 0

    def drain(self) -> None:
        """Sends the backlog to an adapter that goes on reading: gives up when a moment brings nothing, and after FINISH_SECONDS."""
        end = monotonic() + FINISH_SECONDS
        left = -1
        while self.open and self._backlog and self._backlog_bytes != left and monotonic() < end:
            left = self._backlog_bytes
            time.sleep(0.02)
            self.pump()

    def finish(self) -> None:
        """Closes at the program's end, so that what was sent arrives: waits a moment for an adapter that still reads.

        To close a socket with something unread in it would reset the connection, and what the adapter has not read yet would be lost.
        """
        try:
            end = monotonic() + FINISH_SECONDS
            self.drain()
            if self.open and self.is_ours():
                self._socket.shutdown(_socket.SHUT_WR)
                self._socket.settimeout(LAST_SECONDS)
                while self._socket.recv(65536) and monotonic() < end:
                    pass
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        """Closes our descriptor, if it is still ours: in a forked child, at exit, after the adapter has gone."""
        self.open = False
        self._backlog = []
        self._backlog_bytes = 0
        if self.is_ours():
            self._socket.close()
        else:
            self._socket.detach()


def describe_process(started: str) -> dict[str, Any]:
    """The `hello` message."""
    version = sys.version_info
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    try:
        folder = {"cwd": os.getcwd()}
    except OSError:  # It has been removed.
        folder = {}
    return {
        "type": "hello",
        "wire": wire.WIRE_VERSION,
        "pid": os.getpid(),
        "parentPid": os.getppid(),
        "python": f"{version[0]}.{version[1]}.{version[2]}",
        "implementation": sys.implementation.name,
        "executable": sys.executable or "",
        "argv": list(getattr(sys, "argv", [])),
        "freeThreaded": is_gil_enabled is not None and not is_gil_enabled(),
        "started": started,
        **folder,
    }
