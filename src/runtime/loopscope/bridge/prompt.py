"""Answers of pydevd without its delays: a step took 90 to 210 ms, of which 85 and more were waiting.

Two causes, both in pydevd (debugpy 1.8.11 to 1.8.22): it writes a message's head and body by two writes to a socket that delays small
packets, 40 ms each time (`NetCommand.send`); and a held thread that has just done the command that lets it go looks at whether it may go
only 200 ms later (`PyDB._do_wait_suspend`).
"""

from __future__ import annotations

import _thread
import socket

from . import pydevd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Prompt:
    """Keeps the events of the threads that pydevd holds."""

    def __init__(self, api: pydevd.Pydevd) -> None:
        self._api = api
        self._events: dict[int, Any] = {}
        self._sock: Any = None

    def hurry(self, py_db: Any) -> None:
        """Has what pydevd writes sent at once."""
        sock: Any = getattr(getattr(py_db, "writer", None), "sock", None)
        if sock is None or sock is self._sock:
            return
        self._sock = sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, AttributeError):
            pass

    def forget(self, ident: int) -> None:
        """A thread is held no more."""
        self._events.pop(ident, None)

    def wake_all(self) -> None:
        """Every held thread looks at whether it may go. From any thread."""
        for event in list(self._events.values()):
            event.set()

    def make_get_queue(self, is_held: Callable[[int], bool]) -> Any:
        """What stands in for `PyDB.get_internal_queue_and_event`."""
        stock: Any = self._api.PyDB.get_internal_queue_and_event
        events = self._events
        prompt = self

        def get_internal_queue_and_event(self: Any, thread_id: str) -> Any:
            queue, event = stock(self, thread_id)
            ident = _thread.get_ident()
            if is_held(ident) and thread_id == prompt._api.thread_id(prompt._api.thread_of(ident)):
                events[ident] = event
                return queue, _PromptEvent(event, prompt._api.info(prompt._api.thread_of(ident)), prompt)
            return queue, event

        return get_internal_queue_and_event

    def make_request_resume(self, stock: Any) -> Any:
        """What stands in for `PyDevdAPI.request_resume_thread`."""
        prompt = self

        def request_resume_thread(self: Any, thread_id: str) -> Any:
            result = stock(self, thread_id)
            prompt.wake_all()
            return result

        return request_resume_thread


class _PromptEvent:
    """The event of a held thread: does not wait where the thread has been let go."""

    def __init__(self, event: Any, info: Any, prompt: Prompt) -> None:
        self._event = event
        self._info = info
        self._prompt = prompt
        self.set = event.set
        self.clear = event.clear
        self.is_set = event.is_set

    def wait(self, timeout: float | None = None) -> bool:
        """As `threading.Event.wait`."""
        if self._info.pydev_state != pydevd.STATE_SUSPEND:
            self._prompt.wake_all()
            return True
        return bool(self._event.wait(timeout))
