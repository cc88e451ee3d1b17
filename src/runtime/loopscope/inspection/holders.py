"""Who holds a lock. asyncio does not know; the suspended frames do.

`async with lock` leaves the lock's `__aexit__` on the evaluation stack of the frame that is inside the block: as a
bound
method up to CPython 3.13, as the function and its object side by side from 3.14 on (LOAD_SPECIAL). A frame that
awaited
`x.acquire()` and releases `x` further on holds what `x` stands for. Contexts that wrap a lock (an
`asynccontextmanager`, an
`AsyncExitStack`, a class with `acquire` in its `__aenter__`) are looked through.

The frames of all tasks are searched a part in each answer, so that no answer takes long; what was found is checked
anew
before it is said. Only weak references are kept between answers.
"""

from __future__ import annotations

import sys
from gc import get_referents
from time import perf_counter
from types import CellType, CoroutineType, FunctionType, MethodType
from weakref import ref

from .budget import Budget
from .chain import Link, link_of, owners_of
from .expressions import acquired_at, awaited_expression, has_blocks, has_pairs, line_at, open_blocks
from .peek import a_dict, a_tuple, field, is_a, kind_value, listed, type_name
from .registry import Walk, may_read_all
from .sites import short_place
from .stock import code_of, find, stock
from .tasks import coroutine_of, is_pending, loop_of, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_UNBOUND = sys.version_info >= (3, 14)
#: Part of an answer's time that may go into searching.
_SHARE = 0.4
#: Seconds between two parts of a search that has not come to the last task.
_PAUSE = 0.02
_search_again_at = 0.0


class Parked:
    """A context that a frame is inside of. `line` is that of its `async with`, 0: not known; `entering`: not yet
    inside."""

    __slots__ = ("code", "context", "entering", "line")

    def __init__(self, context: Any, code: Any, line: int, entering: bool) -> None:
        self.context = context
        self.code = code
        self.line = line
        self.entering = entering


def parked_in(link: Link) -> list[Parked]:
    """The asynchronous contexts whose exits wait on a frame's evaluation stack, outermost first."""
    if not has_blocks(link.code):
        return []
    contexts = list(exit_owners(link.referents(), ("__aexit__",)))
    if not contexts:
        return []
    entering = awaited_expression(link.code, link.offset).entered
    blocks = [site for site in open_blocks(link.code, link.offset) if site.asynchronous]
    # The order on the stack is that of the blocks. One that is being entered has no block yet, one being left may
    # have one.
    inside = len(contexts) - entering
    leaving = sys.version_info < (3, 11) and inside == len(blocks) - 1
    sure = inside == len(blocks) or leaving
    found: list[Parked] = []
    for index, context in enumerate(contexts):
        line = line_at(link.code, blocks[index].offset) if sure and index < len(blocks) else 0
        found.append(Parked(context, link.code, line, entering and index == len(contexts) - 1))
    return found


def exit_owners(referents: list[Any], exits: tuple[str, ...]) -> Iterator[Any]:
    """The objects of which one of these methods (`__aexit__`, `__exit__`) is among the values of a frame."""
    before: Any = None
    for value in referents:
        if type(value) is MethodType:
            function, owner = value.__func__, value.__self__
        elif _UNBOUND and type(before) is FunctionType:
            function, owner = before, value
        else:
            before = value
            continue
        before = value
        name = function.__name__ if type(function) is FunctionType else ""
        if any(kind_value(owner, exit_name) is function for exit_name in exits) and name:
            yield owner


class Hold:
    """A task that holds something, and since where (`worker.py:9`, '' if not known)."""

    __slots__ = ("since", "task")

    def __init__(self, task: Any, since: str) -> None:
        self.task = task
        self.since = since


def holds_of(task: Any) -> list[tuple[Any, str]]:
    """What a suspended task holds, as (lock, condition, semaphore …; since where)."""
    found: list[tuple[Any, str]] = []
    given_up: list[Any] = []
    wait_code = code_of(find("asyncio.locks", "Condition.wait"))
    for owner in owners_of(task)[0]:
        link = link_of(owner)
        if link is None:
            continue
        if link.code is wait_code:  # inside of its block, but it has let go of the lock until it is notified
            condition = link.local(stock().Condition)
            given_up += [condition, field(condition, "_lock")]
        elif has_blocks(link.code) or has_pairs(link.code):
            _holds_in(link, found, 4)
    return [hold for hold in found if all(hold[0] is not other for other in given_up)]


def _holds_in(link: Link, found: list[tuple[Any, str]], depth: int) -> None:
    """What the task holds by one of its frames."""
    for parked in parked_in(link):
        if not parked.entering:
            since = short_place(parked.code, parked.line) if parked.line else ""
            _look_through(parked.context, since, found, depth)
    for site in acquired_at(link.code, link.offset) if has_pairs(link.code) else ():
        held = _resolve(link, site.expr.text)
        if held is not None:
            found.append((held, short_place(link.code, line_at(link.code, site.offset))))


def _look_through(context: Any, since: str, found: list[tuple[Any, str]], depth: int) -> None:
    """Adds what is held by being inside a context."""
    found.append((context, since))
    if depth <= 0:
        return
    if is_a(context, stock().Condition):
        found.append((field(context, "_lock"), since))
    elif is_a(context, find("contextlib", "_AsyncGeneratorContextManager")):
        inner = link_of(field(context, "gen"))
        if inner is not None:
            _holds_in(inner, found, depth - 1)
    elif is_a(context, find("contextlib", "AsyncExitStack")):
        for entry in listed(field(context, "_exit_callbacks"), 50):
            callback = (*a_tuple(entry), None, None)[1]
            if type(callback) is MethodType:
                _look_through(callback.__self__, since, found, depth - 1)
    elif not _is_lock(context):
        enter: Any = kind_value(context, "__aenter__")
        if type(enter) is FunctionType and "acquire" in enter.__code__.co_names:
            for value in get_referents(context)[:20]:
                values = listed(a_dict(value).values(), 50) or [value]
                found.extend((inner, since) for inner in values if _is_lock(inner))


def _is_lock(value: Any) -> bool:
    """True for what asyncio calls a lock: those that a task can hold."""
    own = stock()
    return is_a(value, own.Lock) or is_a(value, own.Semaphore) or is_a(value, own.Condition)


def _resolve(link: Link, name: str) -> Any:
    """The lock that a name (`self.db`) stands for in a frame: some local, or the global of that name, then the
    attributes."""
    root, *path = name.split(".")
    if not all(part.isidentifier() for part in (root, *path)):
        return None
    candidates = link.referents() if root in link.code.co_varnames + link.code.co_cellvars + link.code.co_freevars else []
    if not candidates and link.frame is not None:
        candidates = [link.frame.f_globals.get(root)]
    for value in candidates:
        if type(value) is CellType:
            value = next(iter(get_referents(value)), None)
        for part in path:
            value = field(value, part) if value is not None else None
        if _is_lock(value):
            return value
    return None


def _may_hold(task: Any, known: dict[int, bool]) -> bool:
    """False for a task whose frames have no block and no `acquire`: the quick look at very many. `known` is by code."""
    current = coroutine_of(task)
    while type(current) is CoroutineType:
        code = current.cr_code
        may = known.get(id(code))
        if may is None:
            may = known[id(code)] = has_blocks(code) or has_pairs(code)
        if may:
            return True
        current = current.cr_await
    # The end of a chain of coroutines; anything else may lead on to more of them.
    return current is not None and type_name(current) != "FutureIter" and not stock().is_future(current)


#: By the lock's address: the tasks that held it when they were last looked at. Checked before use.
_held: dict[int, list[ref[Any]]] = {}
#: By the loop's address: the loop, and how far its tasks were searched.
_walks: dict[int, tuple[ref[Any], Walk]] = {}


class Holders:
    """The search for holders, for one answer on one loop."""

    def __init__(self, loop: Any, budget: Budget) -> None:
        """Nothing is searched until somebody asks."""
        self._loop = loop
        self._budget = budget
        self._searched = False
        self._answers: dict[int, list[Hold]] = {}

    def of(self, lock: Any) -> list[Hold]:
        """The tasks that hold the lock, as far as they are found yet."""
        known = self._answers.get(id(lock))
        if known is None:
            known = self._check(lock)
            if not known and not self._searched:
                self._searched = True
                self._search()
                known = self._check(lock)
            self._answers[id(lock)] = known
        return known

    def _check(self, lock: Any) -> list[Hold]:
        """Those of the noted tasks that hold it now."""
        holds: list[Hold] = []
        for reference in _held.get(id(lock), ()):
            task = reference()
            if task is not None and is_pending(task) and all(task is not hold.task for hold in holds):
                since = next((since for held, since in holds_of(task) if held is lock), None)
                if since is not None:
                    holds.append(Hold(task, since))
        holds.sort(key=lambda hold: (len(name_of(hold.task)), name_of(hold.task)))
        return holds

    def _search(self) -> None:
        """Goes on through the loop's tasks, and again from the first one, as far as the time allows."""
        if perf_counter() < _search_again_at:
            return
        budget = self._budget.part(_SHARE)
        kept = _walks.pop(id(self._loop), None)
        if kept is not None and kept[0]() is self._loop and not self._go_on(kept[1], budget):
            return
        if may_read_all():
            self._go_on(Walk(self._loop), budget)

    def _go_on(self, walk: Walk, budget: Budget) -> bool:
        """Notes what each task holds; False if the time was used up before the last one."""
        global _search_again_at
        may_hold: dict[int, bool] = {}  # by code; valid while the tasks that were just taken live
        while not walk.ended and not budget.spent():
            tasks = walk.take(20)
            may_hold.clear()
            for task in tasks:
                if not stock().is_task(task) or loop_of(task) is not self._loop or not _may_hold(task, may_hold):
                    continue
                for held, _ in holds_of(task) if is_pending(task) else ():
                    noted = _held.setdefault(id(held), [])
                    if all(reference() is not task for reference in noted):
                        noted[:] = [reference for reference in noted if reference() is not None][-50:]
                        noted.append(ref(task))
        if not walk.ended:
            # Among very many tasks the search is a small part of all answers, so that their rows are not late.
            _search_again_at = perf_counter() + _PAUSE
            if len(_walks) > 20:
                _walks.clear()
            _walks[id(self._loop)] = (ref(self._loop), walk)
        if len(_held) > 5000:
            _held.clear()
        return walk.ended
