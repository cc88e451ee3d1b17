"""Tasks as rows beside threads: while pydevd holds the thread of a loop, its `threads` lists them, and their stacks are the await chains.

Filled just before the stop and taken out just after it, so that nothing of the program is kept while it runs. Which tasks, if there are too
many for a call stack, is decided here; the names are asyncio's own, no method of a task is called.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from asyncio import tasks

from ..inspection.budget import Budget
from ..inspection.chain import chain_of
from ..inspection.registry import find_tasks, is_live_on, snapshot
from ..inspection.relations import awaiters_of
from ..inspection.tasks import coroutine_name, coroutine_of, name_of
from . import pydevd
from .announced import NEEDED, PREFIX, Announced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from ..recorder import Recorder

MOST_ROWS = 100
"""Rows of tasks at one stop, if the adapter does not say another number."""

MOST_SORTED = 20_000
"""Above so many tasks those for the rows are taken as they come, not in the order of their names."""

FEW = 400
"""Up to so many tasks all are looked at, at each stop."""

SECONDS = 0.02
"""How long the rows of one stop may take to be looked up; those that were found until then are shown."""


class Stack:
    """What stands in for a frame in pydevd's table of custom frames: the frames of a row, innermost first."""

    f_back = None

    def __init__(self, frames: list[FrameType]) -> None:
        self.frames = frames


def current_task(loop: Any) -> Any:
    """The task that a loop steps at this moment, or None."""
    return tasks.current_task(loop)


def running_loop() -> Any:
    """The loop that runs in this thread, or None."""
    return asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage]


def outermost_frame(task: Any) -> Any:
    """The frame of a task's coroutine; None if it has ended, or is of a type without one."""
    coroutine = coroutine_of(task)
    return getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)


def is_in(frame: FrameType | None, outermost: FrameType | None) -> bool:
    """Whether a frame was called, over any number of others, by that frame."""
    while frame is not None and outermost is not None:
        if frame is outermost:
            return True
        frame = frame.f_back
    return False


def suspended_frames(task: Any) -> list[FrameType]:
    """The await chain of a task that is not running, innermost first."""
    return [link.frame for link in reversed(chain_of(task).links) if link.frame is not None]


def running_frames(task: Any, frame: FrameType) -> list[FrameType]:
    """The frames of a task that runs, from that one outwards; [] if the frame is not the task's."""
    outermost = outermost_frame(task)
    frames: list[FrameType] = []
    current: FrameType | None = frame
    while current is not None:
        frames.append(current)
        if current is outermost:
            return frames
        current = current.f_back
    return []


class Shown:
    """The rows of one loop while its thread is held."""

    def __init__(self, thread: Any, loop: Any, recorder: Recorder, frame: FrameType, current: Any) -> None:
        self.thread = thread
        self.loop = loop
        self.recorder = recorder
        self.frame = frame
        self.current = current
        self.keys: list[str] = []
        self.late: list[str] = []
        """Those that have come since the stop."""
        self.body: dict[str, Any] = {"rows": [], "more": 0, "current": 0}
        """What the adapter is told: which row stands for which task, and how many tasks have none."""


class Rows:
    """The rows of one stop after the other."""

    def __init__(self, api: pydevd.Pydevd) -> None:
        self._api = api
        frames: Any = pydevd.find("_pydevd_bundle.pydevd_custom_frames")
        utils: Any = pydevd.find("_pydevd_bundle.pydevd_frame_utils")
        self._container: Any = frames.CustomFramesContainer
        self._custom_frame: Any = frames.CustomFrame
        self._utils = utils
        self._stock: Any = utils.create_frames_list_from_frame
        self._numbers: dict[int, tuple[Any, int]] = {}
        self._last = 0
        self._kept: dict[int, list[weakref.ref[Any]]] = {}
        """By loop: its oldest tasks when they were looked for last."""
        self.announced: Announced | None = None if pydevd.missing(NEEDED) or not api.notes_names(api.debugger()) else Announced()
        """What the client knows of the rows; None: it is told all of them at each stop."""
        self.pinned: list[int] = []
        """Addresses of the tasks that a person has pinned."""
        self.most = MOST_ROWS

    def frames_list(self, frame: Any) -> Any:
        """What stands in for pydevd's `create_frames_list_from_frame`."""
        if type(frame) is not Stack:
            return self._stock(frame)
        frames = self._utils.FramesList()
        for each in frame.frames:
            frames.append(each)
        return frames

    def fill(self, py_db: Any, thread: Any, loop: Any, recorder: Recorder, frame: FrameType) -> Shown:
        """Enters the rows of a loop whose thread is about to be held at that frame."""
        shown = Shown(thread, loop, recorder, frame, current_task(loop))
        self._enter(shown)
        if self.announced is not None:
            self.announced.keep(py_db, self._api.thread_id(thread), shown.keys)
        return shown

    def fill_again(self, py_db: Any, shown: Shown) -> None:
        """Enters those rows anew, since others are pinned. From any thread, while the loop's is held."""
        if not self._api.can_show_rows(py_db):
            return
        before = shown.keys
        entries = self._enter(shown)
        if self.announced is not None:
            self.announced.keep(py_db, self._api.thread_id(shown.thread), shown.keys)
        else:
            self._api.end_rows(py_db, [key for key in before if key not in entries])
        rows = {key: (entry.name, self.frames_list(entry.frame)) for key, entry in entries.items()}
        shown.late += self._api.show_rows(py_db, shown.thread, rows)

    def _enter(self, shown: Shown) -> dict[str, Any]:
        thread, loop, frame, current = shown.thread, shown.loop, shown.frame, shown.current
        thread_id: str = self._api.thread_id(thread)
        chosen, more, is_counted = self._choose(loop, current, shown.recorder.live, shown.recorder.number)
        told: list[dict[str, Any]] = []
        entries: list[tuple[str, Any]] = []
        for task in chosen:
            frames = running_frames(task, frame) if task is current else suspended_frames(task)
            key = PREFIX + str(self._number_of(task)) + "|" + thread_id
            name = name_of(task) + " · " + coroutine_name(coroutine_of(task))
            entries.append((key, self._custom_frame(name, Stack(frames), thread.ident)))
            told.append({"threadId": self._api.client_id(key), "task": id(task)})
        body: dict[str, Any] = {"rows": told, "more": more, "current": 0 if current is None else id(current)}
        if more:
            key = PREFIX + "more|" + thread_id
            text = f"{more:,} more" if is_counted else f"about {more:,} more"
            entries.append((key, self._custom_frame(text, Stack([]), thread.ident)))
            body["moreThreadId"] = self._api.client_id(key)
        with self._container.custom_frames_lock:
            for key in shown.keys:
                self._container.custom_frames.pop(key, None)
            for key, entry in entries:
                self._container.custom_frames[key] = entry
            shown.keys = [key for key, _ in entries]
        shown.body = body
        return dict(entries)

    def clear(self, py_db: Any, shown: Shown) -> None:
        """Takes the rows out again."""
        self._api.end_rows(py_db, [key for key in shown.late if key in shown.keys])
        with self._container.custom_frames_lock:
            for key in shown.keys:
                self._container.custom_frames.pop(key, None)

    def _choose(self, loop: Any, current: Any, count: int, number: int) -> tuple[list[Any], int, bool]:
        """The tasks that get rows, in their order, how many others there are, and whether they were counted. `count`: how many live as
        recorded, which is some handles late; `number`: the loop's."""
        budget = Budget(SECONDS)
        order: dict[int, Any] = {}
        if current is not None:
            order[id(current)] = current
            queue = [current]
            for task in queue:
                for awaiter in awaiters_of(task, budget)[: self.most]:
                    if id(awaiter) not in order and is_live_on(awaiter, loop):
                        order[id(awaiter)] = awaiter
                        queue.append(awaiter)
                if len(order) >= self.most // 2:
                    break
        if self.pinned:
            found = find_tasks(loop, self.pinned)
            for address in self.pinned:
                if address in found and is_live_on(found[address], loop):
                    order.setdefault(address, found[address])
        oldest, total = self._oldest(loop, count, number)
        is_counted = len(oldest) == total
        for task in oldest:
            if len(order) >= self.most:
                break
            order.setdefault(id(task), task)
        chosen = list(order.values())[: self.most]
        return chosen, max(0, total - len(chosen)), is_counted

    def _oldest(self, loop: Any, count: int, number: int) -> tuple[list[Any], int]:
        """The tasks of a loop, oldest first, and how many there are. Of very many the oldest only, which are looked for again when too many
        of them have ended: a step among a million tasks looks at no more of them than one among a thousand."""
        if count > FEW and number in self._kept:
            kept = [task for task in (reference() for reference in self._kept[number]) if task is not None and is_live_on(task, loop)]
            if len(kept) >= self.most:
                return kept, count
        live = {id(task): task for task in (reference() for reference in snapshot(loop)) if task is not None and is_live_on(task, loop)}
        oldest = list(live.values())
        if len(oldest) <= MOST_SORTED:
            oldest.sort(key=_age)
        self._kept[number] = [weakref.ref(task) for task in oldest[:FEW]]
        return oldest, len(oldest)

    def _number_of(self, task: Any) -> int:
        """A number of the task's own, so that its row is the same at the next stop."""
        known = self._numbers.get(id(task))
        if known is not None and known[0]() is task:
            return known[1]
        if len(self._numbers) > 4 * MOST_ROWS:
            self._numbers = {address: entry for address, entry in self._numbers.items() if entry[0]() is not None}
        self._last += 1
        self._numbers[id(task)] = (weakref.ref(task), self._last)
        return self._last


def _age(task: Any) -> tuple[int, str]:
    """Orders tasks by age as far as their names tell: `Task-N` are numbered as they are created. Others come after them."""
    name = name_of(task)
    digits = name[5:] if name.startswith("Task-") else ""
    return (int(digits), "") if digits.isdecimal() and len(digits) < 20 else (sys.maxsize, name)
