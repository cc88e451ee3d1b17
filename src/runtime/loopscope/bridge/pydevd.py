"""pydevd as it is loaded in this process: the functions, classes and numbers of it that the bridge uses, and what is missing of them.

Nothing is imported, only looked up: pydevd is there or it is not. Names are those of debugpy 1.8.11 to 1.8.22, `_vendored/pydevd`.
"""

from __future__ import annotations

import sys
import threading
from types import FunctionType, MethodType

from ..untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

THREAD_SUSPEND = 105
STEP_INTO = 107
STEP_OVER = 108
STEP_RETURN = 109
SET_BREAK = 111
SET_NEXT_STATEMENT = 127
SMART_STEP_INTO = 128
STEP_INTO_MY_CODE = 144
STEP_OVER_MY_CODE = 159
STEP_RETURN_MY_CODE = 160
STEP_INTO_COROUTINE = 206
"""Commands and reasons of stops (`_pydevd_bundle/pydevd_comm_constants.py`)."""

INTO = (STEP_INTO, STEP_INTO_MY_CODE, STEP_INTO_COROUTINE, SMART_STEP_INTO)
OVER = (STEP_OVER, STEP_OVER_MY_CODE)
RETURN = (STEP_RETURN, STEP_RETURN_MY_CODE)
STEPS = INTO + OVER + RETURN

STATE_RUN = 1
STATE_SUSPEND = 2

NEEDED = {
    "pydevd": ("PyDB",),
    "pydevd.PyDB": ("do_wait_suspend", "set_suspend", "set_trace_for_frame_and_parents", "apply_files_filter", "get_use_libraries_filter"),
    "_pydevd_bundle.pydevd_constants": ("get_current_thread_id", "get_global_debugger"),
    "_pydevd_bundle.pydevd_net_command": ("NetCommand",),
    "_pydevd_bundle.pydevd_additional_thread_info": ("set_additional_thread_info",),
}
"""Without these there is no bridge."""

ROWS = {
    "_pydevd_bundle.pydevd_custom_frames": ("CustomFramesContainer", "CustomFrame"),
    "_pydevd_bundle.pydevd_frame_utils": ("FramesList", "create_frames_list_from_frame"),
    "_pydevd_bundle._debug_adapter.pydevd_base_schema": ("BaseSchema",),
}
"""Without these tasks are no native threads."""

CONSOLE = {"_pydevd_bundle.pydevd_vars": ("_EvalAwaitInNewEventLoop",)}
"""Without this an `await` in the console runs on a loop of its own."""


def find(path: str) -> Any:
    """A loaded module, or a class of one (`pydevd.PyDB`); None if it is not there."""
    module = sys.modules.get(path)
    if module is not None:
        return module
    head, _, name = path.rpartition(".")
    return getattr(sys.modules.get(head), name, None)


def missing(needed: dict[str, tuple[str, ...]]) -> list[str]:
    """Which of these are not there."""
    return [path + "." + name for path, names in needed.items() for name in names if not hasattr(find(path), name)]


def version() -> str:
    """debugpy's version, '' if it is not known."""
    return str(getattr(sys.modules.get("debugpy"), "__version__", ""))


class Pydevd:
    """What the bridge does with pydevd, whatever its version. Made when nothing of `NEEDED` is missing."""

    def __init__(self) -> None:
        self.PyDB: Any = find("pydevd").PyDB
        constants = find("_pydevd_bundle.pydevd_constants")
        self.thread_id: Any = constants.get_current_thread_id
        self.debugger: Any = constants.get_global_debugger
        self._command: Any = find("_pydevd_bundle.pydevd_net_command").NetCommand
        monitoring: Any = find("_pydevd_sys_monitoring.pydevd_sys_monitoring")
        self.monitors = bool(getattr(constants, "PYDEVD_USE_SYS_MONITORING", False)) and monitoring is not None
        self._monitoring: Any = monitoring
        self._tracing: Any = find("pydevd_tracing")
        self._paused: set[int] = set()
        """Threads that are not monitored now."""
        lifecycle: Any = find("_pydevd_bundle.pydevd_thread_lifecycle")
        self._resume: Any = getattr(lifecycle, "resume_threads", None)
        self._active: Any = vars(threading)["_active"]
        self._set_info: Any = find("_pydevd_bundle.pydevd_additional_thread_info").set_additional_thread_info
        self._schema: Any = getattr(find("_pydevd_bundle._debug_adapter.pydevd_base_schema"), "BaseSchema", None)

    def send_event(self, py_db: Any, name: str, body: dict[str, Any]) -> None:
        """A custom event to the client, on debugpy's own channel, in order with its others."""
        py_db.writer.add_command(self._command(0, 0, {"type": "event", "event": name, "body": body}, is_json=True))

    def client_id(self, thread_id: str) -> int:
        """The number under which the client knows a thread or row of pydevd's; 0 if that cannot be told."""
        translate: Any = getattr(self._schema, "_translate_id_to_dap", None)
        number = translate(thread_id) if translate is not None else 0
        return number if isinstance(number, int) else 0

    def notes_names(self, py_db: Any) -> bool:
        """Whether pydevd notes the names of rows where we look for them. If not, each stop tells of all rows anew."""
        return hasattr(py_db.cmd_factory, "_additional_thread_id_to_thread_name")

    def can_show_rows(self, py_db: Any) -> bool:
        """Whether `show_rows` finds what it needs. If not, rows change at the next stop only."""
        return self.notes_names(py_db) and hasattr(getattr(py_db, "suspended_frames_manager", None), "_thread_id_to_tracker")

    def show_rows(self, py_db: Any, thread: Any, rows: dict[str, tuple[str, Any]]) -> list[str]:
        """While a thread is held: its rows (name and frames by key) are these, in this order. The keys of those that pydevd has not made
        itself at the stop, and will not end."""
        factory: Any = py_db.cmd_factory
        names: dict[str, str] = factory._additional_thread_id_to_thread_name
        trackers: Any = py_db.suspended_frames_manager._thread_id_to_tracker
        thread_id = self.thread_id(thread)
        made: list[str] = []
        for key, (name, frames) in rows.items():
            known = names.pop(key, None) is not None
            names[key] = name
            if key not in trackers:
                trackers[thread_id].track(thread_id, frames, frame_custom_thread_id=key)
            if not known:
                made.append(key)
                py_db.writer.add_command(factory.make_custom_frame_created_message(key, name))
        return made

    def end_rows(self, py_db: Any, keys: list[str]) -> None:
        """These rows are no more."""
        for key in keys:
            py_db.writer.add_command(py_db.cmd_factory.make_thread_killed_message(key))

    def is_hidden(self, py_db: Any, frame: FrameType) -> bool:
        """Whether a frame is not the person's code, with what they have set (`justMyCode`)."""
        if py_db.get_file_type(frame) is not None:
            return True
        my_code = bool(py_db.get_use_libraries_filter())
        return bool((my_code or py_db.is_files_filter_enabled) and py_db.apply_files_filter(frame, frame.f_code.co_filename, my_code))

    def forget_file_types(self) -> None:
        """Has pydevd work out anew whose file each is. Up to 3.11 without `clear_dont_trace_start_end_patterns_caches`, which traces every
        thread again and so puts away a trace function that the program has set (coverage.py's)."""
        py_db: Any = self.debugger()
        known: Any = getattr(find("pydevd"), "_CACHE_FILE_TYPE", None)
        clear: Any = getattr(py_db, "_clear_caches", None)
        if self.monitors or known is None or clear is None:
            clear = getattr(py_db, "clear_dont_trace_start_end_patterns_caches", None)
        else:
            known.clear()
            py_db.mtime += 1
        if clear is not None:
            clear()

    def arm(self, py_db: Any, thread: Any, frames: list[FrameType]) -> None:
        """Has pydevd see lines and returns of these frames when they run on; on 3.12 and later of their code."""
        info = thread.additional_info
        before = info.pydev_step_cmd, info.pydev_step_stop
        info.pydev_step_cmd, info.pydev_step_stop = STEP_INTO, None
        try:
            for frame in frames:
                py_db.set_trace_for_frame_and_parents(thread.ident, frame)
        finally:
            info.pydev_step_cmd, info.pydev_step_stop = before
        if self.monitors and self._monitoring is not None:
            self._monitoring.update_monitor_events(suspend_requested=True)
            self._monitoring.restart_events()

    def trace_code(self, py_db: Any, ident: int, frame: FrameType) -> None:
        """Has pydevd see the lines of this frame's code, if a breakpoint is among them. From any thread; `ident`: the frame's."""
        if py_db.get_file_type(frame) is None:
            self._monitoring.enable_code_tracing(ident, frame.f_code, frame)

    def see_lines_again(self) -> None:
        """Lines of which pydevd wanted to hear no more are reported again, once."""
        self._monitoring.restart_events()

    def run_on(self, py_db: Any, thread: Any, command: int, frame: FrameType | None) -> None:
        """A thread that pydevd has marked as suspended goes on: with a step until that frame, or with none (-1)."""
        info = thread.additional_info
        info.pydev_step_cmd = command
        info.pydev_step_stop = frame
        if command == -1:
            info.pydev_original_step_cmd = -1
        info.pydev_state = STATE_RUN
        info.update_stepping_info()
        if py_db.multi_threads_single_notification and self._resume is not None:
            self._resume("*", except_thread=thread)

    def thread_of(self, ident: int) -> Any:
        """The `threading.Thread` of a thread that runs; None if it has none."""
        return self._active.get(ident)

    def info(self, thread: Any) -> Any:
        """What pydevd knows of a thread: whether it is suspended, and which step it takes."""
        return self._set_info(thread)

    def is_suspended(self, thread: Any) -> bool:
        """Whether pydevd has marked a thread to stop, or holds it."""
        return bool(self._set_info(thread).pydev_state == STATE_SUSPEND)

    def clear(self, info: Any) -> None:
        """No step is taken any more."""
        info.pydev_step_cmd = info.pydev_original_step_cmd = -1
        info.pydev_step_stop = None
        info.update_stepping_info()

    def let_go(self, thread: Any) -> None:
        """A thread that pydevd holds, and all that are held with it, go on. From any thread."""
        if self._resume is not None:
            self._resume("*")
        info = self._set_info(thread)
        self.clear(info)
        info.pydev_state = STATE_RUN
        info.update_stepping_info()

    def over(self, py_db: Any) -> int:
        """The command of a step over."""
        return STEP_OVER_MY_CODE if py_db.get_use_libraries_filter() else STEP_OVER

    def pause_tracing(self) -> Any:
        """This thread is not traced until `go_on_tracing` is called with the result. At a stop of ours pydevd would see its own calls of
        libraries, as it does not at a stop of its own, and wait for its own locks where `justMyCode` is off (seen with 1.8.11)."""
        if self.monitors:
            ident = threading.get_ident()
            if ident in self._paused or not hasattr(self._monitoring, "stop_monitoring"):
                return None
            self._paused.add(ident)
            self._monitoring.start_monitoring()  # Or a thread that pydevd has seen nothing of is not marked.
            self._monitoring.stop_monitoring()
            return ident
        function = sys.gettrace()
        if function is not None and self._tracing is not None:
            self._tracing.SetTrace(None)
        return function

    def why_blind(self, py_db: Any, function: Any) -> str:
        """Up to 3.11 a thread has one trace function: a sentence if this one is not pydevd's, so that it sees no line there; else ''."""
        if self.monitors or getattr(py_db, "frame_eval_func", None) is not None:
            return ""
        kind: Any = type_of(function)
        owner: Any = function.__func__ if kind is MethodType else function
        name = str(owner.__module__ if type_of(owner) is FunctionType else kind.__module__)
        if name.startswith(("_pydevd", "pydevd")):
            return ""
        who = "is not traced" if function is None else "is traced by " + name
        return (
            "The loop's thread "
            + who
            + ": up to Python 3.11 the debugger sees no lines there then, so breakpoints and steps into lines do nothing. Its callbacks can"
            " be stepped. Run the program without that, or on Python 3.12 or newer."
        )

    def go_on_tracing(self, function: Any) -> None:
        """The opposite of `pause_tracing`."""
        if self.monitors:
            if function is not None:
                self._paused.discard(function)
                self._monitoring.start_monitoring()
        elif function is not None and self._tracing is not None:
            self._tracing.SetTrace(function)
