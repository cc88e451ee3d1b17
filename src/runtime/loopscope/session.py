"""One connection's life from the import of asyncio on: what is shared by all loops, and who lets go of what at the end.

Owns the table of strings, the numbers of loops and the reader; installs the hooks and takes them out again.
"""

from __future__ import annotations

import _thread
import atexit
import itertools
import marshal
import os
from asyncio import tasks
from weakref import ref

from . import bridge, dispatch, json_text, wire
from .births import Births
from .clocks import monotonic
from .facts import Facts
from .fork import watch_forks
from .hooks import Hooks, install
from .link import MAX_BACKLOG_BYTES, Link
from .loops import Loops
from .reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .stepping.manager import Stepping


class Strings:
    """Texts by number: each is sent once, before the first batch that names it. Safe from several threads."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._unsent: list[tuple[int, str]] = []
        self._following = itertools.count(1)  # In one operation: several threads number texts at once.

    def number(self, text: str) -> int:
        """The number of a text; it is remembered."""
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers.setdefault(text, self.once(text))  # Two threads at once: one number for both.
        return known

    def once(self, text: str) -> int:
        """A new number for a text that will hardly come again: not remembered."""
        number = next(self._following)
        self._unsent.append((number, text[:MAX_TEXT]))
        return number

    def take_unsent(self) -> list[tuple[int, str]]:
        """The texts that were numbered since the last call."""
        unsent = self._unsent
        count = len(unsent)
        taken = unsent[:count]
        del unsent[:count]
        return taken

    def put_back(self, texts: list[tuple[int, str]]) -> None:
        """Texts that could not be sent after all."""
        self._unsent[:0] = texts


SLOW_SECONDS = 0.1
"""A handle that runs longer is told of, unless the adapter says otherwise (asyncio's own default: `slow_callback_duration`)."""

SPARE_BYTES = 1024 * 1024
"""What a slow adapter has not read yet is kept as long as so much memory could still be had: it never takes the last of it."""

SHORT_BACKLOG_BYTES = 64 * 1024
"""Above this no batch is kept for the adapter while memory is short; messages are."""

SHORT_SECONDS = 5.0
"""So long after memory ran out little is kept for the adapter."""

MAX_TEXT = 1000
"""Longest text that is sent; the rest is cut off."""


class Session:
    """What the loops of this process share while an adapter listens."""

    def __init__(self, link: Link, address: str, token: str, follow: bool) -> None:
        self.link = link
        self.address = address
        self.token = token
        self.follow = follow
        self.strings = Strings()
        self.level = "adaptive"
        self.slow_after = SLOW_SECONDS
        self.active = True
        self.python_tasks = False
        self.run_counting: Any = None
        self.run_counting_one: Any = None
        self.run_listing: Any = None
        self.facts = Facts()
        self.births = Births()
        self.executor_calls: dict[int, str] = {}
        self.loops = Loops(self, self.facts)
        self.reader = Reader(self)
        link.on_left = self.reader.drain_later
        self.hooks: Hooks | None = None
        self.handle_run_is_known = True
        self.handles_are_watched = False
        self.watch_handles: Callable[[], None] = lambda: None
        self.stepping: Stepping | None = None
        self._sequence = 0
        self._sending = _thread.RLock()
        self._failures = 0
        self._short_until = 0.0

    def send_batch(self, numbers: list[float]) -> int:
        """Sends a batch whose first number, the sequence, is filled in here. How many of its numbers were sent; 0: it was dropped.

        A thread that got hold of the list before it was taken may add to it still: what comes after the answer's length was not sent.
        """
        try:
            most = SHORT_BACKLOG_BYTES if self.is_short_of_memory() else MAX_BACKLOG_BYTES
            if not self.link.has_room(len(numbers) * 5, most):
                return 0
            with self._sending:  # Loops of several threads: no batch overtakes a text that it names, or one of a lower sequence.
                if self.link.backlog_bytes:
                    bytearray(SPARE_BYTES)
                return self._send_batch(numbers)
        except MemoryError:
            self._short_until = monotonic() + SHORT_SECONDS
            return 0

    def is_short_of_memory(self) -> bool:
        """Whether there was no memory for a batch a short while ago: what there is, is the program's. Told of when it is over."""
        if not self._short_until:
            return False
        if monotonic() < self._short_until:
            return True
        self._short_until = 0.0
        self.say("warning", "The program was out of memory: events were dropped so as not to take the last of it.")
        return False

    def _send_batch(self, numbers: list[float]) -> int:
        texts = self.strings.take_unsent()
        taken = False
        try:
            taken = not texts or self.link.send(wire.FRAME_STRINGS, json_text.encode(texts).encode("ascii"))
        finally:
            if not taken:
                self.strings.put_back(texts)
        if not taken:
            return 0
        self._sequence += 1
        numbers[0] = self._sequence
        length = 0
        data = b""
        while length != len(numbers):  # What was added meanwhile may be in the bytes or not: they are made again.
            length = len(numbers)
            data = marshal.dumps(numbers, 2)
        sent = self.link.send(wire.FRAME_EVENTS, data)
        if self.reader.starts_later:
            self.reader.start()
        if self.link.backlog_bytes:
            self.reader.drain_later()
        return length if sent else 0

    def say(self, level: str, text: str) -> None:
        """A line for the person, in the session's log."""
        self.link.send_message({"type": "log", "level": level, "text": text})

    def fail(self, error: BaseException) -> None:
        """An error of ours. It is told, and after too many everything is let go. Never raises."""
        try:
            self._failures += 1
            if self._failures <= TOLD_FAILURES:
                self.say("error", "Loopscope's runtime failed: " + describe_failure(error))
            if self._failures >= MOST_FAILURES:
                self.say("error", "Loopscope's runtime failed too often and has let go of the program.")
                self.end()
        except Exception:
            pass

    def set_level(self, level: object) -> None:
        """`adaptive` or `full`, for all loops."""
        if level in ("adaptive", "full"):
            self.level = str(level)
            for recorder in self.loops.all():
                recorder.set_level(level == "full")

    def set_slow(self, seconds: object) -> None:
        """From how many seconds on a handle is told of as slow; 0: never."""
        if type(seconds) in (int, float):
            self.slow_after = float(seconds)  # type: ignore[arg-type]

    def use_stepping(self) -> Stepping:
        """The stepping of the loops, loaded when it is first asked for."""
        if self.stepping is None:
            dispatch.prepare(self)
            from .stepping.manager import Stepping

            self.stepping = Stepping(self)
        return self.stepping

    def count_pending(self, loop: Any) -> int:
        """How many tasks of a loop are not done."""
        return len(tasks.all_tasks(loop))

    def watch_births(self) -> None:
        """Begins or ends the noting of each creation where the number of live tasks asks for it."""
        registry = self.facts.registry
        recorders = self.loops.all()
        live = len(registry.data) if registry is not None else sum(recorder.live for recorder in recorders)
        wanted = self.births.wanted
        self.births.watch(live, lambda: self._read_births(registry, recorders))
        if self.births.wanted is not wanted:
            for recorder in recorders:
                recorder.notes_births = not wanted

    def _read_births(self, registry: Any, recorders: list[Any]) -> tuple[list[Any], dict[int, Any]]:
        for recorder in recorders:
            recorder.notes_births = True
        if registry is not None:  # A probe finds each of them there by its address.
            return list(registry.data), {}
        table: dict[int, Any] = {}
        for recorder in recorders:
            loop = recorder.loop()
            if loop is not None:
                live = tasks.all_tasks(loop)
                recorder.live = len(live)
                table.update({id(task): ref(task) for task in live})
        return [], table

    def end(self) -> None:
        """Lets go of everything: the adapter has gone. Never raises."""
        if not self.active:
            return
        self.active = False
        try:
            if self.stepping is not None:
                self.stepping.end()
            if self.hooks is not None:
                self.hooks.uninstall()
            for recorder in self.loops.all():
                recorder.let_go()
        finally:
            self.link.close()
            self.reader.close()

    def finish(self, reason: str) -> None:
        """The program ends: what is still in the buffers is sent."""
        if self.active:
            for recorder in self.loops.all():
                recorder.flush()
            self.link.drain()
            for recorder in self.loops.all():
                if recorder.dropped:
                    recorder.flush()  # There may be room now to say how much was lost.
            self.link.send_message({"type": "bye", "reason": reason})
            self.reader.stop()  # A thread that outlives the interpreter's end can crash it: CPython 3.9 does, with -X dev.
            self.link.finish()
            self.end()


TOLD_FAILURES = 3
MOST_FAILURES = 20


def describe_failure(error: BaseException) -> str:
    """An error and where in our code it arose, in one line."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = os.path.basename(trace.tb_frame.f_code.co_filename) + ":" + str(trace.tb_lineno)
        trace = trace.tb_next
    return type(error).__name__ + ": " + str(error) + " (" + place + ")"


def begin(link: Link, address: str, token: str, follow: bool, stepping: str = "") -> None:
    """Called when asyncio has been imported, and in a forked child that is followed. `stepping` as in start.py."""
    session = Session(link, address, token, follow)
    session.hooks = install(session)
    if stepping:
        try:
            settings = json_text.decode(stepping)
            if isinstance(settings, dict):
                session.use_stepping().set_up(settings)  # pyright: ignore[reportUnknownArgumentType]
        except Exception as error:
            session.fail(error)
    bridge.watch(session)
    atexit.register(session.finish, "the program has ended")
    watch_forks(session, lambda connection: begin(connection, address, token, follow))
