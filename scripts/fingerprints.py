"""Makes src/runtime/loopscope/fingerprint_table.py: fingerprints of what the runtime stands in for, from real CPythons.

    python3 scripts/fingerprints.py PYTHON[=ASYNCIO_FOLDER] …     adds what these have to the table
    python3 scripts/fingerprints.py --check PYTHON …              fails if one of these has what the table lacks

`ASYNCIO_FOLDER` is the `asyncio` folder of another patch release of the same minor version: its source is compiled by PYTHON.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src" / "runtime" / "loopscope" / "fingerprint_table.py"

# Runs in the interpreter that is looked at. Prints [version, {name: fingerprint}] for each level of optimisation.
PROBE = """
import json, pathlib, sys, types
sys.path.insert(0, sys.argv[1])
folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
from loopscope import fingerprints
import asyncio
folder = folder or pathlib.Path(asyncio.__file__).parent

def find(code, parts):
    if not parts:
        return code
    for constant in code.co_consts:
        if hasattr(constant, "co_code") and constant.co_name == parts[0]:
            found = find(constant, parts[1:])
            if found is not None:
                return found
    return None

result = []
for level in (0, 1, 2):
    prints = {}
    for module, name in fingerprints.FUNCTIONS + fingerprints.EVENT_FUNCTIONS:
        source = (folder / (module + ".py")).read_bytes()
        code = find(compile(source, module, "exec", dont_inherit=True, optimize=level), name.split("."))
        prints[name] = fingerprints.fingerprint(code) if code is not None else None
    result.append(prints)
print(json.dumps(result))
"""


def probe(python: str, folder: str | None) -> list[dict[str, int | None]]:
    """The fingerprints of one CPython, for each level of optimisation."""
    command = [python, "-I", "-c", PROBE, str(ROOT / "src" / "runtime"), *([folder] if folder else [])]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def read_table() -> dict[str, set[int]]:
    """The table as it is; empty if there is none."""
    scope: dict[str, dict[str, tuple[int, ...]]] = {}
    if TABLE.exists():
        exec(TABLE.read_text(encoding="utf-8"), scope)
    return {name: set(values) for name, values in scope.get("KNOWN", {}).items()}


def write_table(table: dict[str, set[int]]) -> None:
    """Writes the table, sorted."""
    lines = [
        '"""Fingerprints of asyncio\'s functions in the CPythons that were looked at. Made by scripts/fingerprints.py."""',
        "",
        "KNOWN: dict[str, frozenset[int]] = {",
    ]
    for name in sorted(table):
        lines.append(f'    "{name}": frozenset(')
        lines.append("        {")
        lines += [f"            0x{value:016X}," for value in sorted(table[name])]
        lines += ["        }", "    ),"]
    lines += ["}", ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def main() -> int:
    """Adds to the table, or checks it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("pythons", nargs="+", metavar="PYTHON[=ASYNCIO_FOLDER]")
    options = parser.parse_args()
    table = read_table()
    if not table and not options.check:
        write_table({})
    lacking = 0
    for python, _, folder in (text.partition("=") for text in options.pythons):
        for prints in probe(python, folder or None):
            for name, value in prints.items():
                if value is None:
                    continue
                known = table.setdefault(name, set())
                if value not in known:
                    lacking += 1
                    print(f"{python} {folder}: {name} is new", file=sys.stderr)
                known.add(value)
    if options.check:
        return 1 if lacking else 0
    write_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
