"""Tasks that a library starts at once by calling `asyncio.Task(…, eager_start=True)` itself, as aiohttp does on 3.12 and later.

They pass neither `create_task` nor the task factory, and one that ends at once no registry (CPython, Modules/_asynciomodule.c,
task_eager_start), and `Task` cannot be changed. So a class of ours stands in for its *name*, passes everything on, and tells of such calls.
It does so only in a program that needs it: from the import of aiohttp on, or from the first time that a loop is asked by the constructor
of an eager task whether it is running. What it cannot hide is that `type(task) is asyncio.Task` is false there.
"""

from __future__ import annotations

import asyncio
import copyreg
import sys
from abc import ABCMeta
from asyncio import base_events, events, tasks

from . import import_hook, places
from .recorder import Recorder
from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from .hooks import Hooks
    from .session import Session

    Before = Callable[[Recorder, Any, int], None]
    After = Callable[[Recorder, Any, Any, Any], None]

LIBRARIES = ("aiohttp",)
"""Those known to do so: with them the first such task is seen too."""


def install(session: Session, hooks: Hooks, eager: tuple[Before, After]) -> None:
    """Arranges that the name is replaced once the program needs it. Does nothing where there are no eager tasks."""
    if sys.version_info < (3, 12):
        return
    is_replaced = False

    def replace_name() -> None:
        nonlocal is_replaced
        if not is_replaced and session.active:
            is_replaced = True
            hooks.take_out(base_events.BaseEventLoop, "is_running")
            replace_names(session, hooks, eager)

    hooks.stand_in(base_events.BaseEventLoop, "is_running", make_is_running(replace_name))
    for library in LIBRARIES:
        if library in sys.modules:
            replace_name()
        else:
            hooks.at_uninstall.append(import_hook.watch_import(library, replace_name))


def make_is_running(replace_name: Callable[[], None]) -> Any:
    """`BaseEventLoop.is_running`, which the constructor of an eager task calls."""
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    asks_by_itself = asks_in_python

    def is_running(self: Any) -> bool:
        running = self._thread_id is not None
        if running and not asks_by_itself(get_frame(1)):
            replace_name()
        return running

    return is_running


def asks_in_python(frame: FrameType) -> bool:
    """Whether a frame may have called `is_running` itself, and not C code that it called; asyncio's own frames always."""
    code = frame.f_code
    return "is_running" in code.co_names or code.co_filename.startswith((places.ASYNCIO_FOLDER, places.OWN_FOLDER))


def replace_names(session: Session, hooks: Hooks, eager: tuple[Before, After]) -> None:
    """Puts the class where `asyncio.Task` is found."""
    real = tasks.Task
    facts = session.facts
    facts.task_name = make_name(real, make_call(session, real, eager))
    for module in (asyncio, tasks):
        if vars(module).get("Task") is real:
            hooks.replace(module, "Task", facts.task_name)


def make_call(session: Session, real: Any, eager: tuple[Before, After]) -> Callable[..., Any]:
    """What happens when the name is called: `real` is, and if that may start a task at once, it is told of."""
    before, after = eager
    recorder_if_watched = session.loops.recorder_if_watched
    running_loop = events._get_running_loop  # pyright: ignore[reportPrivateUsage]
    missing: Any = object()
    recorder_type = Recorder

    def __call__(_: Any, coro: Any = missing, /, *args: Any, loop: Any = missing, eager_start: Any = missing, **kwargs: Any) -> Any:
        # As libraries call it, or else as it was called.
        is_usual = eager_start is True and loop is not missing and coro is not missing and not args and not kwargs
        if not is_usual:
            if coro is not missing:
                args = (coro, *args)
            if loop is not missing:
                kwargs["loop"] = loop
            if eager_start is missing:
                return real(*args, **kwargs)
            kwargs["eager_start"] = eager_start
            if not eager_start:
                return real(*args, **kwargs)
            coro = args[0] if args else kwargs.get("coro")
        recorder: Any = None
        task = None
        try:
            if session.active:
                if loop is missing or loop is None:
                    loop = running_loop()
                try:
                    recorder = loop._loopscope
                except AttributeError:
                    pass
                if type(recorder) is not recorder_type:
                    recorder = recorder_if_watched(loop)
                if recorder is not None:
                    before(recorder, loop, 1)
        except Exception as error:
            recorder = None
            session.fail(error)
        try:
            task = real(coro, loop=loop, eager_start=True) if is_usual else real(*args, **kwargs)
            return task
        finally:
            if recorder is not None:
                after(recorder, loop, task, coro)
            del task

    __call__.__code__ = __call__.__code__.replace(co_filename=places.HIDDEN_FILE)
    return __call__


def make_name(real: Any, call: Callable[..., Any]) -> Any:
    """A class that is, does and says what `real` does: compares, hashes and pickles like it, and is left out when it is derived from."""

    class Meta(ABCMeta):  # So that it goes together with the metaclass of abstract classes.
        def __new__(mcs, name: str, bases: tuple[Any, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
            bases = tuple(real if type(base) is mcs else base for base in bases)
            kind: Any = type
            for base in bases:
                if issubclass(type(base), kind):
                    kind = type_of(base)
            return kind(name, bases, namespace, **kwargs)

        def __getattribute__(cls, name: str) -> Any:
            return getattr(real, name)

        def __setattr__(cls, name: str, value: Any) -> None:
            setattr(real, name, value)

        def __delattr__(cls, name: str) -> None:
            delattr(real, name)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: Any) -> bool:
            return issubclass(subclass, real)

        def __eq__(cls, other: object) -> bool:
            return other is real or other is cls

        def __hash__(cls) -> int:
            return hash(real)

        def __repr__(cls) -> str:
            return repr(real)

        def __dir__(cls) -> list[str]:
            return dir(real)

    meta: Any = Meta
    meta.__call__ = call
    copyreg.pickle(meta, reduce_name)
    namespace = {"__slots__": (), "__module__": real.__module__, "__qualname__": real.__qualname__}
    return type.__new__(meta, real.__name__, (real,), namespace)


def reduce_name(_: object) -> tuple[Any, ...]:
    """How the name is pickled: as what finds it in a process without us too."""
    from pkgutil import resolve_name

    return resolve_name, ("asyncio.Task",)
