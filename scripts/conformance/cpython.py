"""Runs CPython's own `python -m test test_asyncio` with the runtime streaming everything into a sink, and once without, and compares.

    python scripts/conformance/cpython.py [--python PYTHON] [--level full] [--debugpy FOLDER] [--json FILE] [-- ARGUMENTS]

With --debugpy, the folder that holds the package, both runs are under a debugpy that listens and has no breakpoints: what differs then is
the bridge's doing. Prints the tests whose outcome differs, and exits with 1 if there are any. A Python whose test suite is not installed
is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "runtime"))
from listen import environment, send_message, wire

OUTCOME = re.compile(r"^(test\w* \([\w.]+\)).*?\.\.\. (ok|FAIL|ERROR|skipped.*|expected failure|unexpected success)\s*$", re.MULTILINE)

LIMIT = 300
"""Seconds for which the test runner waits for one test."""


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


def run(python: str, arguments: list[str], env: dict[str, str] | None, debugpy: str | None) -> dict[str, str]:
    """Test → outcome."""
    debugger = [str(Path(debugpy, "debugpy")), "--listen", "127.0.0.1:0"] if debugpy else []
    command = [python, *debugger, "-m", "test", "-v", f"--timeout={LIMIT}", "test_asyncio", *arguments]
    env = dict(env or os.environ, PYDEVD_DISABLE_FILE_VALIDATION="1")
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=env, timeout=3600)
    output = result.stdout + "\n" + result.stderr
    outcomes = {name: outcome.split()[0] for name, outcome in OUTCOME.findall(re.sub(r"\n(?!test)[^\n]*?\.\.\. ", " ... ", output))}
    if not outcomes:
        sys.exit("no test ran:\n" + output[-2000:])
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--level", default="full")
    parser.add_argument("--debugpy")
    parser.add_argument("--json", help="the result is added to this file")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    server = socket.create_server(("127.0.0.1", 0))
    totals = [0]
    threading.Thread(target=drain, args=(server, options.level, totals), daemon=True).start()
    watched = run(options.python, options.arguments, environment(server.getsockname()[1]), options.debugpy)
    plain = run(options.python, options.arguments, None, options.debugpy)
    differing = {name: (plain.get(name), watched.get(name)) for name in {*plain, *watched} if plain.get(name) != watched.get(name)}
    print(f"{len(plain)} tests without us, {len(watched)} with, {totals[0]:,} bytes received, {len(differing)} differ")
    for name, (before, after) in sorted(differing.items()):
        print(f"  {name}: {before} without, {after} with")
    if options.json:
        file = Path(options.json)
        known = json.loads(file.read_text()) if file.exists() else []
        result = {"suite": "test_asyncio", "python": platform.python_version(), "debugpy": bool(options.debugpy), "level": options.level}
        result.update(tests=len(plain), passed=sum(outcome == "ok" for outcome in plain.values()), received=totals[0], differ=differing)
        file.write_text(json.dumps([*known, result], indent=1) + "\n")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
