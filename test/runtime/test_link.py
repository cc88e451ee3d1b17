"""The connection: who sends is never kept, however fast others add to what is to be sent."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src" / "runtime"))
from loopscope import wire
from loopscope.link import Link


class Busy:
    """A socket on which each frame that is sent finds another queued meanwhile, as by a busy loop in another thread."""

    def __init__(self, end: socket.socket, more: int) -> None:
        self._end = end
        self.link: Link | None = None
        self.more = more
        self.sent: list[bytes] = []

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, frame: bytes, flags: int) -> int:
        assert self.link is not None
        assert len(self.sent) < 1000, "the sender is kept"
        self.sent.append(frame)
        if self.more:
            self.more -= 1
            self.link.send(wire.FRAME_JSON, b"{}")
        return len(frame)


@pytest.mark.parametrize(("more", "sent", "left"), [(0, 1, 0), (1, 2, 0), (5000, 2, 1)])
def test_who_sends_goes_on_though_another_thread_adds_as_fast_as_it_sends(more: int, sent: int, left: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        busy = Busy(ours, more)
        link = busy.link = Link(busy)  # type: ignore[arg-type]
        told: list[bool] = []
        link.on_left = lambda: told.append(True)
        assert link.send(wire.FRAME_JSON, b"{}")
        assert bool(told) is bool(left)
        assert bool(link.backlog_bytes) is bool(left)
        assert len(busy.sent) == sent
        busy.more = 0
        link.pump()
        assert link.backlog_bytes == 0
        assert len(busy.sent) == sent + left
