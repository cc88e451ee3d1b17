"""What a handle will do, in the user's terms: step a task, wake a sleeper, strike a time-out, call a function.

Works on a handle of the ready queue, of the timer heap or of the selector, and says which task it is about, a text,
and the
place in the source. It does not say when it runs or who scheduled it.
"""

from __future__ import annotations

from types import BuiltinFunctionType, CodeType, FunctionType, MethodType

from . import sites
from .budget import Budget
from .chain import chain_of, frames_while_running
from .closures import partial_parts
from .endpoints import Endpoint, address_text, of_socket, of_transport
from .expressions import awaited_expression, open_blocks
from .peek import a_tuple, field, is_a, kind_value, text, type_name, type_qualname
from .relations import awaiters_of
from .sites import innermost, is_library
from .stock import stock
from .tasks import is_running, name_of
from .waits.combining import function_name
from .waits.model import task_label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What asyncio's own timers and callbacks are for, by function name.
_OWN_WORK = {
    "_run_until_complete_cb": "end of run_until_complete",
    "_done_callback": "gather: one has ended",
    "_on_task_done": "TaskGroup: a task has ended",
    "_on_completion": "wait: one has ended",
    "_handle_completion": "as_completed: one has ended",
    "_handle_timeout": "as_completed timeout",
    "_inner_done_callback": "shield: it has ended",
    "_outer_done_callback": "shield: nobody waits any more",
    "_call_set_state": "an executor's result",
    "_set_state": "an executor's result",
    "_call_check_cancel": "a future has ended",
    "_check_handshake_timeout": "TLS handshake timeout",
    "_check_shutdown_timeout": "TLS shutdown timeout",
    "_read_from_self": "wake-up from another thread",
    "_loop_self_reading": "wake-up from another thread",
    "_release_waiter": "a waiter is released",
}


class Work:
    """What a handle will do. `task` is the one it is about (None: none); `kind` is task or callback."""

    __slots__ = ("at", "kind", "task", "text")

    def __init__(self, kind: str, said: str, task: Any = None, at: dict[str, Any] | None = None) -> None:
        self.kind = kind
        self.text = said
        self.task = task
        self.at = at


def stepped_task(callback: Any) -> Any:
    """The task that a callback will step (its first step, a later one, or the one after a wake-up); None for other
    callbacks."""
    own = stock()
    if type(callback) is BuiltinFunctionType:
        target: Any = callback.__self__
        return target if callback.__name__ == "task_wakeup" and own.is_task(target) else None
    if type(callback) is MethodType:
        target = callback.__self__
        function: Any = callback.__func__
        ours = type(function) is FunctionType and function.__name__ in ("__step", "__wakeup") and is_library(function.__code__)
        return target if ours and own.is_task(target) else None
    if type_name(callback) in ("TaskStepMethWrapper", "TaskWakeupMethWrapper"):
        from .relations import wrapped_task

        return wrapped_task(callback)
    return None


def work_of(handle: Any, budget: Budget) -> Work:
    """What a handle will do."""
    callback: Any = field(handle, "_callback")
    if callback is None:
        return Work("callback", "cancelled")
    try:
        return work_of_call(callback, a_tuple(field(handle, "_args")), budget)
    except Exception:  # an object that nobody foresaw costs its own row a text, not the page its answer
        return Work("callback", "a callback that could not be read")


def work_of_call(callback: Any, args: tuple[Any, ...], budget: Budget) -> Work:
    """What a call will do."""
    task = stepped_task(callback)
    if task is not None:
        return Work("task", task_label(task), task, task_site(task))
    function, bound = partial_parts(callback)
    args = (*bound, *args)
    own = stock()
    target: Any = field(function, "__self__") if is_a(function, BuiltinFunctionType) or type(function) is MethodType else None
    name = _plain_name(function)
    if target is not None and own.is_future(target) and name in ("cancel", "set_result", "set_exception"):
        return _future_call(target, name, budget)
    if own.is_future(next(iter(args), None)) and name in ("_set_result_unless_cancelled", "_release_waiter"):
        return _waking(name, args[0], budget)
    if name == "_on_timeout" and is_a(target, own.Timeout):
        return _time_out(target)
    if target is not None:
        network = _network(target, name, args)
        if network is not None:
            return network
    code = code_of_call(function)
    if name in _OWN_WORK and code is not None and is_library(code):
        ended = next((arg for arg in args[:1] if own.is_task(arg)), None)
        said = _OWN_WORK[name] + (f" ({name_of(ended)})" if ended is not None else "")
        return Work("callback", said, None, _site_of(code))
    return Work("callback", f"{function_name(function)}()", None, _site_of(code))


def task_site(task: Any) -> dict[str, Any] | None:
    """Where a task stands: the innermost frame of the user's code."""
    if is_running(task):
        frames = frames_while_running(task)
        inner = next((f for f in reversed(frames) if not is_library(f.f_code)), frames[-1] if frames else None)
        return sites.site(inner.f_code, inner.f_lineno or 0, sites.function_name(inner.f_code)) if inner is not None else None
    link = innermost(chain_of(task))
    return sites.link_site(link) if link is not None else None


def _plain_name(function: Any) -> str:
    """A function's unqualified name."""
    if type(function) is MethodType:
        function = function.__func__
    # From 3.12 on `future.set_result` is of a type derived from BuiltinFunctionType, which has no name in `types`.
    return text(function.__name__) if type(function) is FunctionType or is_a(function, BuiltinFunctionType) else ""


def code_of_call(function: Any) -> CodeType | None:
    """The code that a callable runs first; None for one written in C."""
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        return function.__code__
    call: Any = kind_value(function, "__call__")
    return call.__code__ if type(call) is FunctionType else None


def _site_of(code: CodeType | None) -> dict[str, Any] | None:
    """Where a callback is defined, if that is the user's code."""
    return None if code is None or is_library(code) else sites.code_site(code)


def _only_awaiter(future: Any, budget: Budget) -> Any:
    """The first task that waits for a future."""
    return next(iter(awaiters_of(future, budget)), None)


def _future_call(future: Any, name: str, budget: Budget) -> Work:
    """`task.cancel`, `future.set_result` as a callback."""
    if stock().is_task(future):
        return Work("callback", f"{name} {task_label(future)}", future, task_site(future))
    task = _only_awaiter(future, budget)
    return Work("callback", f"Future.{name}", task, task_site(task) if task is not None else None)


def _waking(name: str, future: Any, budget: Budget) -> Work:
    """The timer of a sleep, of `wait_for` (up to 3.11) or of `wait`: the task that waits for the future."""
    task = _only_awaiter(future, budget)
    said = "sleep" if name == "_set_result_unless_cancelled" else "timeout"
    if task is None:
        return Work("callback", said)
    chain = chain_of(task)
    names = [link.name for link in chain.links if is_library(link.code)]
    if said == "timeout":
        said = next((f"{method} timeout" for method in ("wait_for", "wait") if method in names), said)
        said = _with_limit(chain, said)
    elif "sleep" not in names:
        said = "wake-up"
    inner = innermost(chain)
    return Work("callback", said, task, sites.link_site(inner) if inner is not None else None)


def _with_limit(chain: Any, said: str) -> str:
    """`wait_for(…, 5) timeout`, where the limit is known from the source."""
    for index, link in enumerate(chain.links[1:]):
        if link.name == "wait_for":
            before = chain.links[index]
            expr = awaited_expression(before.code, before.offset)
            if expr.call and len(expr.args) == 2 and expr.args[1].text:
                return f"wait_for(…, {expr.args[1].text})"
    return said


def _time_out(timeout: Any) -> Work:
    """`timeout(5)`: the timer of an `asyncio.timeout` block, and the task in it."""
    task: Any = field(timeout, "_task")
    if task is None or not stock().is_task(task) or is_running(task):
        return Work("callback", "timeout", task, None)
    from .holders import exit_owners

    chain = chain_of(task)
    said = "timeout"
    for link in chain.links:
        owners = list(exit_owners(link.referents(), ("__aexit__",)))
        if not any(owner is timeout for owner in owners):
            continue
        if link.name == "wait_for":
            said = _with_limit(chain, "wait_for timeout")
            break
        blocks = [site for site in open_blocks(link.code, link.offset) if site.asynchronous]
        index = next(i for i, owner in enumerate(owners) if owner is timeout)
        if len(blocks) == len(owners) and blocks[index].expr.text:
            said = blocks[index].expr.text
            said = said[len("asyncio.") :] if said.startswith("asyncio.") else said
        break
    inner = innermost(chain)
    return Work("callback", said, task, sites.link_site(inner) if inner is not None else None)


def _network(target: Any, name: str, args: tuple[Any, ...]) -> Work | None:
    """The callbacks of asyncio's transports and sockets; None for other methods."""
    own = stock()
    if is_a(target, own.BaseEventLoop):
        if name in ("_accept_connection", "_start_accept", "loop"):
            sock = next((arg for arg in args if of_socket(arg).fd >= 0), None)
            return Work("callback", f"accept on {of_socket(sock).local}" if sock is not None else "accept")
        if name.startswith("_sock_") and len(args) >= 2:
            end = next((of_socket(arg) for arg in args if of_socket(arg).fd >= 0), Endpoint())
            verb = {"_sock_recv": "read", "_sock_connect_cb": "connect"}.get(name, name[1:])
            if name == "_sock_connect_cb":
                return Work("callback", f"connect to {address_text(args[-1])}")
            return Work("callback", f"{verb} on {end.place()}" + (f" of {end.peer}" if end.peer else ""))
        return None
    if not name.startswith("_") or kind_value(target, "get_extra_info") is None:
        return None
    if name in ("_read_ready", "_loop_reading", "_add_reader"):
        return _of_transport(target, "read on", "from")
    if name in ("_write_ready", "_loop_writing", "_sendto_ready"):
        return _of_transport(target, "write on", "to")
    if name in ("_call_connection_lost", "_call_connection_made"):
        return _of_transport(target, f"{name[len('_call_') :]} of {type_qualname(field(target, '_protocol'))} on", "with")
    return None


def _of_transport(transport: Any, verb: str, word: str) -> Work:
    """`read on fd 7 from 127.0.0.1:5000`"""
    end = of_transport(transport)
    if end.process:
        return Work("callback", f"{verb} {end.stream} of process {end.process}")
    return Work("callback", f"{verb} {end.place()}" + (f" {word} {end.peer}" if end.peer else ""))


def reader_task(target: Any, budget: Budget) -> Any:
    """The task that waits for data (or for room) on a transport through the stream classes; None if none does."""
    protocol: Any = field(target, "_protocol")
    reader: Any = field(protocol, "_stream_reader")
    if reader is None:
        weak: Any = field(protocol, "_stream_reader_wr")
        reader = weak() if weak is not None and type_name(weak) in ("ReferenceType", "weakref") else None
    future: Any = field(reader, "_waiter")
    return _only_awaiter(future, budget) if future is not None and stock().is_future(future) else None


def drain_task(target: Any, budget: Budget) -> Any:
    """The task that waits in `drain` on a transport; None if none does."""
    protocol: Any = field(target, "_protocol")
    future: Any = field(protocol, "_drain_waiter")
    if future is None:
        waiters: Any = field(protocol, "_drain_waiters")
        future = next(iter(list(waiters)), None) if waiters is not None and type_name(waiters) == "deque" else None
    return _only_awaiter(future, budget) if future is not None and stock().is_future(future) else None
