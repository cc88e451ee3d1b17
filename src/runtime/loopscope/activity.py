"""What a loop does beside tasks and timers: readers and writers, executor calls, async generators, child processes, signal handlers.

Each function calls the original, then records. They are rare beside handles, so they are recorded at both levels.
"""

from __future__ import annotations

import sys
from asyncio import base_events, base_subprocess, selector_events

from . import places
from .untyped import is_instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .hooks import Hooks
    from .recorder import Recorder
    from .session import Session

ADD_READER, REMOVE_READER, ADD_WRITER, REMOVE_WRITER = 1, 2, 3, 4


def install(session: Session, hooks: Hooks) -> None:
    """Puts the functions in place."""
    recorder_of = session.loops.recorder_of
    text_number = places.make_callback_number(session.strings)
    _install_registrations(hooks, recorder_of, text_number)
    _install_executor(session, hooks, recorder_of, text_number)
    _install_async_generators(session, hooks, recorder_of)
    _install_child_processes(session, hooks, recorder_of)
    _install_signals(hooks, recorder_of, text_number)


def _install_registrations(hooks: Hooks, recorder_of: Callable[[Any], Recorder], text_number: Callable[[Any], int]) -> None:
    loop_class: Any = selector_events.BaseSelectorEventLoop

    def adding(what: int, stock: Any) -> Any:
        def add(self: Any, fd: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
            result = stock(self, fd, callback, *args, **kwargs)
            if getattr(callback, "__name__", "") != "_read_from_self":  # The loop's own self-pipe.
                recorder_of(self).buffer.extend((14, what, descriptor_of(fd), text_number(callback)))
            return result

        return add

    def removing(what: int, stock: Any) -> Any:
        def remove(self: Any, fd: Any) -> Any:
            result = stock(self, fd)
            if result:
                recorder_of(self).buffer.extend((14, what, descriptor_of(fd), 0))
            return result

        return remove

    descriptor_of = file_descriptor
    hooks.stand_in(loop_class, "_add_reader", adding(ADD_READER, loop_class._add_reader))
    hooks.stand_in(loop_class, "_add_writer", adding(ADD_WRITER, loop_class._add_writer))
    hooks.stand_in(loop_class, "_remove_reader", removing(REMOVE_READER, loop_class._remove_reader))
    hooks.stand_in(loop_class, "_remove_writer", removing(REMOVE_WRITER, loop_class._remove_writer))


def file_descriptor(fd: Any) -> int:
    """The number of what was registered: itself, or its `fileno()` where that is a socket of the standard library."""
    if type(fd) is int:
        return fd
    import socket

    if isinstance(fd, socket.socket):
        return socket.socket.fileno(fd)
    return -1


def _install_executor(session: Session, hooks: Hooks, recorder_of: Callable[[Any], Recorder], text_number: Callable[[Any], int]) -> None:
    loop_class: Any = base_events.BaseEventLoop
    stock = loop_class.run_in_executor

    def run_in_executor(self: Any, executor: Any, func: Any, *args: Any) -> Any:
        recorder = recorder_of(self)
        future = stock(self, executor, func, *args)
        number = text_number(func)
        recorder.buffer.extend((15, 1, id(future), number, recorder.task))
        session.executor_calls[id(future)] = name_of(func)
        watch_end(session, recorder, future, number)
        return future

    watch_end = watch_executor_end
    name_of = function_name
    hooks.stand_in(loop_class, "run_in_executor", run_in_executor)


def watch_executor_end(session: Session, recorder: Recorder, future: Any, number: int) -> None:
    """Records the end of an executor's call. asyncio has chained its future to the executor's; that one tells when it is done."""
    try:
        if future.done():  # From 3.14 on a call that has ended already is not chained.
            executor_end(recorder, id(future), number)(None)
            return
        for callback, _ in getattr(future, "_callbacks", None) or ():
            cells = getattr(callback, "__closure__", None) or ()
            for cell in cells:
                source = cell.cell_contents
                if source is not future and hasattr(source, "add_done_callback") and type(source).__module__.startswith("concurrent."):
                    source.add_done_callback(executor_end(recorder, id(future), number))
                    return
        session.executor_calls.pop(id(future), None)
    except Exception as error:
        session.fail(error)


def function_name(function: Any) -> str:
    """The qualified name of what an executor runs, as a person wrote it."""
    return places.callback_text(function).split("\t", 1)[0]


def executor_end(recorder: Recorder, address: int, number: int) -> Callable[[object], None]:
    """A callback that records the end of a call."""

    calls = recorder.session.executor_calls

    def ended(_: object) -> None:
        calls.pop(address, None)
        recorder.buffer.extend((15, 2, address, number, 0))

    return ended


def _install_async_generators(session: Session, hooks: Hooks, recorder_of: Callable[[Any], Recorder]) -> None:
    loop_class: Any = base_events.BaseEventLoop
    first = loop_class._asyncgen_firstiter_hook
    last = loop_class._asyncgen_finalizer_hook
    number = session.strings.number

    def text(generator: Any) -> str:
        code = getattr(generator, "ag_code", None)
        name = getattr(generator, "__qualname__", type(generator).__qualname__)
        return f"{name}\t\t0" if code is None else f"{name}\t{code.co_filename}\t{code.co_firstlineno}"

    def _asyncgen_firstiter_hook(self: Any, agen: Any) -> None:
        first(self, agen)
        recorder_of(self).buffer.extend((16, 1, number(text(agen))))

    def _asyncgen_finalizer_hook(self: Any, agen: Any) -> None:
        last(self, agen)
        recorder_of(self).buffer.extend((16, 2, number(text(agen))))

    hooks.stand_in(loop_class, "_asyncgen_firstiter_hook", _asyncgen_firstiter_hook)
    hooks.stand_in(loop_class, "_asyncgen_finalizer_hook", _asyncgen_finalizer_hook)


def _install_child_processes(session: Session, hooks: Hooks, recorder_of: Callable[[Any], Recorder]) -> None:
    transport_class: Any = base_subprocess.BaseSubprocessTransport
    exited = transport_class._process_exited
    connect = transport_class._connect_pipes
    number = session.strings.number

    def command_of(transport: Any) -> int:
        arguments: Any = getattr(getattr(transport, "_proc", None), "args", None)
        if is_instance(arguments, (list, tuple)):
            return number(" ".join(part for part in arguments if isinstance(part, str))[:200])
        return number(arguments[:200]) if isinstance(arguments, str) else 0

    def _connect_pipes(self: Any, waiter: Any) -> Any:
        recorder_of(self._loop).buffer.extend((17, 1, self._pid or 0, 0, command_of(self)))
        return connect(self, waiter)

    def _process_exited(self: Any, returncode: Any) -> None:
        status = returncode if type(returncode) is int else 0
        recorder_of(self._loop).buffer.extend((17, 2, self._pid or 0, status, command_of(self)))
        exited(self, returncode)

    hooks.stand_in(transport_class, "_connect_pipes", _connect_pipes)
    hooks.stand_in(transport_class, "_process_exited", _process_exited)


def _install_signals(hooks: Hooks, recorder_of: Callable[[Any], Recorder], text_number: Callable[[Any], int]) -> None:
    if sys.platform == "win32":
        return
    from asyncio import unix_events

    loop_class: Any = vars(unix_events).get("_UnixSelectorEventLoop")
    if loop_class is None:
        return
    add = loop_class.add_signal_handler
    remove = loop_class.remove_signal_handler

    def add_signal_handler(self: Any, sig: Any, callback: Any, *args: Any) -> None:
        add(self, sig, callback, *args)
        recorder_of(self).buffer.extend((18, 1, int(sig), text_number(callback)))

    def remove_signal_handler(self: Any, sig: Any) -> Any:
        result = remove(self, sig)
        if result:
            recorder_of(self).buffer.extend((18, 2, int(sig), 0))
        return result

    hooks.stand_in(loop_class, "add_signal_handler", add_signal_handler)
    hooks.stand_in(loop_class, "remove_signal_handler", remove_signal_handler)
