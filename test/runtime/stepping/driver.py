"""A client that stops and steps a program's loops over the wire, for the tests of this folder.

It runs one program with the runtime in it, sends commands and queries, and keeps what came. Nothing here sleeps: each
wait is for a message.
"""

from __future__ import annotations

import collections
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from listen import RUNTIME, TOKEN, accept_runtime, decode_events, environment, read_frames, send_message, wire

__all__ = ["FIRST", "PATIENCE", "RUNTIME", "TOKEN", "Refused", "Stepped"]

PATIENCE = 20
"""Seconds: only a test that fails takes them."""

FIRST = {"stopOnFirstTick": True}


class Refused(Exception):
    """A command or query that was answered with an error: its sentence."""


class Stepped:
    """A program under the stepper: its text, its command, or a function from our port to that of one which connects by itself.

    To be used in a `with`; the program is killed at its end if it still runs.
    """

    def __init__(
        self,
        program: str | list[str] | Callable[[int], list[str]],
        *,
        settings: dict[str, Any] | None = None,
        level: str = "adaptive",
        cwd: Path | None = None,
        **env: str,
    ) -> None:
        self.messages: list[dict[str, Any]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, float]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._seen: collections.Counter[str] = collections.Counter()
        self._last = 0
        self._over = False
        self._server = socket.create_server(("127.0.0.1", 0))
        if settings is not None:
            env["LOOPSCOPE_STEPPING"] = json.dumps(settings)
        port: int = self._server.getsockname()[1]
        if isinstance(program, str):
            program = [sys.executable, "-c", textwrap.dedent(program)]
        self.process = subprocess.Popen(
            program if isinstance(program, list) else program(port),
            env=environment(port, **env) if isinstance(program, list) else {**os.environ, **env},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )
        self.connection = accept_runtime(self._server)
        send_message(self.connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
        self._running: dict[float, int] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Stepped:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self._server.close()
        self.connection.close()

    def _read(self) -> None:
        try:
            for kind, payload in read_frames(self.connection, greeted=True):
                with self._changed:
                    if kind == wire.FRAME_JSON:
                        if payload["type"] == "answer":
                            self._answers[payload["id"]] = payload
                        else:
                            self.messages.append(payload)
                    elif kind == wire.FRAME_EVENTS:
                        self.headers.append(dict(zip(wire.BATCH_HEADER, payload)))
                        self.events += decode_events(payload, self._running)
                    self._changed.notify_all()
        except OSError:
            pass
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _wait(self, what: str, found: Callable[[], Any]) -> Any:
        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None or self._over, PATIENCE) or found() is None:
                raise AssertionError(f"no {what}; the last: {self.messages[-5:]}; stderr: {self._errors()}")
            return found()

    def _errors(self) -> str:
        if not self._over or self.process.stderr is None:
            return "the program still runs"
        return self.process.stderr.read()

    def next(self, kind: str, matches: Callable[[dict[str, Any]], bool] = lambda _: True, loop: int = 0) -> dict[str, Any]:
        """The next message of that type (of that loop) that matches, among those that `next` has not given yet."""
        counter = f"{kind} {loop}" if loop else kind

        found: list[dict[str, Any]] = []

        def look() -> dict[str, Any] | None:
            if found:
                return found[0]
            for index in range(self._seen[counter], len(self.messages)):
                message = self.messages[index]
                if message["type"] == kind and loop in (0, message.get("loop")) and matches(message):
                    self._seen[counter] = index + 1
                    found.append(message)
                    return message
            return None

        return self._wait(f"message {kind!r}", look)

    def next_of(self, kinds: tuple[str, ...]) -> dict[str, Any]:
        """The next message of one of these types: the first that `next` and this have not given yet."""
        counters = {kind: f"{kind} 1" if kind == "stopped" else kind for kind in kinds}
        first = {kind: self._seen[counter] for kind, counter in counters.items()}

        def look() -> tuple[int, dict[str, Any]] | None:
            found = [(index, m) for index, m in enumerate(self.messages) if m["type"] in kinds and index >= first[m["type"]]]
            return found[0] if found else None

        index, message = self._wait(f"message of {kinds}", look)
        self._seen[counters[message["type"]]] = index + 1
        return message

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Sends a command or a query and gives its result. Raises Refused."""
        self._last += 1
        number = self._last
        send_message(self.connection, {"type": kind, "id": number, **fields})
        answer = self._wait(f"answer to {fields}", lambda: self._answers.get(number))
        if not answer["ok"]:
            raise Refused(answer["error"])
        return answer["result"]

    def command(self, command: str, **fields: Any) -> dict[str, Any]:
        """A command."""
        return self.ask("command", command=command, **{"loop": 1, **fields})

    def query(self, query: str, **fields: Any) -> dict[str, Any]:
        """A query."""
        return self.ask("query", query=query, **{"loop": 1, **fields})

    def stop(self, loop: int = 1) -> dict[str, Any]:
        """The next stop of a loop."""
        return self.next("stopped", loop=loop)

    def pause(self, loop: int = 1) -> dict[str, Any]:
        """Pauses, and gives the stop."""
        self.command("pause", loop=loop)
        return self.stop(loop)

    def step(self, kind: str = "handle", loop: int = 1, **goal: Any) -> dict[str, Any]:
        """Goes on until a goal, and gives the stop there."""
        self.command("step", loop=loop, goal={"kind": kind, **goal})
        return self.stop(loop)

    def resume(self, loop: int = 1) -> None:
        """Goes on for good."""
        self.command("continue", loop=loop)

    def runs(self, loop: int = 1) -> None:
        """Returns when a loop runs."""
        self.next("loop", lambda message: message["loop"] == loop and message["what"] == "runs")

    def ready(self, loop: int = 1) -> list[dict[str, Any]]:
        """The rows of the ready queue."""
        return self.query("ready", loop=loop, offset=0, limit=200)["rows"]

    def say(self, line: str) -> None:
        """A line on the program's standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        """Exit code, output and errors of the program, once it has ended."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err
