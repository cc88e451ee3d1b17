"""The runtime's own thread: reads the adapter's messages and, when a loop does not come to its next tick, answers in its place.

It is started with the first loop that runs, is stopped around a fork, and sleeps in one system call while nothing arrives.
"""

from __future__ import annotations

import _thread
import select
import time

from . import dispatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recorder import Recorder
    from .session import Session

PATIENCE = 0.05
"""Seconds that a loop has to come to its next tick before a query is answered without it."""


class Reader:
    """The thread and what it waits for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[tuple[float, Recorder, dict[str, Any]]] = []
        self._started = False

    def start(self) -> None:
        """Starts the thread, once."""
        if not self._started:
            self._started = True
            _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        session = self._session
        try:
            while session.active and session.link.open:
                timeout = None
                if self._waiting:
                    timeout = max(0.0, self._waiting[0][0] - time.monotonic())
                if self._readable(timeout):
                    for message in session.link.receive():
                        self._handle(message)
                self._answer_overdue()
            session.end()
        except Exception:
            session.end()

    def _readable(self, timeout: float | None) -> bool:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self._session.link.descriptor, select.POLLIN)
            return bool(poll.poll(None if timeout is None else timeout * 1000 + 1))
        return bool(select.select([self._session.link.descriptor], [], [], timeout)[0])

    def _handle(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind in ("welcome", "level"):
            self._session.welcome(message)
        elif kind == "query":
            recorder = self._session.recorder_of(message.get("loop", 0))
            if recorder is None:
                dispatch.answer(self._session, None, message.get("loop", 0), message)
                return
            recorder.queries.append(message)
            self._waiting.append((time.monotonic() + PATIENCE, recorder, message))
            if recorder.sleeping:
                loop: Any = recorder.loop_reference()
                if loop is not None:
                    loop._write_to_self()

    def _answer_overdue(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, recorder, message = self._waiting.pop(0)
            try:
                recorder.queries.remove(message)
            except ValueError:
                continue
            dispatch.answer(self._session, recorder.loop_reference(), recorder.number, message)
