"""Records what the runtime sends, from real Pythons, for the tests to decode: `python record.py PYTHON ...`.

For each interpreter it writes to golden/ the frames of one run of program.py (`run-3.N.bin`) with what asyncio itself
says of its tasks (`run-3.N.json`), and numbers as that Python marshals them (`numbers-3.N.bin`, `.json`). Folders of
the machine, process ids and times of day are replaced; the rest is as it was sent. It is run by hand when the wire
changes: the tests never write these files.
"""

import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = HERE.parent.parent / "src" / "runtime"
FRAME_HEADER_BYTES = 5
GREETING_BYTES = 4 + 1 + 64
NUMBERS = (
    "[0, 1, -1, 2**31 - 1, -2**31, 2**31, -2**31 - 1, 2**47 + 16, 2**53 - 1, -2**53 + 1, 0.0, -0.0, 1.5, 1e300, "
    "5e-324, float('inf'), float('-inf'), 123456.789]"
)


def record(python: str) -> None:
    """Writes the four files of one interpreter."""
    version = ask(python, "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    golden = HERE / "golden"
    frames, printed = run(python)
    prefix = ask(python, "import asyncio, os; print(os.path.dirname(os.path.dirname(asyncio.__file__)))").strip()
    (golden / f"run-{version}.bin").write_bytes(made_stable(frames, prefix))
    (golden / f"run-{version}.json").write_text(json.dumps(json.loads(printed), indent=2) + "\n", encoding="utf-8")
    script = f"import marshal, sys; sys.stdout.buffer.write(marshal.dumps({NUMBERS}, 2))"
    numbers = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, check=True).stdout
    (golden / f"numbers-{version}.bin").write_bytes(numbers)
    expected = [repr(number) if isinstance(number, float) else number for number in eval(NUMBERS)]
    (golden / f"numbers-{version}.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")


def ask(python: str, script: str) -> str:
    """What a script prints."""
    return subprocess.run([python, "-c", script], stdout=subprocess.PIPE, check=True, text=True).stdout


def run(python: str) -> tuple[bytes, str]:
    """What the runtime sends while program.py runs, without the greeting, and what the program prints."""
    token = secrets.token_hex(32)
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = dict(
            os.environ,
            PYTHONPATH=str(RUNTIME / "bootstrap"),
            LOOPSCOPE_CONNECT="127.0.0.1:" + str(server.getsockname()[1]),
            LOOPSCOPE_TOKEN=token,
            LOOPSCOPE_CHILDREN="0",
        )
        process = subprocess.Popen(
            [python, str(HERE / "program.py")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        connection, _ = server.accept()
        received = bytearray()
        with connection:
            while True:
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        printed = process.communicate()[0]
    assert received[5:GREETING_BYTES].decode() == token
    return bytes(received[GREETING_BYTES:]), printed


def made_stable(frames: bytes, standard_library: str) -> bytes:
    """The frames with nothing of this machine in them."""
    result = bytearray()
    at = 0
    while at < len(frames):
        end = at + FRAME_HEADER_BYTES + int.from_bytes(frames[at : at + 4], "big")
        kind, payload = frames[at + 4], frames[at + FRAME_HEADER_BYTES : end]
        if kind != ord("E"):
            value = json.loads(payload)
            if isinstance(value, dict):
                stable = {"pid": 4711, "parentPid": 4710, "executable": "/python/bin/python", "threadId": 1, "wall": 0}
                value.update({name: known for name, known in stable.items() if name in value})
            text = json.dumps(value).replace(standard_library, "/python/lib").replace(str(HERE), "/app")
            payload = text.encode("utf-8")
        result += len(payload).to_bytes(4, "big") + bytes([kind]) + payload
        at = end
    return bytes(result)


if __name__ == "__main__":
    for interpreter in sys.argv[1:]:
        record(interpreter)
