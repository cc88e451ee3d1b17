"""Starts the program in a terminal, for the adapter: tells it the program's process id and how it ended.

Run as `python -I -S launcher.py PLAN -- ARGUMENTS`: ARGUMENTS follow the interpreter on the program's command line, PLAN
is a file for this user's eyes only, with what to change in the environment and the adapter's port and token. It ends as
the program ends. It knows nothing of asyncio, is not part of the runtime package, and gives the program the terminal,
untouched. Without an adapter that answers the program runs all the same.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FRAME_JSON = 0x4A
_CONNECT_SECONDS = 5.0


class _Adapter:
    """The connection to the adapter, or nothing if there is none."""

    def __init__(self, port: int, token: str, version: int) -> None:
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), _CONNECT_SECONDS)
            self._socket.sendall(b"LSCP" + bytes([version]) + token.encode("ascii"))
        except OSError:
            self._socket = None

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message; a connection that has gone is no error."""
        if self._socket is None:
            return
        payload = json.dumps(message).encode("utf-8")
        try:
            self._socket.sendall(len(payload).to_bytes(4, "big") + bytes([_FRAME_JSON]) + payload)
        except OSError:
            self._socket = None


def main(arguments: list[str]) -> int:
    """Runs the program; the result is its exit code, as a shell would say it."""
    plan_path = arguments[0]
    with open(plan_path, encoding="utf-8") as file:
        plan: dict[str, Any] = json.load(file)
    os.remove(plan_path)
    adapter = _Adapter(plan["port"], plan["token"], plan["wire"])
    # Ctrl+C is for the program. A handler, not SIG_IGN: the program would inherit that.
    signal.signal(signal.SIGINT, _leave_it_to_the_program)
    try:
        process = subprocess.Popen([sys.executable, *arguments[2:]], env=_environment(plan["env"], plan["bootstrap"]), cwd=plan["cwd"])
    except OSError as error:
        adapter.tell({"type": "failed", "error": str(error)})
        print(f"The program could not be started: {error}", file=sys.stderr)
        return 127
    adapter.tell({"type": "started", "pid": process.pid})
    code = process.wait()
    adapter.tell({"type": "exited", "code": code})
    return code if code >= 0 else 128 - code


def _environment(changes: dict[str, str | None], bootstrap: str) -> dict[str, str]:
    """The terminal's own environment with what is to change (None: to go), the runtime first on PYTHONPATH."""
    environment = dict(os.environ)
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = bootstrap + os.pathsep + path if path else bootstrap
    return environment


def _leave_it_to_the_program(number: int, frame: object) -> None:
    """Does nothing with the signal."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
