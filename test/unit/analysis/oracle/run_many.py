"""Runs many programs, each in a child of its own, and tells what each wrote to standard error.

Reads a JSON list of texts from standard input and writes a JSON list of texts; null for a program that does not end: one
whose threads have all slept for seconds, so that a busy machine is not mistaken for it. The children are forked from this
process, which has imported asyncio and run nothing, so that a program costs milliseconds; each ends as the interpreter
ends. POSIX alone. Start it with `-X dev` to see what that shows.
"""

import asyncio  # noqa: F401
import concurrent.futures.thread  # noqa: F401
import contextlib
import json
import os
import select
import signal
import sys
import time
import unittest  # noqa: F401

LOOK_SECONDS = 6  # How long a program must have slept.
LIMIT_SECONDS = 40  # For one that never sleeps for long, and where the system does not tell.
AT_ONCE = 10  # Those that hang wait for nothing but their limit.


class Running:
    """A child, what it has written, and when its time is over."""

    def __init__(self, index, pid, pipe):
        self.index = index
        self.pid = pid
        self.pipe = pipe
        self.parts = []
        self.last = time.monotonic() + LIMIT_SECONDS
        self.look = time.monotonic() + LOOK_SECONDS
        self.used = ""

    def hangs(self):
        """Whether no thread runs, or wants to, and none has run since the last look."""
        now = time.monotonic()
        if now >= self.last:
            return True
        self.look = now + LOOK_SECONDS
        used, before = threads_of(self.pid), self.used
        self.used = used
        return used == before and used != ""

    def finish(self, shown, is_late):
        if is_late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        os.waitpid(self.pid, 0)
        shown[self.index] = None if is_late else b"".join(self.parts).decode("utf-8", "replace")


def threads_of(pid):
    """The CPU time of each thread of a process, where all of them sleep; else, or where that is not known, ''."""
    found = []
    try:
        for thread in sorted(os.listdir(f"/proc/{pid}/task")):
            with open(f"/proc/{pid}/task/{thread}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            if fields[0] != "S":
                return ""
            found.append(f"{thread} {fields[11]} {fields[12]}")
    except OSError:
        return ""
    return " ".join(found)


def wait_for_some(running, shown):
    """Reads what the children write until at least one of them has ended or is out of time."""
    first_look = min(each.look for each in running)
    ready, _, _ = select.select([each.pipe for each in running], [], [], max(0, first_look - time.monotonic()))
    now = time.monotonic()
    for each in list(running):
        part = os.read(each.pipe, 65536) if each.pipe in ready else None
        if part:
            each.parts.append(part)
        elif part == b"" or (now >= each.look and each.hangs()):
            running.remove(each)
            each.finish(shown, part is None)


def next_program(texts):
    """In a child the text that it is to run; in the parent, at the end, None."""
    shown = [None] * len(texts)
    running = []
    for index, text in enumerate(texts):
        while len(running) >= AT_ONCE:
            wait_for_some(running, shown)
        readable, writable = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            os.dup2(writable, 2)
            os.closerange(3, max(nothing, writable, *(each.pipe for each in running), readable) + 1)
            return text
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # Whichever of the two comes first.
        os.close(writable)
        running.append(Running(index, pid, readable))
    while running:
        wait_for_some(running, shown)
    json.dump(shown, sys.stdout)
    return None


program = next_program(json.load(sys.stdin))
if program is not None:
    sys.argv[:] = ["fixture.py"]
    exec(compile(program, "fixture.py", "exec"))
