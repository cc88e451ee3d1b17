"""Runs many programs, each in a child of its own, and tells what each wrote to standard error.

Reads a JSON list of texts from standard input and writes a JSON list of texts; null for a program that did not end within
the limit. The children are forked from this process, which has imported asyncio and run nothing, so that a program costs
milliseconds; each ends as the interpreter ends. POSIX alone. Start it with `-X dev` to see what that shows.
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

LIMIT_SECONDS = 8
AT_ONCE = 6  # Those that hang wait for nothing but their limit.


class Running:
    """A child, what it has written, and when its time is over."""

    def __init__(self, index, pid, pipe):
        self.index = index
        self.pid = pid
        self.pipe = pipe
        self.parts = []
        self.end = time.monotonic() + LIMIT_SECONDS

    def finish(self, shown, is_late):
        if is_late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        os.waitpid(self.pid, 0)
        shown[self.index] = None if is_late else b"".join(self.parts).decode("utf-8", "replace")


def wait_for_some(running, shown):
    """Reads what the children write until at least one of them has ended or is out of time."""
    first_end = min(each.end for each in running)
    ready, _, _ = select.select([each.pipe for each in running], [], [], max(0, first_end - time.monotonic()))
    now = time.monotonic()
    for each in list(running):
        part = os.read(each.pipe, 65536) if each.pipe in ready else None
        if part:
            each.parts.append(part)
        elif part == b"" or now >= each.end:
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
