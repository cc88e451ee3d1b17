"""Puts the bridge in place when pydevd is there, and does what has to be done around each stop of a thread by pydevd.

`PyDB.do_wait_suspend` holds a thread until the person lets it go; ours is wrapped around it. Before: is it a step's stop in another task
(steps.py)? tasks become rows (rows.py), the clocks stand still, the adapter is told. After: everything is taken back, and steps are noted.
An error of ours is told and costs what it was for, never the stop.
"""

from __future__ import annotations

import _thread
import os
import selectors
import sys

from ..places import ASYNCIO_FOLDER, OWN_FOLDER
from ..untyped import is_instance
from . import pydevd, texts
from .announced import MOMENT
from .console import Console
from .prompt import Prompt
from .rows import Rows, Shown, running_loop
from .steps import Steps
from .suspended import make_set_tracing
from .tick_gate import TickGate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from ..session import Session

_MACHINERY = (ASYNCIO_FOLDER, OWN_FOLDER, selectors.__file__)

MOST_ROWS_EVER = 200
"""The adapter may ask for so many rows: each costs a step time."""

EVENT = "loopscope/bridge"
"""The custom event on debugpy's channel: what the next stop is, and which row stands for which task."""


class Bridge:
    """The bridge of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.api = pydevd.Pydevd()
        self.steps = Steps(self.api)
        self.rows: Rows | None = None
        self.console: Console | None = None
        self._inside: set[int] = set()
        self.entering: set[int] = set()
        """Threads that are about to stop between two handles: no line on the way, be it pydevd's own, is a place to stop."""
        self._stepping = session.use_stepping()
        self._told: dict[str, Any] = {}
        self._asked: set[int] = set()
        self._shown: dict[int, tuple[Any, Shown, dict[str, Any]]] = {}
        """Of each thread that is held: the debugger, its rows, and what the adapter was told of its stop."""
        self._stops = 0
        """Stops with rows that are over."""
        self._lock = _thread.allocate_lock()
        """So that rows are not entered anew when their thread has gone on."""
        hooks: Any = session.hooks
        lacks = pydevd.missing(pydevd.ROWS)
        if lacks:
            self._fall_back(lacks, "tasks are not shown beside threads")
        else:
            self.rows = Rows(self.api)
            if self.rows.announced is not None:
                self.rows.announced.install(hooks)
            hooks.replace(pydevd.find("_pydevd_bundle.pydevd_frame_utils"), "create_frames_list_from_frame", self.rows.frames_list)
        lacks = pydevd.missing(pydevd.CONSOLE)
        if lacks:
            self._fall_back(lacks, "an await in the console runs on a loop of its own")
        else:
            self.console = Console(session, self.api)
            hooks.replace(pydevd.find("_pydevd_bundle.pydevd_vars"), "_EvalAwaitInNewEventLoop", self.console.make_runner())
        hooks.replace(self.api.PyDB, "do_wait_suspend", self._make_do_wait_suspend())
        hooks.replace(self.api.PyDB, "set_suspend", self._make_set_suspend())
        if self.api.monitors and hasattr(self.api.PyDB, "set_tracing_for_untraced_contexts"):
            hooks.replace(self.api.PyDB, "set_tracing_for_untraced_contexts", make_set_tracing(session, self.api))
        self._hide_own_frames(hooks)
        self._prompt = Prompt(self.api)
        self._be_prompt(hooks)
        self._texts = texts.Texts()
        lacks = texts.missing()
        if lacks:
            self._fall_back(lacks, "a __repr__ that does not return holds up the debugger")
        else:
            hooks.replace(pydevd.find(texts.MODULE), "repr", self._texts.make_repr(self._inside.__contains__))
        self._told_blind = ""
        self._stepping.gate = self._gate = TickGate(self)
        self._stepping.also_runs = self._loop_runs
        self._stepping.commands["rows"] = self._set_rows
        self._stepping.commands["console"] = self._set_console
        session.say("info", "The debugger's bridge is in place: debugpy " + (pydevd.version() or "of an unknown version") + ".")

    def is_blind(self, py_db: Any, trace_function: Any) -> bool:
        """Whether pydevd sees no lines in the calling thread, whose trace function this is; the person is told once why."""
        why = self.api.why_blind(py_db, trace_function)
        if why and why != self._told_blind:
            self._told_blind = why
            self._session.say("warning", why)
        return bool(why)

    def _loop_runs(self) -> None:
        """A loop begins to run, in the calling thread."""
        py_db: Any = self.api.debugger()
        if py_db is not None and self.is_client_there(py_db):
            self.is_blind(py_db, sys.gettrace())

    def _fall_back(self, lacks: list[str], what: str) -> None:
        self._session.say("warning", "This debugpy " + pydevd.version() + " lacks " + ", ".join(lacks) + ": " + what + ".")

    def _set_rows(self, message: dict[str, Any]) -> dict[str, Any]:
        """The command `rows`: which tasks are pinned, and how many rows there may be at most."""
        if self.rows is None:
            raise ValueError("Tasks are not shown beside threads: this debugpy is not known.")
        pinned: Any = message.get("pinned")
        if is_instance(pinned, list):
            self.rows.pinned = [address for address in pinned if type(address) is int]
        most = message.get("most")
        if type(most) is int:
            self.rows.most = max(1, min(most, MOST_ROWS_EVER))
        with self._lock:
            for py_db, shown, body in self._shown.values():
                self.rows.fill_again(py_db, shown)
                self.api.send_event(py_db, EVENT, {**body, **shown.body})
        return {}

    def _set_console(self, message: dict[str, Any]) -> dict[str, Any]:
        """The command `console`: whether all tasks run while something is awaited there; or that it is cancelled."""
        if self.console is None:
            raise ValueError("An await in the console runs on a loop of its own: this debugpy is not known.")
        if type(message.get("others")) is bool:
            self.console.with_others = bool(message["others"])
        if message.get("cancel") is True and not self.console.cancel():
            raise ValueError("Nothing is awaited in the console.")
        return {}

    def _hide_own_frames(self, hooks: Any) -> None:
        """Our functions that stand beside asyncio's are in no stack and are not stepped into."""
        stock: Any = getattr(self.api.PyDB, "_internal_get_file_type", None)
        own_type: Any = getattr(pydevd.find("_pydevd_bundle.pydevd_dont_trace_files"), "PYDEV_FILE", None)
        if stock is None or own_type is None:
            self._fall_back(["PyDB._internal_get_file_type"], "a step into asyncio may show functions of the runtime")
            return
        own = os.path.realpath(OWN_FOLDER) + os.sep

        def _internal_get_file_type(self: Any, names: Any) -> Any:
            return own_type if names[0].startswith((OWN_FOLDER, own)) else stock(self, names)

        hooks.replace(self.api.PyDB, "_internal_get_file_type", _internal_get_file_type)
        self.api.forget_file_types()

    def _be_prompt(self, hooks: Any) -> None:
        """Takes pydevd's delays out."""
        api: Any = pydevd.find("_pydevd_bundle.pydevd_api.PyDevdAPI")
        if not hasattr(self.api.PyDB, "get_internal_queue_and_event") or not hasattr(api, "request_resume_thread"):
            return
        hooks.replace(self.api.PyDB, "get_internal_queue_and_event", self._prompt.make_get_queue(self._inside.__contains__))
        hooks.replace(api, "request_resume_thread", self._prompt.make_request_resume(api.request_resume_thread))

    def is_client_there(self, py_db: Any) -> bool:
        """Whether somebody would be told of a stop."""
        return bool(getattr(py_db, "ready_to_run", True)) and getattr(py_db, "writer", None) is not None

    def mark_tick(self, stop: dict[str, Any]) -> None:
        """The stop that comes next is a loop's between two handles."""
        self._told = stop

    # ── A stop of all threads, a pause ──

    def _make_set_suspend(self) -> Any:
        stock: Any = self.api.PyDB.set_suspend
        bridge = self

        def set_suspend(self: Any, thread: Any, stop_reason: int, *args: Any, **kwargs: Any) -> Any:
            result = stock(self, thread, stop_reason, *args, **kwargs)
            bridge._bring_in_loops(thread, bool(kwargs.get("is_pause")))
            return result

        return set_suspend

    def _bring_in_loops(self, thread: Any, is_pause: bool) -> None:
        """pydevd has marked threads as suspended. One whose loop sleeps runs no line at which to stop: it stops between two handles."""
        try:
            for recorder in self._session.loops.all():
                loop = recorder.loop()
                ident = getattr(loop, "_thread_id", None)
                if loop is None or ident is None or (ident == thread.ident and not is_pause) or ident in self._inside:
                    continue
                if ident in self.entering:  # This is the very stop, or one that is asked for when it has been let go (is_asked_again).
                    continue
                stepper = self._stepping.stepper_of(recorder)
                if not stepper.held and self.is_marked(ident):
                    stepper.pause()
        except Exception as error:
            self._session.fail(error)

    def is_marked(self, ident: int) -> bool:
        """Whether pydevd wants this thread to stop, which is then remembered: a loop's thread that is marked stops between two handles.

        pydevd's own state is what counts. A request that comes while the thread leaves a stop finds it among those that are held: it is
        seen here once the thread has left.
        """
        thread = self.api.thread_of(ident)
        marked = thread is not None and self.api.is_suspended(thread)
        if marked:
            self._asked.add(ident)
        return marked

    def was_let_go(self, thread: Any, reason: str) -> bool:
        """Whether a loop was to stop only because pydevd had marked its thread, and is not to any more."""
        asked = thread.ident in self._asked
        self._asked.discard(thread.ident)
        return asked and reason == "pause" and not self.api.is_suspended(thread)

    def _make_do_wait_suspend(self) -> Any:
        stock: Any = self.api.PyDB.do_wait_suspend
        bridge = self

        def do_wait_suspend(self: Any, thread: Any, frame: Any, event: Any, arg: Any, *args: Any, **kwargs: Any) -> Any:
            ident = thread.ident
            if ident in bridge._inside and thread.stop_reason != pydevd.SET_NEXT_STATEMENT:
                return None  # A line of what the person evaluates at a stop.
            if ident in bridge.entering:
                return None
            if ident in bridge._inside or not bridge._session.active:
                return stock(self, thread, frame, event, arg, *args, **kwargs)
            if bridge._passes(self, thread, frame, event):
                return None
            bridge._inside.add(ident)
            bridge._prepare(self, thread, frame)
            try:
                return stock(self, thread, frame, event, arg, *args, **kwargs)
            finally:
                bridge._inside.discard(ident)
                bridge._clean(thread)
                bridge._resumed(self, thread, frame)

        return do_wait_suspend

    def _passes(self, py_db: Any, thread: Any, frame: FrameType, event: str) -> bool:
        try:
            return self._is_left_to_gate(thread, frame) or self.steps.passes(py_db, thread, frame, event)
        except Exception as error:
            self._session.fail(error)
            return False

    def _is_left_to_gate(self, thread: Any, frame: FrameType) -> bool:
        """Whether pydevd stops a marked thread somewhere within the loop's own tick: it stops a moment later, between two handles."""
        if thread.stop_reason != pydevd.THREAD_SUSPEND or thread.ident not in self._asked:
            return False
        loop = running_loop()
        recorder = getattr(loop, "_loopscope", None)
        if recorder is None or recorder.stepper is None or recorder.stepper.why is None:
            return False
        current: FrameType | None = frame
        while current is not None and current.f_code.co_filename.startswith(_MACHINERY):
            if current.f_code.co_name == "_run_once":
                return True
            current = current.f_back
        return False

    def _prepare(self, py_db: Any, thread: Any, frame: FrameType) -> None:
        told, self._told = self._told, {}
        try:
            self._prompt.hurry(py_db)
            self._stepping.clocks.hold("bridge-" + str(thread.ident))
            loop = running_loop()
            body: dict[str, Any] = {"rows": [], "more": 0, "loop": 0}
            if loop is not None:
                recorder = self._session.loops.recorder_of(loop)
                if not told:
                    stepper = self._stepping.stepper_of(recorder)
                    stepper.stops_at_line()
                    self._gate.at_line[recorder.number] = thread
                    self._asked.discard(thread.ident)
                    if thread.stop_reason in pydevd.STEPS:
                        stepper.want_nothing()
                    else:
                        stepper.why = None
                        recorder.stop_due = False
                recorder.flush()
                if self.rows is not None:
                    with self._lock:
                        shown = self.rows.fill(py_db, thread, loop, recorder, frame)
                        body = dict(shown.body)
                        self._shown[thread.ident] = py_db, shown, body
                body["loop"] = recorder.number
            if told:
                body["loop"] = told["loop"]  # Where a loop is made none runs, or another.
            body["thread"] = thread.ident
            body["threadId"] = self.api.client_id(self.api.thread_id(thread))
            body["stop"] = told or None
            self.api.send_event(py_db, EVENT, body)
        except Exception as error:
            self._session.fail(error)

    def _clean(self, thread: Any) -> None:
        try:
            self._prompt.forget(thread.ident)
            self._texts.forget(thread.ident)
            self._stepping.clocks.release("bridge-" + str(thread.ident))
            with self._lock:
                py_db, shown, _ = self._shown.pop(thread.ident, (None, None, None))
            if self.rows is not None and shown is not None:
                self.rows.clear(py_db, shown)
                if self.rows.announced is not None:
                    self._stops += 1
                    number = self._stops
                    self._session.reader.do_later(MOMENT, lambda: self._take_back(py_db, number))
        except Exception as error:
            self._session.fail(error)

    def _take_back(self, py_db: Any, number: int) -> None:
        """In the reader's thread, a moment after that stop: if none has followed, the client is told that there are no rows."""
        with self._lock:
            announced = None if self.rows is None else self.rows.announced
            if announced is not None and number == self._stops and not self._shown and not py_db.pydb_disposed:
                announced.take_back(py_db)

    def _resumed(self, py_db: Any, thread: Any, frame: FrameType) -> None:
        try:
            loop = running_loop()
            stepper = getattr(getattr(loop, "_loopscope", None), "stepper", None)
            if stepper is not None and stepper.at_line:
                self._gate.at_line.pop(stepper.recorder.number, None)
                if stepper.goes_on_from_line(loop):
                    self.steps.forget(thread.ident)
                if self.is_marked(thread.ident):
                    stepper.pause()
            self.steps.resumed(py_db, thread, frame)
        except Exception as error:
            self._session.fail(error)
