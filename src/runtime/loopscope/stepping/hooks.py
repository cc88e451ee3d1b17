"""The hooks that break filters need, in place only while one of them is on."""

from __future__ import annotations

import _thread
import sys
from asyncio import base_events

from .. import disguise
from ..untyped import vars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session
    from .breaks import Breaks


class CallHooks:
    """Puts them in and takes them out."""

    def __init__(self, session: Session, breaks: Breaks) -> None:
        self._session = session
        self._breaks = breaks
        self._in: dict[str, tuple[Any, Any]] = {}
        self._wants_reports = False

    def set(self, wanted: dict[str, Any]) -> None:
        """Has those in place that these filters need."""
        self._have("call_exception_handler", "destroyedPending" in wanted or "neverRetrieved" in wanted, self._make_reports)
        self._have("call_soon", "otherThread" in wanted, self._make_call_soon)

    def _have(self, name: str, wanted: bool, make: Any) -> None:
        loop_class: Any = base_events.BaseEventLoop
        if wanted and name not in self._in:
            stock = vars_of(loop_class)[name]
            ours = disguise.disguise(make(stock), stock)
            disguise.forget_sources()
            setattr(loop_class, name, ours)
            self._in[name] = (stock, ours)
        elif not wanted and name in self._in:
            stock, ours = self._in.pop(name)
            if vars_of(loop_class).get(name) is ours:
                setattr(loop_class, name, stock)

    def _make_reports(self, stock: Any) -> Any:
        reported = self._breaks.reported
        fail = self._session.fail

        def call_exception_handler(self: Any, context: Any) -> None:
            try:
                reported(self, context)
            except Exception as error:
                fail(error)
            stock(self, context)

        return call_exception_handler

    def _make_call_soon(self, stock: Any) -> Any:
        get_ident = _thread.get_ident
        called = self._breaks.called_from_elsewhere
        get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
        fail = self._session.fail

        def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
            try:
                if self._thread_id is not None and self._thread_id != get_ident():
                    called(self, get_frame(1))
            except Exception as error:
                fail(error)
            handle = stock(self, callback, *args, context=context)
            if handle._source_traceback:
                del handle._source_traceback[-1]
            return handle

        return call_soon
