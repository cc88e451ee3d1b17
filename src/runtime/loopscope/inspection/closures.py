"""What a callback carries: closure cells by name, a partial's arguments, and the concurrent future behind an
asyncio one.

asyncio keeps many of its relations in closures (`gather`, `wait`, `shield`, `wrap_future`). This reads them without
calling
anything. What the relations mean is said by those who ask.
"""

from __future__ import annotations

from functools import partial
from gc import get_referents
from itertools import islice
from types import FunctionType

from .peek import a_list, field, is_a, length, text
from .stock import find, stock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Callbacks of one future that are looked at; a future with more is awaited by very many.
MOST_CALLBACKS = 1000


def cells(function: Any) -> dict[str, Any]:
    """The free variables of a function with their values, those that are set."""
    if type(function) is not FunctionType or function.__closure__ is None:
        return {}
    values: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__):
        try:
            values[name] = cell.cell_contents
        except ValueError:
            continue
    return values


def partial_parts(callback: Any) -> tuple[Any, tuple[Any, ...]]:
    """A partial's function and positional arguments (nested partials as one); of another callback itself and ()."""
    args: tuple[Any, ...] = ()
    for _ in range(20):
        if not is_a(callback, partial):
            break
        args = (*_PARTIAL_ARGS(callback), *args)
        callback = _PARTIAL_FUNC(callback)
    return callback, args


_PARTIAL_ARGS: Any = vars(partial)["args"].__get__
_PARTIAL_FUNC: Any = vars(partial)["func"].__get__


def callbacks_of(future: Any) -> list[Any]:
    """The callbacks that a future will call when it is done, in order, at most `MOST_CALLBACKS`."""
    if text(field(future, "_state")) != "PENDING":
        return []
    if is_a(future, stock().PyFuture):
        pairs = a_list(field(future, "_callbacks"))[:MOST_CALLBACKS]
    else:
        # The C future's `_callbacks` is copied whole on each look: of a long one look at the list itself.
        long = next((value for value in map(a_list, get_referents(future)) if len(value) > MOST_CALLBACKS), None)
        pairs = a_list(field(future, "_callbacks")) if long is None else list(islice(long, MOST_CALLBACKS))
    return [pair[0] for pair in pairs if length(pair) == 2]


def concurrent_source(future: Any) -> Any:
    """The `concurrent.futures.Future` that an asyncio future wraps (`asyncio.wrap_future`), else None."""
    for callback in callbacks_of(future):
        if type(callback) is FunctionType and callback.__code__.co_name == "_call_check_cancel":
            source = cells(callback).get("source")
            if is_a(source, find("concurrent.futures._base", "Future")):
                return source
    return None


def remote_task(concurrent: Any) -> Any:
    """The task on another loop that sets a concurrent future (`run_coroutine_threadsafe`), else None."""
    for callback in list(a_list(field(concurrent, "_done_callbacks"))):
        source = cells(callback).get("source")
        if source is not None and stock().is_task(source):
            return source
    return None
