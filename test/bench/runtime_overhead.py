"""How much the runtime slows a program: CPU-time ratios to the same program without us, medians of interleaved pairs.

    python test/bench/runtime_overhead.py [--python PYTHON ...] [--level adaptive full] [--workload NAME ...] [--pairs N] [--seconds S]

The program streams into a sink process that reads and throws away. A plain/plain column is the control: what the machine's noise is.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "runtime"))
from listen import environment, send_message, wire  # noqa: E402
from workloads import WORKLOADS  # noqa: E402


def run_plain(python: str, name: str, seconds: float) -> float:
    """CPU seconds a round without us."""
    output = subprocess.run([python, str(HERE / "workloads.py"), name, str(seconds)], capture_output=True, text=True, check=True)
    return float(output.stdout.split()[0])


def run_watched(python: str, name: str, seconds: float, level: str) -> float:
    """CPU seconds a round while streaming at that level."""
    server = socket.create_server(("127.0.0.1", 0))

    def drain() -> None:
        connection = server.accept()[0]
        send_message(connection, {"type": "welcome", "wire": wire.WIRE_VERSION, "level": level})
        while connection.recv(1 << 20):
            pass

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    output = subprocess.run(
        [python, str(HERE / "workloads.py"), name, str(seconds)],
        capture_output=True,
        text=True,
        check=True,
        env=environment(server.getsockname()[1]),
    )
    thread.join(5)
    server.close()
    return float(output.stdout.split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[sys.executable])
    parser.add_argument("--level", nargs="+", default=["adaptive", "full"])
    parser.add_argument("--workload", nargs="+", default=list(WORKLOADS))
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.6)
    options = parser.parse_args()
    for python in options.python:
        version = subprocess.run([python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True).stdout
        print(f"CPython {version.strip()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
        print(f"  {'workload':<16}{'control':>10}" + "".join(f"{level:>12}" for level in options.level) + "   (plain, ms a round)")
        for name in options.workload:
            ratios: dict[str, list[float]] = {level: [] for level in ["control", *options.level]}
            plain_times = []
            for _ in range(options.pairs):
                plain = run_plain(python, name, options.seconds)
                plain_times.append(plain)
                for level in options.level:
                    ratios[level].append(run_watched(python, name, options.seconds, level) / plain)
                ratios["control"].append(run_plain(python, name, options.seconds) / plain)
            cells = "".join(f"{statistics.median(ratios[level]):>12.2f}" for level in options.level)
            print(
                f"  {name:<16}{statistics.median(ratios['control']):>10.2f}{cells}   ({statistics.median(plain_times) * 1000:.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
