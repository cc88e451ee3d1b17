"""Runs a program with the runtime and decodes what it sends, and says which tests need a newer Python for theirs. Judges nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from listen import decode_events, environment, read_frames, send_message, wire

needs_eager_tasks = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")


class Recording:
    """What a program sent, decoded."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.strings: dict[int, str] = {}
        self.headers: list[dict[str, float]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.output = ""
        self.errors = ""
        self.exit_code = 0

    def named(self, name: str) -> list[dict[str, Any]]:
        """The fields of all events of that name."""
        return [fields for event, fields in self.events if event == name]

    @property
    def steps(self) -> int:
        """How many steps of tasks ran, counted or listed."""
        return sum(event["steps"] for event in self.named("counts")) + sum(event["subject"] > 0 for event in self.named("start"))

    @property
    def waits(self) -> int:
        """How many times tasks waited, counted or listed."""
        return sum(event["waits"] for event in self.named("counts")) + len(self.named("taskWaits"))

    def coroutine(self, event: dict[str, Any]) -> str:
        """The qualified name of a created task's coroutine."""
        return self.strings[event["coroutine"]].split("\t")[0]


def record(program: str, level: str = "adaptive", queries: tuple[dict[str, Any], ...] = (), **env: str) -> Recording:
    """Runs a program with the runtime until it ends. `queries` are sent when the first loop runs."""
    result = Recording()
    server = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment(server.getsockname()[1], **env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    connection = server.accept()[0]
    send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
    asked = False
    running: dict[float, int] = {}
    for kind, payload in read_frames(connection):
        if kind == wire.FRAME_JSON:
            result.messages.append(payload)
            if payload.get("what") == "runs" and not asked:
                asked = True
                for number, query in enumerate(queries):
                    send_message(connection, {"type": "query", "id": number, "loop": payload["loop"], **query})
        elif kind == wire.FRAME_STRINGS:
            result.strings.update(dict(payload))
        else:
            result.headers.append(dict(zip(wire.BATCH_HEADER, payload)))
            result.events += decode_events(payload, running)
    result.output, result.errors = process.communicate(timeout=30)
    result.exit_code = process.returncode
    connection.close()
    server.close()
    return result
