"""Records what workloads send at level full, for test/bench/model.ts to receive again.

    python test/bench/record_streams.py [--seconds S] FOLDER WORKLOAD ...

Writes FOLDER/WORKLOAD.bin, the frames after the token, and FOLDER/WORKLOAD.json, what the sink counted in them: how many
tasks were created and ended, and the last tick. Run with the Python that is to be recorded.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from sink import Sink, wire

from runtime import HERE, LIMIT, environment, prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", default="1")
    parser.add_argument("folder", type=Path)
    parser.add_argument("workload", nargs="+")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    python = prepare(sys.executable, [], options.workload)
    for workload in options.workload:
        sink = Sink("full")
        command = [python, str(HERE / "workloads.py"), workload, options.seconds]
        subprocess.run(command, env=environment(sink.port), stdout=subprocess.DEVNULL, timeout=LIMIT, check=True)
        totals = sink.totals()
        if totals.dropped:
            sys.exit(f"{workload}: {totals.dropped} events were dropped: record on a machine that is less busy, or for less long.")
        (options.folder / f"{workload}.bin").write_bytes(sink.received()[5 + wire.TOKEN_LENGTH :])
        found = {"created": totals.created, "ended": totals.ended, "ticks": totals.ticks}
        (options.folder / f"{workload}.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
