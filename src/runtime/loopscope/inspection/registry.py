"""Where the live tasks are: one by its address, and all of a loop in slices, without holding the loop for long.

Up to CPython 3.13 every task is in a WeakSet, and a probe with the task's hash finds it there in constant time. From
3.14 on C tasks are in lists that only `all_tasks` can read. Of a crowd of tasks the recorder notes each that is created
(births.py of the runtime), and the notes answer instead. Only weak references outlive an answer.
It does not say what a task is or does.
"""

from __future__ import annotations

import sys
from time import get_clock_info, perf_counter, thread_time
from weakref import ref

from .peek import class_value, exactly, field, listed
from .stock import find, stock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: After a read that took so long, and one that nobody could prevent, the next must wait: it may take 1 part in 100
#: of the time.
_DUTY = 100
#: What a read takes is its own time: on a busy machine the thread may have to wait in between. Windows counts it in steps of 16 ms.
_own_time = thread_time if get_clock_info("thread_time").resolution < 0.001 else perf_counter


_POINTER_BITS = 64 if sys.maxsize > 2**32 else 32


class _Probe:
    """Stands in a look-up for the task at an address: hashes as that task does, and remembers what it was compared
    with."""

    __slots__ = ("_address", "_hash", "found")

    def __init__(self, address: int) -> None:
        self._address = address
        # object.__hash__ is the address, rotated right by four bits (CPython, Python/pyhash.c, Py_HashPointer).
        rotated = (address >> 4) | ((address & 15) << (_POINTER_BITS - 4))
        self._hash = rotated - (1 << _POINTER_BITS) if rotated >> (_POINTER_BITS - 1) else rotated
        self.found: Any = None

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: Any) -> bool:
        target: object = other() if exactly(other, ref) else other
        if id(target) == self._address:
            self.found = target
            return True
        return False


def _probed(members: Any, address: int) -> Any:
    """The task at that address if the set holds it or a weak reference to it, else None."""
    probe = _Probe(address)
    return probe.found if type(members) is set and probe in members else None


class NoBirths:
    """Stands for the notes of a recorder where there is none: see births.py of the runtime."""

    wanted = False
    parts = 0

    def find(self, address: int) -> Any:
        """None: nothing is known."""

    def earlier(self) -> list[ref[Any]]:
        """Nothing."""
        return []

    def part(self, number: int) -> list[ref[Any]]:
        """Nothing."""
        return []


births: Any = NoBirths()


def use_births(notes: Any) -> None:
    """From now on tasks are looked for in these notes while there is a crowd of them."""
    global births
    births = notes


def _weak_sets() -> list[Any]:
    """What is inside the WeakSets in which this Python registers tasks: sets of weak references."""
    places = (("asyncio.tasks", "_all_tasks"), ("asyncio.tasks", "_scheduled_tasks"), ("_asyncio", "_scheduled_tasks"))
    found: list[Any] = []
    for module, name in places:
        data: Any = field(find(module, name), "data")
        if type(data) is set and all(data is not other for other in found):
            found.append(data)
    return found


def _odd_classes() -> bool:
    """True if the program has a Task class with its own `__hash__` or `__eq__`: a probe may then miss, or run its
    code."""
    known: list[type] = [cls for cls in (stock().Task, stock().PyTask) if cls is not None]
    for cls in known:
        if any(class_value(cls, name) is not vars(object)[name] for name in ("__hash__", "__eq__")):
            return True
        known.extend(sub for sub in type.__subclasses__(cls) if all(sub is not other for other in known))
        if len(known) > 1000:
            return True
    return False


#: Tasks that were found the long way, by address: they will be asked for again.
_known: dict[int, ref[Any]] = {}
_may_read_at = 0.0


def find_tasks(loop: Any, addresses: list[int]) -> dict[int, Any]:
    """The live tasks at these addresses (of whatever loop); one that is left out is gone, or could not be found in
    time."""
    found: dict[int, Any] = {}
    weak_sets = _weak_sets()
    for address in addresses:
        for weak_set in weak_sets:
            task = _probed(weak_set, address)
            if task is not None:
                found[address] = task
                break
        else:
            known = _known.get(address)
            task = None if known is None else known()
            task = births.find(address) if task is None else task
            if task is not None:
                found[address] = task
    missing = [address for address in addresses if address not in found]
    if missing:
        for address, task in _searched(loop, missing).items():
            found[address] = task
            if len(_known) > 4096:
                _known.clear()
            _known[address] = ref(task)
    return found


def may_read_all() -> bool:
    """False for a while after a read of all tasks that took too long: an answer then does without, if it can."""
    return perf_counter() >= _may_read_at


def is_complete() -> bool:
    """True if every task that lives is found now: one that is not found is gone."""
    return births.wanted or may_read_all() or (find("_asyncio", "all_tasks") is None and not _odd_classes())


def _note_read(began: float) -> None:
    """A read of all tasks has ended."""
    global _may_read_at
    took = _own_time() - began
    if took > 0.004:
        _may_read_at = perf_counter() + took * _DUTY


def _searched(loop: Any, addresses: list[int]) -> dict[int, Any]:
    """Those of these tasks that no probe of a WeakSet finds: eager ones in their first step, C tasks from 3.14 on,
    odd ones."""
    found: dict[int, Any] = {}
    wanted = set(addresses)
    eager: Any = find("asyncio.tasks", "_eager_tasks")
    for task in listed(eager):
        if id(task) in wanted:
            found[id(task)] = task
    c_all_tasks: Any = find("_asyncio", "all_tasks")
    odd = _odd_classes()
    if len(found) == len(wanted) or births.wanted or not may_read_all() or (c_all_tasks is None and not odd):
        return found
    began = _own_time()
    if c_all_tasks is not None:
        tasks: Any = c_all_tasks(loop)
    else:
        tasks = [task for task in (reference() for reference in snapshot(loop)) if task is not None]
    if odd:
        found.update((id(task), task) for task in tasks if id(task) in wanted)
    else:
        for address in addresses:
            task = _probed(tasks, address)
            if task is not None:
                found[address] = task
    _note_read(began)
    return found


def snapshot(loop: Any) -> list[ref[Any]]:
    """Weak references to all tasks, at one instant: of the loop and maybe of others, live and maybe done ones too."""
    began = _own_time()
    references: list[ref[Any]] = []
    for weak_set in _weak_sets():
        references += listed(weak_set)
    c_all_tasks: Any = find("_asyncio", "all_tasks")
    if c_all_tasks is not None:
        references += [ref(task) for task in c_all_tasks(loop)]
    eager: Any = find("asyncio.tasks", "_eager_tasks")
    references += [ref(task) for task in listed(eager)]
    _note_read(began)
    return references


def is_live_on(task: Any, loop: Any) -> bool:
    """True for a task of that loop that has not ended."""
    return stock().is_task(task) and field(task, "_loop") is loop and field(task, "_state") == "PENDING"


class Walk:
    """All tasks of a loop in slices, over several answers. It holds weak references only."""

    def __init__(self, loop: Any) -> None:
        """From the beginning; what is created later may be left out."""
        self._rest: list[ref[Any]] = births.earlier() if births.wanted else snapshot(loop)
        self._part = 0
        self._noted = births.wanted

    def take(self, count: int) -> list[Any]:
        """About `count` more tasks, of any loop and state; [] at the end (or if nothing lives in this slice: see
        `ended`)."""
        while self._noted and len(self._rest) < count and births.wanted and self._part < births.parts:
            self._rest += births.part(self._part)
            self._part += 1
        part = self._rest[-count:]
        del self._rest[-count:]
        return [task for task in (reference() for reference in part) if task is not None]

    @property
    def ended(self) -> bool:
        """True if there is nothing left to take."""
        return not self._rest and not (self._noted and births.wanted and self._part < births.parts)
