"""Runs the test suites of asyncio's libraries, as their source distributions hold them, with the runtime streaming everything and once
without, and compares test by test.

    python scripts/conformance/libraries.py [--python PYTHON] [--level full] [--suite NAME ...] [--seconds N] [--json FILE]

Packages and suites come from PyPI into .cache/conformance. A test whose outcome differs is run three times more each way, by itself: one
that then never differs depended on the time, and is listed as such. Exit code 1: a test differs for good, or a suite ran no test.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from cpython import drain

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "runtime"))
from listen import environment

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "conformance"
PYTEST = ["pytest", "pytest-timeout"]

SUITES: dict[str, dict[str, list[str]]] = {
    "pytest-asyncio": {"needs": ["pytest-asyncio", "hypothesis"], "run": ["tests"]},
    "anyio": {
        "needs": ["anyio", "trustme", "psutil", "truststore", "hypothesis", "pytest-mock"],
        "run": ["tests", "-k", "asyncio and not trio"],
    },
    "uvicorn": {
        "needs": [
            "uvicorn[standard]",
            "httpx",
            "trustme",
            "cryptography",
            "a2wsgi",
            "wsproto",
            "pytest-mock",
            "typing-extensions",
            "anyio",
        ],
        "run": ["tests", "-k", "not uvloop and not reload"],
    },
    "aiohttp": {
        "needs": [
            *["aiohttp[speedups]", "pytest-mock", "pytest-cov", "pytest-xdist", "pytest-codspeed", "pytest-aiohttp", "re-assert"],
            *["freezegun", "proxy.py", "trustme", "time-machine", "blockbuster", "isal", "zlib_ng", "gunicorn", "setuptools-git"],
        ],
        "run": ["tests/test_web_functional.py", "tests/test_client_functional.py", "tests/test_connector.py", "tests/test_streams.py"],
    },
}
"""What each suite needs from PyPI beside pytest, and what of it is run: for aiohttp the parts that use a loop most.
The source distribution of websockets holds no tests."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--level", default="full")
    parser.add_argument("--suite", nargs="+", default=list(SUITES), choices=list(SUITES))
    parser.add_argument("--seconds", type=int, default=1200, help="for one suite once")
    parser.add_argument("--json", help="results are added to this file")
    options = parser.parse_args()
    server = socket.create_server(("127.0.0.1", 0))
    totals = [0]
    threading.Thread(target=drain, args=(server, options.level, totals), daemon=True).start()
    port = server.getsockname()[1]
    results = []
    for name in options.suite:
        results.append(compare(name, options, port, totals))
        print(json.dumps(results[-1]), flush=True)
    if options.json:
        file = Path(options.json)
        known = json.loads(file.read_text()) if file.exists() else []
        file.write_text(json.dumps(known + results, indent=1) + "\n")
    sys.exit(1 if any(result["differ"] or not result["tests"] for result in results) else 0)


def compare(name: str, options: argparse.Namespace, port: int, totals: list[int]) -> dict[str, object]:
    """Runs one suite both ways."""
    python, version = prepare(name, options.python)
    folder, suite_version = source(name, python)
    before = totals[0]
    arguments = SUITES[name]["run"]
    plain = outcomes(python, folder, arguments, None, options.seconds)
    watched = outcomes(python, folder, arguments, environment(port), options.seconds)
    differ = sorted(test for test in {*plain, *watched} if plain.get(test) != watched.get(test))
    unsteady = [test for test in differ if is_unsteady(test, python, folder, port, options.seconds)]
    return {
        "suite": name,
        "version": suite_version,
        "python": version,
        "tests": len(plain),
        "passed": sum(outcome == "passed" for outcome in plain.values()),
        "failed": sum(outcome == "failed" for outcome in plain.values()),
        "received": totals[0] - before,
        "differ": {test: [plain.get(test), watched.get(test)] for test in differ if test not in unsteady},
        "unsteady": unsteady,
    }


def is_unsteady(test: str, python: Path, folder: Path, port: int, seconds: int) -> bool:
    """Whether a test that differed depends on the time: by itself, three times each way, it comes out both ways in the same manner."""
    module, _, rest = test.partition("::")
    file = module.replace(".", "/")
    parts = file.split("/")
    while parts and not (folder / ("/".join(parts) + ".py")).exists():
        parts.pop()
    if not parts:
        return False
    classes = file.split("/")[len(parts) :]
    node = "::".join(["/".join(parts) + ".py", *classes, rest])
    ways: list[set[str]] = []
    for env in (None, environment(port)):
        ways.append({outcome for _ in range(3) for outcome in outcomes(python, folder, [node], env, seconds).values()})
    return bool(ways[0]) and ways[0] == ways[1]


def prepare(name: str, base: str) -> tuple[Path, str]:
    """A virtual environment with what a suite needs: its interpreter and version."""
    version = subprocess.run([base, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True)
    folder = CACHE / f"{name}-{version.stdout.strip()}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([base, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary"]
        subprocess.run([*pip, *PYTEST, *SUITES[name]["needs"]], check=True)
        (folder / "ready").touch()
    return python, version.stdout.strip()


def source(name: str, python: Path) -> tuple[Path, str]:
    """The unpacked source distribution of the version that is installed, without the package itself: the installed one is tested."""
    ask = f"from importlib.metadata import version; print(version({name!r}))"
    version = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    folder = CACHE / "sources" / f"{name}-{version}"
    if not folder.exists():
        target = CACHE / "sdists"
        pip = [str(python), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, "-d", str(target), f"{name}=={version}"], check=True)
        archive = next(target.glob(f"{name.replace('-', '[-_]')}-{version}.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(CACHE / "unpacked")
        (CACHE / "sources").mkdir(exist_ok=True)
        shutil.move(str(next((CACHE / "unpacked").glob(f"{name.replace('-', '[-_]')}-{version}"))), folder)
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder, version


def outcomes(python: Path, folder: Path, arguments: list[str], env: dict[str, str] | None, seconds: int) -> dict[str, str]:
    """Test → passed, failed or skipped."""
    report = CACHE / "report.xml"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "-o", "addopts=", "--timeout=60", "-p", "no:cacheprovider", f"--junitxml={report}"]
    result = None
    try:
        result = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=env or dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        print(f"{folder.name}: not done in {seconds} s", file=sys.stderr)
    if not report.exists():
        print((result.stdout[-1500:] if result else "") or "no report", file=sys.stderr)
        return {}
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[f"{case.get('classname')}::{case.get('name')}"] = outcome
    return found


if __name__ == "__main__":
    main()
