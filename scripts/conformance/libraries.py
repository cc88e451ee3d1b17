"""Runs the test suites of asyncio's libraries, as their source distributions hold them, with the runtime streaming everything and once
without, and compares test by test.

    python scripts/conformance/libraries.py [--python PYTHON] [--level full] [--suite NAME ...] [--seconds N] [--json FILE]

Packages and suites come from PyPI into ~/.cache/loopscope/conformance, by the versions of suites/*.txt and, the source distributions, by
hash. A test whose outcome differs is run three times more each way, by itself: one that then never differs depended on the time, and is
listed as such. Exit code 1: a test differs for good, or a suite ran no test or not to its end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from cpython import drain

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "runtime"))
from listen import environment

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("LOOPSCOPE_CACHE") or Path.home() / ".cache" / "loopscope") / "conformance"


@dataclass(frozen=True)
class Suite:
    """What of a package's suite is run: pytest's arguments, and the tests left out, each with the reason."""

    run: list[str]
    without: dict[str, str] = field(default_factory=dict)


SUITES: dict[str, Suite] = {
    "pytest-asyncio": Suite(["tests"]),
    "anyio": Suite(["tests", "-p", "anyio", "-k", "asyncio and not trio and not uvloop"]),
    "uvicorn": Suite(["tests", "--ignore=tests/benchmarks"]),
    "websockets": Suite(["tests"]),
    "aiohttp": Suite(
        ["tests", "--ignore=tests/autobahn", "--ignore=tests/isolated", "--ignore-glob=tests/test_benchmarks_*"],
        {"tests/test_imports.py": "measures the time of an import"},
    ),
}
"""websockets: its distributions hold the tests without I/O only, and from 17.0 on none. What does I/O of it is run by uvicorn's suite."""

HASHES = {
    "aiohttp-3.13.5": "9d98cc980ecc96be6eb4c1994ce35d28d8b1f5e5208a23b421187d1209dbb7d1",
    "aiohttp-3.14.5": "5558a7f5a05af9ecf744af91e5baefc436f93c9333e656c27ec253f9a6bbe178",
    "anyio-4.12.1": "41cfcc3a4c85d3f05c932da7c26d0201ac36f72abd4435ba90d0464a3ffed703",
    "anyio-4.16.0": "59bb03251907983d1603d27c3087ddb1e93299ea2163adcdba37899a4fb12ffb",
    "pytest_asyncio-1.2.0": "c609a64a2a8768462d0c99811ddb8bd2583c33fd33cf7f21af1c142e824ffb57",
    "pytest_asyncio-1.5.0": "92c8fa83ca419fd0d4bd6a34df6520dae435841d3733c319343249492adf37f7",
    "uvicorn-0.39.0": "610512b19baa93423d2892d7823741f6d27717b642c8964000d7194dded19302",
    "uvicorn-0.54.0": "a2e33cbfaa0306f8e6b0c13e0cb89d7d7a2da3e62b90c66e18c33d9807b28620",
    "websockets-15.0.1": "82544de02076bafba038ce055ee6412d68da13ab47f0c60cab827346de828dee",
    "websockets-16.1.1": "db234eda965dcce15df96bb9709f587cd87d4d52aaf0e80e2f34ec04c7670c57",
}
"""SHA-256 of the source distributions."""


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
    good = True
    for name in options.suite:
        result = Comparison(name, options.python, server.getsockname()[1], options.seconds).result(totals)
        good = good and bool(result["tests"]) and not result["differ"] and not result["unfinished"]
        print(json.dumps(result, indent=1), flush=True)
        if options.json:
            file = Path(options.json)
            file.parent.mkdir(parents=True, exist_ok=True)
            known = json.loads(file.read_text()) if file.exists() else []
            file.write_text(json.dumps([*known, result], indent=1) + "\n")
    sys.exit(0 if good else 1)


class Comparison:
    """One suite on one Python, run both ways."""

    def __init__(self, name: str, base: str, port: int, seconds: int) -> None:
        self.name = name
        self.seconds = seconds
        self.python, self.version = prepare(name, base)
        self.folder, self.suite_version = source(name, self.python)
        self.environments = {"plain": dict(os.environ), "watched": environment(port, LOOPSCOPE_CHILDREN="1")}
        self.unfinished: list[str] = []

    def result(self, totals: list[int]) -> dict[str, object]:
        """Runs the suite both ways, and what differs again."""
        suite = SUITES[self.name]
        arguments = [*suite.run, *(f"--deselect={test}" for test in suite.without)]
        before = totals[0]
        plain = self.outcomes("plain", arguments)
        watched = self.outcomes("watched", arguments)
        cut_off = list(self.unfinished)
        received = totals[0] - before
        # Of a run that was cut off, what came before counts.
        tests = {*plain} & {*watched} if cut_off else {*plain, *watched}
        differ = {
            test: [plain.get(test, ("not run",)), watched.get(test, ("not run",))]
            for test in sorted(tests)
            if plain.get(test, ("",))[0] != watched.get(test, ("",))[0]
        }
        unsteady = [test for test in differ if self.is_unsteady(test)]
        count = {kind: sum(outcome == kind for outcome, _ in plain.values()) for kind in ("passed", "failed", "skipped", "xfailed")}
        return {
            "suite": self.name,
            "version": self.suite_version,
            "python": self.version,
            "date": time.strftime("%Y-%m-%d"),
            "tests": len(tests),
            "without us": count,
            "received": received,
            "unfinished": cut_off,
            "differ": {test: outcomes for test, outcomes in differ.items() if test not in unsteady},
            "unsteady": {test: differ[test] for test in unsteady},
            "fails without us too": {test: reason for test, (outcome, reason) in plain.items() if outcome == "failed"},
        }

    def is_unsteady(self, test: str) -> bool:
        """Whether a test that differed depends on the time: by itself, three times each way, it has the same outcomes both ways."""
        ways: list[set[str]] = []
        for way in self.environments:
            ways.append({outcome for _ in range(3) for outcome, _ in self.outcomes(way, [test]).values()})
        return bool(ways[0]) and ways[0] == ways[1]

    def outcomes(self, way: str, arguments: list[str]) -> dict[str, tuple[str, str]]:
        """Test → outcome, and the reason where it failed."""
        report = CACHE / f"outcomes-{os.getpid()}.jsonl"
        report.write_text("")
        command = [str(self.python), "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "loopscope_outcomes"]
        # Output goes to a file: a process that a test leaves behind holds a pipe open.
        with (CACHE / f"{self.name}-{self.version}-{way}.log").open("w+", errors="replace") as log:
            process = subprocess.Popen(
                [*command, "--timeout=60", *arguments],
                cwd=self.folder,
                env={**self.environments[way], "CONFORMANCE_OUTCOMES": str(report)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code: int | None = process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                code = None
                os.killpg(process.pid, 9)
                process.wait()
            log.seek(0)
            said = log.read()
        if code not in (0, 1):  # pytest's exit codes: all passed, some failed
            self.unfinished.append(f"{way}: {'not done in time' if code is None else f'exit code {code}'}: {said[-500:]}")
        lines = report.read_text(encoding="utf-8").splitlines()
        report.unlink()
        return {test: (outcome, reason) for test, outcome, reason in map(json.loads, lines)}


def prepare(name: str, base: str) -> tuple[Path, str]:
    """A virtual environment with what a suite needs: its interpreter and version."""
    version = subprocess.run([base, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True)
    folder = CACHE / f"{name}-{version.stdout.strip()}"
    python = folder / "bin" / "python"
    requirements = HERE / "suites" / f"{name}.txt"
    stamp = folder / "ready"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        # The newer Pythons of newer-pythons.sh bring no pip of their own: the pip of this Python installs into all.
        subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
        pip = [*PIP, "--python", str(python), "install", "-q", "--prefer-binary"]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        stamp.write_text(requirements.read_text())
    packages = subprocess.run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True)
    shutil.copy(HERE / "outcomes.py", Path(packages.stdout.strip()) / "loopscope_outcomes.py")
    return python, version.stdout.strip()


PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def source(name: str, python: Path) -> tuple[Path, str]:
    """The unpacked source distribution of the version that is installed, without the package itself: the installed one is tested."""
    ask = f"from importlib.metadata import version; print(version({name!r}))"
    version = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    stem = f"{name.replace('-', '_')}-{version}"
    folder = CACHE / "sources" / stem
    if not folder.exists():
        archive = CACHE / "sdists" / f"{stem}.tar.gz"
        if not archive.exists():
            download = [*PIP, "download", "-q", "--no-deps", "--no-binary", name, "--dest", str(archive.parent)]
            subprocess.run([*download, f"{name}=={version}"], check=True)
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != HASHES.get(stem):
            sys.exit(f"{archive} has the hash {found}, not the one of HASHES: look at what it is.")
        unpacked = CACHE / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        package = unpacked / stem / name.replace("-", "_")
        shutil.rmtree(package, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(unpacked / stem), folder)
    return folder, version


if __name__ == "__main__":
    main()
