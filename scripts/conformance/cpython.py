"""Runs CPython's own `python -m test test_asyncio` with the runtime streaming everything into a sink, and once without, and compares.

    python scripts/conformance/cpython.py [--python PYTHON] [--level full] [--plain-results FILE] [-- more arguments for the test runner]

Prints the tests whose outcome differs, and exits with 1 if there are any. A Python whose test suite is not installed is an error.
"""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "runtime"))
from listen import environment, send_message, wire

OUTCOME = re.compile(r"^(test\w* \([\w.]+\)).*?\.\.\. (ok|FAIL|ERROR|skipped.*|expected failure|unexpected success)\s*$", re.MULTILINE)


def drain(server: socket.socket, level: str, totals: list[int]) -> None:
    """Reads and throws away what every process that connects sends."""

    def read(connection: socket.socket) -> None:
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
        while chunk := connection.recv(1 << 20):
            totals[0] += len(chunk)

    while True:
        try:
            connection = server.accept()[0]
        except OSError:
            return
        threading.Thread(target=read, args=(connection,), daemon=True).start()


def run(python: str, arguments: list[str], env: dict[str, str] | None) -> dict[str, str]:
    """Test → outcome."""
    command = [python, "-m", "test", "-v", "test_asyncio", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env, timeout=1800)
    output = result.stdout + "\n" + result.stderr
    outcomes = {name: outcome.split()[0] for name, outcome in OUTCOME.findall(re.sub(r"\n(?!test)[^\n]*?\.\.\. ", " ... ", output))}
    if not outcomes:
        sys.exit("no test ran:\n" + output[-2000:])
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--level", default="full")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    server = socket.create_server(("127.0.0.1", 0))
    totals = [0]
    threading.Thread(target=drain, args=(server, options.level, totals), daemon=True).start()
    watched = run(options.python, options.arguments, environment(server.getsockname()[1]))
    plain = run(options.python, options.arguments, None)
    differing = {name: (plain.get(name), watched.get(name)) for name in {*plain, *watched} if plain.get(name) != watched.get(name)}
    print(f"{len(plain)} tests without us, {len(watched)} with, {totals[0]:,} bytes received, {len(differing)} differ")
    for name, (before, after) in sorted(differing.items()):
        print(f"  {name}: {before} without, {after} with")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
