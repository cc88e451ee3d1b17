"""What is recorded of one loop: the buffer of numbers, the queries that wait for the loop's next tick, its place in its life."""

from __future__ import annotations

import sys
import time
import weakref

from . import dispatch, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import BaseEventLoop
    from typing import Any

    from .session import Session

MAX_BUFFER = 20_000
"""Numbers in the buffer at which it is sent without waiting for the loop to sleep."""


class Recorder:
    """The buffer of one loop and what belongs to it. Written to by the loop's own thread only."""

    def __init__(self, session: Session, loop: BaseEventLoop) -> None:
        self.session = session
        self.number = session.next_loop_number()
        self.loop_reference = weakref.ref(loop, self._collected)
        self.buffer: list[float] = []
        self.tick = 0
        self.dropped = 0
        self.listing = 1
        self.full = session.level == "full"
        self.queries: list[dict[str, Any]] = []
        self.sleeping = False
        self.running = False
        self.task = 0
        self.class_name = type(loop).__module__ + "." + type(loop).__qualname__

    def set_level(self, level: str) -> None:
        """`adaptive` or `full`, from the next tick on."""
        self.full = level == "full"

    def flush(self, sleep_until: float) -> None:
        """Sends the buffer as a batch."""
        loop: Any = self.loop_reference()
        ready = len(loop._ready) if loop is not None else 0
        timers = len(loop._scheduled) if loop is not None else 0
        now = time.monotonic()
        numbers: list[float] = [0, self.number, self.dropped, self.tick, now, sleep_until, ready, timers, self.listing]
        numbers += self.buffer
        count = len(self.buffer)
        self.buffer.clear()
        if self.session.send_batch(numbers):
            self.dropped = 0
        else:
            self.dropped += count
            if not self.session.link.open:
                self.session.end()

    def serve(self) -> None:
        """Answers the queries that wait, in the loop's own thread."""
        while self.queries:
            try:
                query = self.queries.pop(0)
            except IndexError:
                return
            dispatch.answer(self.session, self.loop_reference(), self.number, query)

    def transition(self, what: str, call: str = "", site: dict[str, Any] | None = None, pending: int | None = None) -> None:
        """Tells of a step in the loop's life."""
        import threading

        loop: Any = self.loop_reference()
        thread = threading.current_thread()
        message: dict[str, Any] = {
            "type": "loop",
            "loop": self.number,
            "what": what,
            "time": time.monotonic(),
            "wall": time.time(),
            "class": self.class_name,
            "thread": thread.name,
            "threadId": thread.ident,
            "debug": bool(loop is not None and loop.get_debug()),
            "site": site,
            "call": call,
            "hook": "replaced",
            "hides": "",
        }
        if pending is not None:
            message["pending"] = pending
        self.session.link.send_message(message)

    def transition_here(self, what: str, depth: int) -> None:
        """The same, with the user's frame and the function of asyncio that it called."""
        call, site = places.user_call(sys._getframe(depth + 1))  # pyright: ignore[reportPrivateUsage]
        self.transition(what, call, site)

    def _collected(self, _: object) -> None:
        try:
            self.transition("collected")
            self.session.recorders.remove(self)
        except Exception:
            pass
