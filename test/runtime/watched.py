"""Runs a program with the runtime in it against a listening stand-in for the adapter, or plainly, for tests that compare the two."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from listen import RUNTIME, decode_events, environment, read_frames, send_message, wire

LIMIT = 60


@dataclass
class Outcome:
    """What a program did, and what the runtime told of it."""

    code: int
    out: bytes
    err: bytes
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    connections: int = 0

    def count(self, name: str) -> int:
        """How many events of that name."""
        return sum(1 for event, _ in self.events if event == name)

    def seen(self) -> tuple[int, bytes, bytes]:
        """What a person or a script sees of a run, but for what is another in each run: addresses, and reports of slow callbacks."""
        return self.code, self.out, re.sub(rb"0x[0-9a-f]+|Executing <.* took [0-9.]+ seconds\n", b"", self.err)


def arguments_of(program: str, folder: Path, options: tuple[str, ...]) -> list[str]:
    """The command line of a program that is written into a folder."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8", errors="surrogatepass")
    return [sys.executable, *options, str(path), "first", "second"]


def run_plain(program: str, folder: Path, *options: str, env: dict[str, str] | None = None) -> Outcome:
    """Runs a program without the runtime."""
    done = subprocess.run(
        arguments_of(program, folder, options),
        env={**os.environ, **(env or {})},
        capture_output=True,
        timeout=LIMIT,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_watched(
    program: str,
    folder: Path,
    *options: str,
    env: dict[str, str] | None = None,
    level: str = "full",
    connected: Callable[[socket.socket], bool] = lambda _: True,
) -> Outcome:
    """Runs a program with the runtime in it and reads all that it and its children send.

    `connected` is given each connection before anything is read from it; False: it has dealt with it.
    """
    messages: list[dict[str, Any]] = []
    events: list[tuple[str, dict[str, Any]]] = []
    count = 0
    lock = threading.Lock()

    def read(connection: socket.socket) -> None:
        running: dict[float, int] = {}
        with connection:
            try:
                if not connected(connection):
                    return
                send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
                for kind, payload in read_frames(connection):
                    with lock:
                        if kind == wire.FRAME_JSON:
                            messages.append(payload)
                        elif kind == wire.FRAME_EVENTS:
                            events.extend(decode_events(payload, running))
            except OSError:
                return

    readers: list[threading.Thread] = []

    def accept() -> None:
        nonlocal count
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            count += 1
            reader = threading.Thread(target=read, args=(connection,), daemon=True)
            readers.append(reader)
            reader.start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        changed = environment(server.getsockname()[1], **(env or {}))
        if "PYTHONDONTWRITEBYTECODE" not in os.environ:
            changed.pop("PYTHONDONTWRITEBYTECODE", None)
        changed["PYTHONPATH"] = os.pathsep.join(filter(None, [str(RUNTIME / "bootstrap"), (env or {}).get("PYTHONPATH", "")]))
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        process = subprocess.Popen(
            arguments_of(program, folder, options),
            env=changed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            stdin=subprocess.DEVNULL,
        )
        try:
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        for reader in list(readers):
            reader.join(LIMIT)
        server.shutdown(socket.SHUT_RDWR)
    return Outcome(process.returncode, out, err, messages, events, count)


HEAD = "import asyncio, os, sys\n"


def same(program: str, folder: Path, *options: str, level: str = "full", env: dict[str, str] | None = None) -> Outcome:
    """Runs a program both ways and compares what is seen of it; nothing of ours may have failed. The outcome with the runtime."""
    plain = run_plain(HEAD + program, folder, *options, env=env)
    watched = run_watched(HEAD + program, folder, *options, level=level, env=env)
    assert watched.seen() == plain.seen()
    assert watched.connections >= 1
    errors = [message for message in watched.messages if message["type"] == "log" and message["level"] == "error"]
    assert errors == []
    return watched
