"""What a socket, a transport or a pipe is connected to: file descriptor, both addresses, and the child process it
leads to.

Only what asyncio noted when the connection was made is read, and for plain sockets the two addresses are asked of the
kernel. Nothing here waits or changes a socket.
"""

from __future__ import annotations

from . import peek
from .peek import a_dict, a_tuple, field, is_a, kind_value, number, text, type_module
from .stock import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STREAMS = {0: "stdin", 1: "stdout", 2: "stderr"}


class Endpoint:
    """One end of a connection; '' and -1 for what is not known."""

    __slots__ = ("fd", "local", "peer", "process", "stream")

    def __init__(self, fd: int = -1, peer: str = "", local: str = "") -> None:
        self.fd = fd
        self.peer = peer
        self.local = local
        #: For a pipe to a child process: its id, and which of its streams.
        self.process = 0
        self.stream = ""

    def place(self) -> str:
        """`fd 7`"""
        return f"fd {self.fd}" if self.fd >= 0 else "a closed transport"


def address_text(address: Any) -> str:
    """`127.0.0.1:5000`, `[::1]:5000`, `/run/app.sock`; '' for none."""
    parts = a_tuple(address)
    if len(parts) >= 2:
        host, port = text(parts[0]), parts[1]
        if type(port) is int:
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return host
    if type(address) is bytes:
        return text(address.decode("utf-8", "replace").replace("\0", "@"))
    return text(address)


def of_socket(sock: Any) -> Endpoint:
    """The ends of a socket object."""
    base: Any = find("_socket", "socket")
    wrapped: Any = field(sock, "_sock")  # asyncio's TransportSocket
    if wrapped is not None:
        sock = wrapped
    if base is None or not is_a(sock, base):
        return Endpoint()
    end = Endpoint(base.fileno(sock))
    if end.fd >= 0:
        end.peer = _address(base.getpeername, sock)
        end.local = _address(base.getsockname, sock)
    return end


def _address(ask: Any, sock: Any) -> str:
    """One address of a socket; '' if it has none."""
    try:
        return address_text(ask(sock))
    except (OSError, ValueError, TypeError):
        return ""


def of_transport(transport: Any) -> Endpoint:
    """The ends of a transport of asyncio's or uvloop's, also below TLS."""
    for _ in range(4):
        below: Any = field(field(transport, "_ssl_protocol"), "_transport")
        if below is None:
            break
        transport = below
    if transport is None:
        return Endpoint()
    if type_module(transport).startswith("uvloop"):
        return _of_uvloop(transport)
    extra = a_dict(field(transport, "_extra"))
    fd = next((f for f in (field(transport, name) for name in ("_sock_fd", "_fileno")) if type(f) is int), -1)
    if fd < 0:
        fd = of_socket(field(transport, "_sock")).fd
    end = Endpoint(fd, address_text(extra.get("peername")), address_text(extra.get("sockname")))
    protocol: Any = field(transport, "_protocol")
    child: Any = field(protocol, "proc")
    if child is not None and peek.type_name(protocol) in ("ReadSubprocessPipeProto", "WriteSubprocessPipeProto"):
        end.process = int(number(field(child, "_pid")))
        end.stream = _STREAMS.get(int(number(field(protocol, "fd"), -1)), "pipe")
    return end


def _of_uvloop(transport: Any) -> Endpoint:
    """The same for uvloop, whose transports only tell by a method (of C)."""
    ask: Any = kind_value(transport, "get_extra_info")
    try:
        sock: Any = ask(transport, "socket")
        number_of: Any = kind_value(sock, "fileno") if type_module(sock).startswith("uvloop") else None
        fd = number_of(sock) if number_of is not None else of_socket(sock).fd
        return Endpoint(fd, address_text(ask(transport, "peername")), address_text(ask(transport, "sockname")))
    except Exception:  # a transport that is closed, or of a kind without sockets
        return Endpoint()
