"""The texts of values at a stop of a loop's thread: a `__repr__` that does not come to its end costs a moment, not the session.

pydevd makes the text of a value in the thread that it holds. One that waits for a lock of that very thread, or for ever, would keep it
from every later request, `continue` too. Where a loop runs in the thread, a `__repr__` that is not a built-in type's runs in a thread of
its own, in the context of the held one. If it raises there it is called in the held thread, where it may be at home; if it does not return
in time the value's type and address are shown, and no other of that type is asked before the program has gone on.
What the person has evaluated runs in the held thread, as ever.
"""

from __future__ import annotations

import _thread
import contextvars

from ..inspection.peek import kind_value
from ..untyped import type_of
from . import own_thread, pydevd
from .rows import running_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

SECONDS = 2.0
"""How long one `__repr__` may take."""

SECONDS_AFTER = 0.25
"""The same when another has not returned at this stop: a page of a hundred such values is to be answered still."""

MODULE = "_pydevd_bundle.pydevd_safe_repr"

_BUILT_IN: Any = frozenset(
    vars(kind)["__repr__"]
    for kind in (object, type, int, float, complex, type(None), str, bytes, bytearray, range, type(len), type(kind_value))
)
"""Those that run nothing of the program."""


def missing() -> list[str]:
    """What pydevd lacks for this."""
    method: Any = getattr(pydevd.find(MODULE + ".SafeRepr"), "_repr_obj", None)
    code = getattr(method, "__code__", None)
    return [] if code is not None and "repr" in code.co_names else [MODULE + ".SafeRepr._repr_obj"]


class Texts:
    """What has not returned at the present stops."""

    def __init__(self) -> None:
        self._hung: dict[int, set[int]] = {}
        self._ended: list[Any] = []

    def make_repr(self, is_held: Callable[[int], bool]) -> Any:
        """What stands in for `repr` in pydevd's module."""
        texts = self

        def text_of(value: Any) -> str:
            ident = _thread.get_ident()
            if kind_value(value, "__repr__") in _BUILT_IN or not is_held(ident) or running_loop() is None:
                return repr(value)
            return texts.text(value, ident)

        return text_of

    def forget(self, ident: int) -> None:
        """A thread is held no more."""
        self._hung.pop(ident, None)
        self._ended.clear()

    def text(self, value: Any, ident: int) -> str:
        """The text of a value, for the held thread that calls. Raises what `repr` raises."""
        hung = self._hung.get(ident, ())
        if id(type_of(value)) in hung:
            return _unasked(value, "its __repr__ is not called, because that of another of this type has not returned")
        answer: list[str] = []
        over = _thread.allocate_lock()
        over.acquire()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                answer.append(context.run(repr, value))
            except BaseException:  # It may exit a thread of ours, not the program.
                pass
            self._ended.append(own_thread.leave())
            over.release()

        own_thread.begin(work, ())
        limit = SECONDS_AFTER if hung else SECONDS
        if not over.acquire(True, limit):
            self._hung.setdefault(ident, set()).add(id(type_of(value)))
            return _unasked(value, f"its __repr__ has not returned within {limit:g} s; evaluate repr() of it to wait")
        return answer[0] if answer else _in_held_thread(value)


def _in_held_thread(value: Any) -> str:
    try:
        return repr(value)
    except SystemExit:
        raise RuntimeError("its __repr__ raises SystemExit") from None


def _unasked(value: Any, why: str) -> str:
    return object.__repr__(value)[:-1] + ": " + why + ">"
