"""One connection's life from the import of asyncio on: what is shared by all loops, and who lets go of what at the end.

Owns the table of strings, the numbers of loops and the reader; installs the hooks and takes them out again.
"""

from __future__ import annotations

import atexit
import sys
import time
import weakref

from . import json_text, wire
from .link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from .recorder import Recorder


class Strings:
    """Texts by number: each is sent once, before the first batch that names it. Safe from several threads."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._unsent: list[tuple[int, str]] = []
        self._last = 0

    def number(self, text: str) -> int:
        """The number of a text; it is remembered."""
        known = self._numbers.get(text)
        if known is None:
            known = self.once(text)
            self._numbers[text] = known
        return known

    def once(self, text: str) -> int:
        """A new number for a text that will hardly come again: not remembered."""
        self._last += 1
        number = self._last
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


MAX_TEXT = 1000
"""Longest text that is sent; the rest is cut off."""


class Session:
    """What the loops of this process share."""

    def __init__(self, link: Link, address: str, token: str, follow: bool) -> None:
        self.link = link
        self.address = address
        self.token = token
        self.follow = follow
        self.strings = Strings()
        self.level = "adaptive"
        self.recorders: list[Recorder] = []
        self.active = True
        self._sequence = 0
        self._last_loop = 0

    def next_loop_number(self) -> int:
        """Numbers of loops: 1, 2, 3 …"""
        self._last_loop += 1
        return self._last_loop

    def recorder_of(self, loop_number: int) -> Recorder | None:
        """The recorder of a loop that is not collected."""
        for recorder in self.recorders:
            if recorder.number == loop_number:
                return recorder
        return None

    def send_batch(self, numbers: list[float]) -> bool:
        """Sends a batch whose first number, the sequence, is filled in here. False: dropped."""
        import marshal

        if not self.link.has_room(len(numbers) * 5):
            return False
        texts = self.strings.take_unsent()
        if texts and not self.link.send(wire.FRAME_STRINGS, json_text.encode([list(pair) for pair in texts]).encode("ascii")):
            self.strings.put_back(texts)
            return False
        self._sequence += 1
        numbers[0] = self._sequence
        return self.link.send(wire.FRAME_EVENTS, marshal.dumps(numbers, 2))

    def say(self, level: str, text: str) -> None:
        """A line for the person, in the session's log."""
        self.link.send_message({"type": "log", "level": level, "text": text})

    def welcome(self, message: dict[str, Any]) -> None:
        """The adapter's `welcome` and `level` messages."""
        level = message.get("level")
        if level in ("adaptive", "full"):
            self.level = level
            for recorder in self.recorders:
                recorder.set_level(level)

    def end(self) -> None:
        """Lets go of everything: the adapter has gone."""
        if not self.active:
            return
        self.active = False
        from . import hooks

        hooks.uninstall()
        self.link.close()


def begin(link: Link, address: str, token: str, follow: bool) -> None:
    """Called when asyncio has been imported."""
    from . import hooks

    session = Session(link, address, token, follow)
    hooks.install(session)
    atexit.register(_at_exit, session)


def _at_exit(session: Session) -> None:
    """The program ends: what is still in the buffers is sent."""
    if not session.active:
        return
    for recorder in session.recorders:
        recorder.flush(-1.0)
    session.link.send_message({"type": "bye", "reason": "the program has ended"})
    session.active = False
    from . import hooks

    hooks.uninstall()
    session.link.close()
