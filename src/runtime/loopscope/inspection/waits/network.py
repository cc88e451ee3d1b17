"""Waits for sockets, streams, pipes, servers and child processes: which file descriptor, and whose."""

from __future__ import annotations

from ..endpoints import Endpoint, address_text, of_socket, of_transport
from ..peek import exactly, field, is_a, listed, number, text, type_name
from ..stock import find, stock
from .model import View, Wait, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _read_text(method: str, end: Endpoint) -> str:
    """`read on fd 7 from 127.0.0.1:5000`; of a child's pipe `read stdout of process 12`."""
    if end.process:
        return f"{method} {end.stream} of process {end.process}"
    return f"{method} on {end.place()}" + (f" from {end.peer}" if end.peer else "")


def _write_text(method: str, end: Endpoint) -> str:
    """`drain on fd 7 to 127.0.0.1:5000`"""
    if end.process:
        return f"{method} {end.stream} of process {end.process}"
    return f"{method} on {end.place()}" + (f" to {end.peer}" if end.peer else "")


def stream_read(view: View) -> Wait | None:
    """`read on fd 7 from 127.0.0.1:5000`"""
    reader = view.link.local(stock().StreamReader)
    if reader is None:
        return None
    method = view.link.name.rpartition(".")[2]
    method = {"__anext__": "readline", "_wait_for_data": "read"}.get(method, method)
    return Wait("stream", _read_text(method, of_transport(field(reader, "_transport"))))


def stream_drain(view: View) -> Wait | None:
    """`drain on fd 7 to 127.0.0.1:5000`: the other side does not read as fast as this one writes."""
    writer = view.link.local(stock().StreamWriter)
    if writer is None:
        return None
    return Wait("stream", _write_text("drain", of_transport(field(writer, "_transport"))))


def stream_closed(view: View) -> Wait | None:
    """`wait_closed on fd 7`"""
    writer = view.link.local(stock().StreamWriter)
    return writer and Wait("stream", f"wait_closed on {of_transport(field(writer, '_transport')).place()}")


def _socket(view: View) -> Any:
    """The socket that a `sock_` method of the loop works on."""
    return view.link.local(find("_socket", "socket"))


def sock_read(view: View) -> Wait | None:
    """`sock_recv on fd 7 from 127.0.0.1:5000`"""
    method = view.link.name.rpartition(".")[2]
    return Wait("socket", _read_text("read" if method == "sock_recv" else method, of_socket(_socket(view))))


def sock_write(view: View) -> Wait | None:
    """`sock_sendall on fd 7 to 127.0.0.1:5000`"""
    return Wait("socket", _write_text(view.link.name.rpartition(".")[2], of_socket(_socket(view))))


def sock_accept(view: View) -> Wait | None:
    """`accept on 127.0.0.1:8000`"""
    end = of_socket(_socket(view))
    return Wait("socket", f"accept on {end.local or end.place()}")


def sock_connect(view: View) -> Wait | None:
    """`connect to 127.0.0.1:5000`"""
    address = next((value for value in view.link.referents() if exactly(value, tuple, str)), None)
    return Wait("socket", f"connect to {address_text(address)}" if address else "connect")


def _resolving(view: View) -> bool:
    """True while a name is being resolved below."""
    return any(link.name.rpartition(".")[2] in ("getaddrinfo", "_ensure_resolved") for link in view.inside)


def create_connection(view: View) -> Wait | None:
    """`connect to example.com:443`; before that, `resolve example.com`"""
    values = view.link.referents()
    host, port = (*values[2:4], None, None)[:2]
    name, number_of = text(host), int(number(port))
    if name and _resolving(view):
        return Wait("socket", f"resolve {name}")
    return Wait("socket", f"connect to {name}:{number_of}" if name else "connect")


def create_unix_connection(view: View) -> Wait | None:
    """`connect to /run/app.sock`"""
    path = next((text(value) for value in view.link.referents()[2:4] if text(value)), "")
    return Wait("socket", named("connect to", path) if path else "connect")


def getaddrinfo(view: View) -> Wait | None:
    """`resolve example.com`"""
    host = text(next(iter(view.link.referents()[1:2]), None))
    return Wait("socket", f"resolve {host}" if host else "resolve a name")


def start_tls(view: View) -> Wait | None:
    """`TLS handshake`"""
    return Wait("socket", "TLS handshake")


def serve_forever(view: View) -> Wait | None:
    """`serve_forever on 127.0.0.1:8000`"""
    server = view.link.local(stock().Server)
    local = next((of_socket(sock).local for sock in listed(field(server, "_sockets"), 1)), "")
    return Wait("server", f"serve_forever on {local}" if local else "serve_forever")


def server_closed(view: View) -> Wait | None:
    """`Server.wait_closed`"""
    return Wait("server", "Server.wait_closed")


def _process(view: View) -> tuple[int, str]:
    """The process id of the child that a method of `asyncio.subprocess.Process` is called on, and its name in the
    program."""
    process = view.link.local(stock().Process)
    pid = field(process, "pid") or field(field(process, "_transport"), "_pid")
    return int(number(pid)), view.owner("wait", "communicate")


def process_wait(view: View) -> Wait | None:
    """`exit of process 12: self.worker`"""
    pid, name = _process(view)
    return Wait("process", f"exit of process {pid}" + (f": {name}" if name else ""))


def process_communicate(view: View) -> Wait | None:
    """`communicate with process 12`"""
    pid, name = _process(view)
    return Wait("process", f"communicate with process {pid}" + (f": {name}" if name else ""))


def process_start(view: View) -> Wait | None:
    """`start of a process`"""
    return Wait("process", "start of a process")


def foreign_wait(view: View) -> Wait | None:
    """A coroutine of uvloop's loop: its own name for what it does."""
    method = view.link.name.rpartition(".")[2]
    sock = view.link.local(find("_socket", "socket"))
    if sock is not None and is_a(sock, find("_socket", "socket")):
        return Wait("socket", f"{method} on {of_socket(sock).place()}")
    return Wait("socket", method or type_name(view.link.owner))
