"""Runs CPython's own `python -m test test_asyncio` with the runtime streaming everything into a sink, and once without, and compares.

    python scripts/conformance/cpython.py [--python PYTHON] [--level full] [--debugpy FOLDER] [--json FILE] [-- ARGUMENTS]

With --debugpy, the folder that holds the package, both runs are under a debugpy that listens and has no breakpoints: what differs then is
the bridge's doing. Prints the tests whose outcome differs, and exits with 1 if there are any. A Python whose test suite is not installed
is an error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "runtime"))
from listen import environment, send_message, wire

OUTCOME = re.compile(
    r"^(test\w* \([\w.]+\))(?:(?!\ntest\w* \().)*?(?:\.\.\. |\n)(ok|FAIL|ERROR|skipped [^\n]*|expected failure|unexpected success)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
"""A test's line, and its outcome: at the end of a line, or on one of its own after what the test has printed."""

LOGS = Path(__file__).resolve().parents[2] / ".cache" / "conformance"

LIMIT = 300
"""Seconds for which the test runner waits for one test."""


def drain(server: socket.socket, level: str, totals: list[int]) -> None:
    """Reads and throws away what every process that connects sends."""

    def read(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # A process that was killed.
            send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
            while chunk := connection.recv(1 << 20):
                totals[0] += len(chunk)

    while True:
        try:
            connection = server.accept()[0]
        except OSError:
            return
        threading.Thread(target=read, args=(connection,), daemon=True).start()


def run(python: str, arguments: list[str], env: dict[str, str] | None, debugpy: str | None, log: Path) -> tuple[dict[str, str], str]:
    """Test → outcome; and why the run did not come to its end, or nothing. The whole output is in the log."""
    debugger = [str(Path(debugpy, "debugpy")), "--listen", "127.0.0.1:0"] if debugpy else []
    # Unbuffered, so that the outcomes of a run that is cut off are there.
    command = [python, "-u", *debugger, "-m", "test", "-v", f"--timeout={LIMIT}", "test_asyncio", *arguments]
    env = dict(env or os.environ, PYDEVD_DISABLE_FILE_VALIDATION="1")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=env, timeout=3600).returncode
    output = log.read_text(errors="replace")
    outcomes = {name: outcome.split()[0] for name, outcome in OUTCOME.findall(output)}
    if not outcomes:
        sys.exit("no test ran:\n" + output[-2000:])
    end = "" if re.search(r"^(Total duration|Total test files|Result:)", output, re.MULTILINE) else f"exit code {code}, see {log}"
    return outcomes, end


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
    version = subprocess.run([options.python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True)
    stem = f"cpython-{version.stdout.strip()}{'-debugpy' if options.debugpy else ''}"
    watched_env = environment(server.getsockname()[1])
    watched, early = run(options.python, options.arguments, watched_env, options.debugpy, LOGS / f"{stem}-watched.log")
    plain, plain_early = run(options.python, options.arguments, None, options.debugpy, LOGS / f"{stem}-plain.log")
    differing = {name: (plain.get(name), watched.get(name)) for name in {*plain, *watched} if plain.get(name) != watched.get(name)}
    print(f"{len(plain)} tests without us, {len(watched)} with, {totals[0]:,} bytes received, {len(differing)} differ")
    for way, why in (("with", early), ("without", plain_early)):
        if why:
            print(f"  the run {way} us did not come to its end: {why}")
    for name, (before, after) in sorted(differing.items()):
        print(f"  {name}: {before} without, {after} with")
    if options.json:
        file = Path(options.json)
        known = json.loads(file.read_text()) if file.exists() else []
        result = {"suite": "test_asyncio", "python": version.stdout.strip(), "debugpy": bool(options.debugpy), "level": options.level}
        result.update(tests=len(plain), passed=sum(outcome == "ok" for outcome in plain.values()), received=totals[0], differ=differing)
        file.write_text(json.dumps([*known, result], indent=1) + "\n")
    sys.exit(1 if differing or early or plain_early else 0)


if __name__ == "__main__":
    main()
