"""How tasks come into being, whoever makes them: the registry of tasks, `create_task`, eager tasks.

Up to 3.13 every task that does not end at once passes the registry's `add`; from 3.14 on C tasks are in no Python registry, and the first
step that is put into the ready queue gives them away (schedule.py calls `created`). An eager task may pass neither: `create_task` and the
task factory's result tell of those, and for libraries that call `asyncio.Task(…, eager_start=True)` themselves see eager_callers.py.
"""

from __future__ import annotations

import sys
import types
import weakref
from asyncio import tasks

from . import places, run
from .facts import make_current_task
from .recorder import MAX_BUFFER, Recorder
from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .facts import Facts
    from .schedule import Created
    from .session import Session

    Eager = tuple[Callable[[Recorder, Any, int], None], Callable[[Recorder, Any, Any, Any], None]]
    """`before` and `after` of `make_eager`."""

    Known = dict[int, list[Any]]
    """Coroutines' code by its id: the number of its text, in how many creations its site is captured, the code, and how often that was."""

SITES_AT_FIRST = 3
SITES_EVERY = 64
"""The creation site is captured for the first tasks of a coroutine function and then for one in so many, unless few are made."""


def make_tellers(session: Session, facts: Facts) -> tuple[Created, Eager]:
    """What tells of creations: of all tasks, and of those that may be started at once."""
    known: Known = {}
    created = make_created(session, facts, known)
    return created, make_eager(session, facts, created, known)


def make_created(session: Session, facts: Facts, known: Known) -> Created:
    """`created(recorder, loop, task, coroutine)`, which records a creation. Its caller is called by the creator's frame."""
    strings = session.strings
    site_number = places.make_site_number(strings)
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    note_birth = session.births.note
    max_buffer = MAX_BUFFER
    c_task = facts.c_task
    c_name: Any = getattr(facts.c_task, "get_name", None)
    python_name: Any = getattr(facts.python_task, "get_name", None)
    current_task = make_current_task()

    def enter(coroutine: Any, code: Any) -> list[Any]:
        if len(known) >= places.MAX_KNOWN_CODE:
            known.clear()
        entry = [strings.number(places.coroutine_text(coroutine)), 1, code, 0]
        known[id(code)] = entry
        return entry

    def take_site(entry: list[Any], frame: Any) -> int:
        if entry[1] <= 0:
            entry[3] += 1
            entry[1] = 1 if entry[3] < SITES_AT_FIRST else SITES_EVERY
        return site_number(frame or get_frame(3))

    def name_number(recorder: Recorder, task: Any) -> int:
        name = recorder.name
        recorder.name = None
        if name is None:
            name = (c_name if isinstance(task, c_task) else python_name)(task)
            if name.startswith("Task-") and len(name) < 20:
                digits = name[5:]
                if digits.isdecimal() and digits.isascii() and str(int(digits)) == digits:
                    return int(digits)
        return -strings.once(name) if isinstance(name, str) else 0

    def emit(recorder: Recorder, task: Any, coroutine: Any, parent: Any, frame: Any = None) -> None:
        code: Any = None
        try:
            code = coroutine.cr_code
            entry = known[id(code)]
        except AttributeError:
            code = getattr(coroutine, "gi_code", None) or type_of(coroutine)
            entry = known.get(id(code)) or enter(coroutine, code)
        except KeyError:
            entry = enter(coroutine, code)
        entry[1] = left = entry[1] - 1
        site = take_site(entry, frame) if left <= 0 or (recorder.listing and not recorder.full) else 0
        is_calm = recorder.notes_sources
        name = name_number(recorder, task) if is_calm or recorder.name is not None else 0
        recorder.buffer.extend((2, id(task), 0 if parent is None else id(parent), entry[0], site, name))
        recorder.alike = None if is_calm or recorder.eager_parents else code

    def created(recorder: Recorder, loop: Any, task: Any, coroutine: Any) -> None:
        if len(recorder.buffer) > max_buffer:
            recorder.flush()
        parent = current_task(loop)
        if not recorder.notes_sources and recorder.name is None and not recorder.eager_parents:
            try:
                code = coroutine.cr_code
                entry = known[id(code)]
                entry[1] = left = entry[1] - 1
                if left > 0:  # Most creations: what `emit` does then, without calling it.
                    recorder.buffer.extend((2, id(task), 0 if parent is None else id(parent), entry[0], 0, 0))
                    recorder.alike = code
                    recorder.live += 1
                    if recorder.notes_births:
                        note_birth(task)
                    return
                entry[1] = 1
            except (AttributeError, KeyError):
                pass
        if recorder.eager_parents:
            recorder.announced.add(id(task))
            if parent is not None:
                announce(recorder, parent, len(recorder.eager_parents) - 1)
        emit(recorder, task, coroutine, parent)
        recorder.live += 1
        if recorder.notes_births:
            note_birth(task)

    def announce(recorder: Recorder, task: Any, level: int) -> None:
        """During an eager start: tells of the eager task, and of those around it, before what it does is told."""
        if id(task) in recorder.announced:
            return
        parent = recorder.eager_parents[level]
        if task is parent:  # What it starts has not been entered: it is itself one of those around, or the one that is no eager task.
            if level > 0:
                announce(recorder, task, level - 1)
            return
        recorder.announced.add(id(task))
        if level > 0 and parent is not None:
            announce(recorder, parent, level - 1)
        emit(recorder, task, task._coro, parent, recorder.eager_frames[level])
        recorder.live += 1
        if recorder.notes_births:
            note_birth(task)

    return created


def make_eager(session: Session, facts: Facts, created: Created, known: Known) -> Eager:
    """Two functions around a call that may start a task at once: `before(recorder, loop, depth)`, where the creator's frame is so many
    above its caller's, and `after(recorder, loop, task or None, coroutine)`."""
    current_task = make_current_task()
    task_types = (facts.c_task, facts.python_task)
    get_frame = sys._getframe  # pyright: ignore[reportPrivateUsage]
    ended = run.make_ended(session)
    max_buffer = MAX_BUFFER
    c_task = facts.c_task
    is_done: Any = getattr(facts.c_task, "done", None)
    starter: Any = types.CoroutineType if sys.version_info >= (3, 12) else None

    def before(recorder: Recorder, loop: Any, depth: int) -> None:
        recorder.eager_parents.append(current_task(loop))
        recorder.eager_frames.append(get_frame(depth + 1))
        recorder.alike = None

    def after(recorder: Recorder, loop: Any, task: Any, coroutine: Any) -> None:
        try:
            parents = recorder.eager_parents
            if not parents:
                return
            parent = parents.pop()
            recorder.eager_frames.pop()
            recorder.alike = None
            is_alone = not parents and not recorder.announced  # It neither is started by another that is being started, nor made one.
            if is_alone and type_of(task) is c_task and type_of(coroutine) is starter and not recorder.listing and recorder.name is None:
                entry = known.get(id(coroutine.cr_code))
                is_over = is_done(task)
                if entry is not None and entry[1] > 1 and (is_over or coroutine.cr_suspended) and not recorder.notes_births:
                    # Most of them, in a busy program: what is done below then.
                    entry[1] -= 1
                    recorder.buffer.extend((2, id(task), 0 if parent is None else id(parent), entry[0], 0, 0))
                    if is_over:
                        ended(recorder, task)
                    else:
                        recorder.live += 1
                        recorder.eager_waits += 1
                    if len(recorder.buffer) > max_buffer:
                        recorder.flush()
                    return
            is_known = id(task) in recorder.announced
            told = recorder.eager_told
            recorder.eager_told = task if parents else None
            if not parents:
                recorder.announced.clear()
            # A task factory that calls `asyncio.Task` is a call within a call: its task was told of by the inner one.
            if told is task or not isinstance(task, task_types):
                return
            if not is_known:
                created(recorder, loop, task, coroutine)
            if task._state != "PENDING":
                recorder.live -= 1
                ended(recorder, task)
            else:
                waiter = task._fut_waiter
                # One that has not begun, made by a factory that starts nothing at once, does not wait.
                if waiter is not None or is_suspended(task._coro):
                    if recorder.listing:
                        recorder.buffer.extend((4, id(task), 0 if waiter is None else id(waiter)))
                    else:
                        recorder.eager_waits += 1
        except Exception as error:
            session.fail(error)

    return before, after


def is_suspended(coroutine: Any) -> bool:
    """Whether it has begun and stands at an `await`. False of what is no coroutine of Python's own, and where no task starts at once."""
    if sys.version_info < (3, 12):
        return False
    if type(coroutine) is types.CoroutineType:
        return coroutine.cr_suspended
    return type(coroutine) is types.GeneratorType and coroutine.gi_suspended


def make_set_task_name(session: Session, facts: Facts, stock: Any) -> Any:
    """`tasks._set_task_name`, with which asyncio names a task after it has made it (up to 3.12)."""
    strings = session.strings
    get_name: Any = getattr(facts.c_task, "get_name", None)

    def tell(task: Any) -> None:
        try:
            loop = task._loop if isinstance(task, (facts.c_task, facts.python_task)) and task._state == "PENDING" else None
            recorder = getattr(loop, "_loopscope", None)
            if type(recorder) is Recorder and recorder.session is session:
                name = get_name(task) if isinstance(task, facts.c_task) else task._name
                if isinstance(name, str):
                    recorder.buffer.extend((20, id(task), -strings.once(name)))
        except Exception as error:
            session.fail(error)

    def _set_task_name(task: Any, name: Any) -> None:
        if name is not None:
            try:
                set_name = task.set_name
            except AttributeError:
                stock(task, name)
            else:
                set_name(name)  # = set_name(name)
                tell(task)

    return _set_task_name


def make_create_task(facts: Facts, stock: Any, eager: Any, recorder_of: Callable[[Any], Recorder]) -> Any:
    """`create_task` in this Python's form, or None where it has one that is not known. It notes a name and sees eager tasks."""
    code = stock.__code__
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    takes_any = bool(code.co_flags & 0x08)
    before, after = eager
    any_tasks: Any = tasks
    real = facts.task

    def note_name(loop: Any, name: Any) -> None:
        try:
            recorder = loop._loopscope
        except AttributeError:
            recorder = recorder_of(loop)
        recorder.name = name
        recorder.alike = None

    def forget_name(loop: Any) -> None:
        recorder_of(loop).name = None

    def make_by_factory(loop: Any, coro: Any, kwargs: dict[str, Any]) -> Any:
        try:
            recorder = loop._loopscope
        except AttributeError:
            recorder = recorder_of(loop)
        before(recorder, loop, 2)
        task = None
        try:
            kind = any_tasks.Task
            if loop._task_factory is None and not loop._debug and (kind is real or kind is facts.task_name):
                task = real(coro, loop=loop, **kwargs)  # What `stock` does then. By the name the task would be told of twice.
            else:
                task = stock(loop, coro, **kwargs)
            return task
        finally:
            after(recorder, loop, task, coro)
            del task

    if takes_any and not keywords:

        def create_task(self: Any, coro: Any, **kwargs: Any) -> Any:
            if self._closed:
                self._check_closed()  # = self._check_closed()
            if self._task_factory is not None or "eager_start" in kwargs:
                return make_by_factory(self, coro, kwargs)  # = return self._task_factory(self, coro, **kwargs)
            kind = any_tasks.Task
            if kind is not real and kind is facts.task_name:
                kind = real
            if not kwargs:
                task = kind(coro, loop=self)  # = tasks.Task(coro, loop=self, **kwargs)
            else:
                if "name" in kwargs:
                    note_name(self, kwargs["name"])
                try:
                    task = kind(coro, loop=self, **kwargs)  # = tasks.Task(coro, loop=self, **kwargs)
                except BaseException:
                    forget_name(self)
                    raise
            if task._source_traceback:
                del task._source_traceback[-1]
            try:
                return task
            finally:
                del task

        return create_task

    if keywords == ("name",) and not takes_any:

        def create_task_named(self: Any, coro: Any, *, name: Any = None) -> Any:
            if self._closed:
                self._check_closed()  # = self._check_closed()
            if self._task_factory is not None:
                return make_by_factory(self, coro, {"name": name})  # = task = self._task_factory(self, coro)
            if name is not None:
                note_name(self, name)
            try:
                task = any_tasks.Task(coro, loop=self, name=name)  # = tasks.Task(coro, loop=self, name=name)
            except BaseException:
                forget_name(self)
                raise
            if task._source_traceback:
                del task._source_traceback[-1]
            return task

        return create_task_named

    if keywords == ("name", "context") and not takes_any:

        def create_task_in_context(self: Any, coro: Any, *, name: Any = None, context: Any = None) -> Any:
            if self._closed:
                self._check_closed()  # = self._check_closed()
            if self._task_factory is not None:
                return make_by_factory(self, coro, {"name": name, "context": context})  # = task = self._task_factory(self, coro
            if name is not None:
                note_name(self, name)
            kind = any_tasks.Task
            if kind is facts.task_name:
                kind = facts.task
            try:
                task = kind(coro, loop=self, name=name, context=context)  # = tasks.Task(coro, loop=self, name=name, context
            except BaseException:
                forget_name(self)
                raise
            if task._source_traceback:
                del task._source_traceback[-1]
            return task

        return create_task_in_context

    return None


def make_registry_add(
    registry: Any, facts: Facts, created: Created, recorder_if_watched: Callable[[Any], Recorder | None], note_birth: Callable[[Any], None]
) -> Callable[[Any], None]:
    """What stands in for the registry's `add`: does what `WeakSet.add` does (CPython, Lib/_weakrefset.py) and tells of the creation.

    The registry also receives task-likes and mocks: nothing is touched on those.
    """
    data = registry.data
    remove = registry._remove
    pending_removals = getattr(registry, "_pending_removals", ())
    reference = weakref.ref
    task_types = (facts.c_task, facts.python_task)
    python_task = facts.python_task
    max_buffer = MAX_BUFFER
    recorder_type = Recorder
    current_task = make_current_task()

    def add(item: Any) -> None:
        if pending_removals:
            registry._commit_removals()
        data.add(reference(item, remove))
        if isinstance(item, task_types):
            loop = item._loop
            recorder = getattr(loop, "_loopscope", None)
            if type(recorder) is not recorder_type:
                recorder = recorder_if_watched(loop)
            if recorder is not None:
                if recorder.eager_parents and current_task(loop) is recorder.eager_parents[-1]:
                    return  # It has been started at once, and is told of as soon as that call is over.
                coroutine = item._coro
                if recorder.alike is not None and getattr(coroutine, "cr_code", None) is recorder.alike:
                    recorder.buffer.append(-id(item))
                    if recorder.notes_births:
                        note_birth(item)
                    if len(recorder.buffer) > max_buffer:
                        recorder.flush()
                    return
                if isinstance(item, python_task):
                    recorder.session.python_tasks = True
                    recorder.session.loops.choose_hook(recorder, loop)  # nest_asyncio makes its tasks such ones.
                created(recorder, loop, item, coroutine)

    return add
