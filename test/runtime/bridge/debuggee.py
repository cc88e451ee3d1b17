"""A program under debugpy with the runtime in it: a scripted client of the debug adapter protocol on one side, a stand-in for the
adapter's end of the wire on the other. For tests; it knows nothing of what they look for.

    with Debuggee(program, folder, breakpoints=[marked(program, "stop here")]) as debuggee:
        stop = debuggee.stopped()
        debuggee.request("next", threadId=stop["threadId"])
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from listen import RUNTIME, environment, read_frames, send_message, wire

LIMIT = 30.0
"""Seconds after which something that did not come is an error."""


def marked(program: str, mark: str) -> int:
    """The line, from 1, that holds the comment `# mark`."""
    lines = [number for number, line in enumerate(program.splitlines(), 1) if line.rstrip().endswith("# " + mark)]
    assert len(lines) == 1, (mark, lines)
    return lines[0]


DEBUGPY = "LOOPSCOPE_TEST_DEBUGPY"
"""The folder that holds the debugpy to run, if it is not the interpreter's."""


def debugpy() -> list[str]:
    """The command line of debugpy after the interpreter's name."""
    folder = os.environ.get(DEBUGPY)
    return ["-m", "debugpy"] if folder is None else [os.path.join(folder, "debugpy")]


class Debuggee:
    """One session. `events` are all events of debugpy so far, `messages` all messages of the runtime."""

    def __init__(
        self,
        program: str,
        folder: Path,
        breakpoints: tuple[int, ...] | list[int] = (),
        runtime: bool = True,
        env: dict[str, str] | None = None,
        python_args: tuple[str, ...] = (),
        just_my_code: bool = True,
        before: Callable[[Debuggee], None] | None = None,
        through: tuple[str, ...] = (),
    ) -> None:
        """`through`: what runs the program, as `-m coverage run`."""
        self.path = folder / "program.py"
        self.path.write_text(program, encoding="utf-8")
        self.events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.out = b""
        self.err = b""
        self._responses: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._arrived = threading.Condition()
        self._sequence = 0
        self._command = 0
        self._wire: socket.socket | None = None
        self._wire_server = socket.create_server(("127.0.0.1", 0))
        self._taken = 0
        threading.Thread(target=self._serve_wire, daemon=True).start()
        endpoints = folder / "endpoints.json"
        if endpoints.exists():  # Of an earlier program in the same folder.
            endpoints.unlink()
        variables = environment(self._wire_server.getsockname()[1], **(env or {})) if runtime else {**os.environ, **(env or {})}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-Xfrozen_modules=off",
                *python_args,
                *debugpy(),
                "--listen",
                "127.0.0.1:0",
                "--wait-for-client",
                *through,
                str(self.path),
            ],
            env={"PYDEVD_DISABLE_FILE_VALIDATION": "1", "DEBUGPY_ADAPTER_ENDPOINTS": str(endpoints), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
        self._outputs = [threading.Thread(target=self._read_output, args=(name,), daemon=True) for name in ("stdout", "stderr")]
        for thread in self._outputs:
            thread.start()
        self._dap = _connect(endpoints, self.process)
        threading.Thread(target=self._read_dap, daemon=True).start()
        self.request("initialize", adapterID="test", supportsVariableType=True)
        attach = self.send("attach", justMyCode=just_my_code)
        self.event("initialized")
        if breakpoints:
            lines = [{"line": line} for line in breakpoints]
            self.request("setBreakpoints", source={"path": str(self.path)}, breakpoints=lines)
        if before is not None:
            before(self)
        self.request("configurationDone")
        self.response(attach)

    def __enter__(self) -> Debuggee:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── DAP ──

    def send(self, command: str, **arguments: Any) -> int:
        """Sends a request; its number."""
        self._sequence += 1
        self._responses[self._sequence] = queue.Queue()
        body = json.dumps({"seq": self._sequence, "type": "request", "command": command, "arguments": arguments}).encode()
        self._dap.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def response(self, number: int, limit: float = LIMIT) -> dict[str, Any]:
        """The response to a request, as it came."""
        try:
            return self._responses[number].get(timeout=limit)
        except queue.Empty:
            raise AssertionError(f"no response to request {number}; {self.report()}") from None

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Sends a request and waits; the body of its response, which must be a success."""
        answer = self.response(self.send(command, **arguments))
        assert answer["success"], answer
        body: dict[str, Any] = answer.get("body") or {}
        return body

    def event(self, name: str, limit: float = LIMIT) -> dict[str, Any]:
        """The body of the next event of that name after those that were taken; events before it are passed over."""
        end = time.monotonic() + limit
        with self._arrived:
            while True:
                while self._taken < len(self.events):
                    event = self.events[self._taken]
                    self._taken += 1
                    if event["event"] == name:
                        body: dict[str, Any] = event.get("body") or {}
                        return body
                    if name != "terminated" and event["event"] == "terminated":
                        raise AssertionError(f"the program ended before the event {name!r}; {self.report()}")
                left = end - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    raise AssertionError(f"no event {name!r} in {limit} s; {self.report()}")

    def stopped(self, limit: float = LIMIT) -> dict[str, Any]:
        """The body of the next `stopped`."""
        return self.event("stopped", limit)

    def threads(self) -> dict[str, int]:
        """Numbers of threads and rows, by name."""
        return {row["name"]: row["id"] for row in self.request("threads")["threads"]}

    def stack(self, thread: int) -> list[dict[str, Any]]:
        """The frames of a thread or row, innermost first."""
        frames: list[dict[str, Any]] = self.request("stackTrace", threadId=thread)["stackFrames"]
        return frames

    def where(self, thread: int) -> tuple[str, int]:
        """Function and line of the innermost frame."""
        top = self.stack(thread)[0]
        return top["name"], top["line"]

    def locals(self, frame: int) -> dict[str, str]:
        """The local variables of a frame, by name."""
        scopes = self.request("scopes", frameId=frame)["scopes"]
        rows = self.request("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
        return {row["name"]: row["value"] for row in rows}

    def evaluate(self, expression: str, frame: int, context: str = "repl", limit: float = LIMIT) -> dict[str, Any]:
        """The response to `evaluate`, whether it is a success or not."""
        return self.response(self.send("evaluate", expression=expression, frameId=frame, context=context), limit)

    def wait_for_output(self, text: bytes, limit: float = LIMIT) -> None:
        """Waits until the program has printed that."""
        end = time.monotonic() + limit
        with self._arrived:
            while text not in self.out:
                left = end - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    raise AssertionError(f"no output {text!r} in {limit} s; {self.report()}")

    # ── The wire ──

    def command(self, command: str, **fields: Any) -> dict[str, Any]:
        """A command of the adapter's to the runtime, and its answer."""
        self._command += 1
        number = self._command
        assert self._wire is not None
        send_message(self._wire, {"type": "command", "id": number, "command": command, **fields})
        return self.message(lambda message: message["type"] == "answer" and message["id"] == number)

    def message(self, fits: Callable[[dict[str, Any]], bool], limit: float = LIMIT) -> dict[str, Any]:
        """The first message of the runtime that fits, of all that came or will come."""
        end = time.monotonic() + limit
        with self._arrived:
            while True:
                for message in self.messages:
                    if fits(message):
                        return message
                left = end - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    raise AssertionError(f"no such message in {limit} s; {self.report()}")

    def hang_up(self) -> None:
        """The adapter's end of the wire goes."""
        if self._wire is not None:
            self._wire.shutdown(socket.SHUT_RDWR)
            self._wire.close()

    # ── The end ──

    def finish(self, limit: float = LIMIT) -> int:
        """Waits for the program's own end; its exit code."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program did not end; {self.report()}") from None

    def result(self) -> tuple[int, bytes, bytes]:
        """Waits for the program's own end, and that of debugpy's adapter; exit code, output and errors."""
        code = self.finish()
        self.event("terminated")
        self._leave_adapter()
        return code, self.out, self.err

    def close(self) -> None:
        """Ends whatever still runs: the program, and debugpy's adapter, which ends when nobody is connected with it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT)
        self._leave_adapter()
        for connection in (self._dap, self._wire, self._wire_server):
            if connection is not None:
                connection.close()

    def _leave_adapter(self) -> None:
        """Hangs up on the adapter, and waits for its end: it has the program's standard output, as children of the program have."""
        with contextlib.suppress(OSError):
            self._dap.shutdown(socket.SHUT_RDWR)  # `close` alone does nothing while the file that is read of it is open.
        for thread in self._outputs:
            thread.join(LIMIT)
            assert not thread.is_alive(), self.report()

    def report(self) -> str:
        """What there is to see of the session, for a failure."""
        logs = [message["text"] for message in self.messages if message["type"] == "log"]
        events = [event["event"] for event in self.events][-20:]
        err = self.err[-3000:].decode(errors="replace")
        return f"exit code {self.process.poll()}, events {events}, log {logs}, out {self.out!r}, err {err}"

    def _serve_wire(self) -> None:
        try:
            connection = self._wire_server.accept()[0]
        except OSError:
            return
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": "adaptive"})
        self._wire = connection
        try:
            for kind, payload in read_frames(connection):
                if kind == wire.FRAME_JSON:
                    with self._arrived:
                        self.messages.append(payload)
                        self._arrived.notify_all()
        except OSError:
            pass

    def _read_output(self, name: str) -> None:
        pipe: Any = getattr(self.process, name)
        for line in pipe:
            with self._arrived:
                if name == "stdout":
                    self.out += line
                else:
                    self.err += line
                self._arrived.notify_all()

    def _read_dap(self) -> None:
        reader = self._dap.makefile("rb")
        try:
            while True:
                if hasattr(socket, "TCP_QUICKACK"):  # Or debugpy's adapter waits 40 ms before it sends more.
                    self._dap.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                length = 0
                while True:
                    line = reader.readline()
                    if not line:
                        return
                    if line == b"\r\n":
                        break
                    key, _, value = line.partition(b":")
                    if key.lower() == b"content-length":
                        length = int(value)
                message = json.loads(reader.read(length))
                if message["type"] == "response":
                    self._responses[message["request_seq"]].put(message)
                elif message["type"] == "event":
                    with self._arrived:
                        self.events.append(message)
                        self._arrived.notify_all()
        except (OSError, ValueError):
            return
        finally:
            with self._arrived:
                self.events.append({"event": "terminated"})
                self._arrived.notify_all()


def _connect(endpoints: Path, process: subprocess.Popen[bytes]) -> socket.socket:
    """A connection to debugpy's adapter, which has chosen its port and written it into that file."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", json.loads(endpoints.read_text())["client"]["port"]))
        except (OSError, ValueError):  # Not there yet, or not whole.
            time.sleep(0.02)
    raise AssertionError(f"debugpy does not listen: exit code {process.poll()}")


__all__ = ["LIMIT", "RUNTIME", "Debuggee", "marked"]
