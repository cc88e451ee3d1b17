"""pydevd as it is loaded in this process: the functions, classes and numbers of it that the bridge uses, and what is missing of them.

Nothing is imported, only looked up: pydevd is there or it is not. Names are those of debugpy 1.8.11 to 1.8.22, `_vendored/pydevd`.
"""

from __future__ import annotations

import sys
import threading

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

    def is_hidden(self, py_db: Any, frame: FrameType) -> bool:
        """Whether a frame is not the person's code, with what they have set (`justMyCode`)."""
        if py_db.get_file_type(frame) is not None:
            return True
        my_code = bool(py_db.get_use_libraries_filter())
        return bool((my_code or py_db.is_files_filter_enabled) and py_db.apply_files_filter(frame, frame.f_code.co_filename, my_code))

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
        """Up to 3.11: this thread is not traced until `go_on_tracing` is called with the result."""
        if self.monitors:
            return None
        function = sys.gettrace()
        if function is not None and self._tracing is not None:
            self._tracing.SetTrace(None)
        return function

    def go_on_tracing(self, function: Any) -> None:
        """The opposite of `pause_tracing`."""
        if function is not None and self._tracing is not None:
            self._tracing.SetTrace(function)
