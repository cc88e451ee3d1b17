"""The stepping of one session: commands in, steppers by loop, and everything let go at the end.

Commands arrive in the reader's thread. What only sets something is done there at once; what touches a loop is done in the loop's thread,
at its stop or between two handles, or by the reader where another gate holds the thread.
"""

from __future__ import annotations

from asyncio import base_events

from ..inspection.peek import a_list
from ..inspection.registry import find_tasks
from ..inspection.tasks import name_of
from ..marker import put_marker
from ..recorder import HANDLES_BETWEEN_CHECKS
from ..untyped import is_instance
from .breaks import Breaks
from .clock import Clocks
from .gate import Gate
from .goals import KINDS
from .report import text_of
from .stepper import Stepper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..recorder import Recorder
    from ..session import Session

NO_ORDER = "The ready queue of this loop cannot be changed: it is hidden. Run the program on asyncio's own loop to change it."


class Stepping:
    """What the session steps."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gate: Any = Gate()
        """What holds a thread at its next stop; another may be put here."""
        self.clocks = Clocks(session)
        self.breaks = Breaks(self)
        self.stride = HANDLES_BETWEEN_CHECKS
        self.stop_on_first_tick = False
        self.commands: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        """Commands that others do, by name, in the reader's thread; as in `_perform`."""
        self.also_runs: Callable[[], None] | None = None
        """Called when a loop begins to run, in its thread."""
        self._steppers: dict[int, Stepper] = {}
        session.loops.on_run = self._loop_runs

    def stepper_of(self, recorder: Recorder) -> Stepper:
        """The stepper of a loop, made if it has none."""
        stepper = recorder.stepper
        if stepper is None:
            recorder.stepper = stepper = self._steppers[recorder.number] = Stepper(self, recorder)
        return stepper

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message of the stepping."""
        self.session.link.send_message(message)

    def make_sure_of_reader(self) -> None:
        """A thread is about to be held: there must be one that hears when it may go on."""
        self.session.reader.start()

    def set_up(self, settings: dict[str, Any]) -> None:
        """What the adapter had to say before the program began (`LOOPSCOPE_STEPPING`), or says by the command `stepping`."""
        self.clocks.freezes = settings.get("freezeClock") is not False
        if not self.clocks.freezes:
            self.clocks.release_all()
        self.stop_on_first_tick = settings.get("stopOnFirstTick") is True
        if "breakOn" in settings:
            self.breaks.set([item for item in a_list(settings["breakOn"]) if isinstance(item, dict)])

    # ── Commands ──

    def receive(self, message: dict[str, Any]) -> tuple[Recorder, dict[str, Any]] | None:
        """Does a command in the reader's thread and answers it; or gives the loop's recorder in whose thread it is to be done."""
        command = message.get("command")
        number = message.get("loop")
        if command in ("order", "task"):
            recorder = self.session.loops.by_number(number)
            stepper = recorder.stepper if recorder is not None else None
            if recorder is not None and not (stepper is not None and stepper.is_elsewhere):
                return recorder, message
        self.answer(message)
        return None

    def answer(self, message: dict[str, Any]) -> None:
        """Does a command here and now, and answers it once. Never raises."""
        reply: dict[str, Any] = {"type": "answer", "id": message.get("id", 0), "ok": False, "error": ""}
        try:
            result = self._perform(message)
            reply = {"type": "answer", "id": message.get("id", 0), "ok": True, "result": result}
        except (LookupError, ValueError) as error:
            reply["error"] = str(error)
        except Exception as error:
            reply["error"] = type(error).__name__ + ": " + str(error)
        self.session.link.send_message(reply)

    def _perform(self, message: dict[str, Any]) -> dict[str, Any]:
        command = message.get("command")
        number = message.get("loop")
        if command == "stepping":
            self.set_up(message)
            return {}
        others = self.commands.get(str(command))
        if others is not None:
            return others(message)
        if command == "breakOn":
            return {"errors": self.breaks.set([item for item in a_list(message.get("filters")) if isinstance(item, dict)])}
        if command in ("pause", "continue") and number == 0:
            for recorder in self.session.loops.all():
                if command == "pause" and recorder.running:
                    self.stepper_of(recorder).pause()
                elif command == "continue" and recorder.stepper is not None:
                    self._continue(recorder, message)
            return {}
        recorder = self.session.loops.by_number(number)
        loop = recorder.loop() if recorder is not None else None
        if recorder is None or loop is None:
            raise LookupError("That loop is gone.")
        if command == "pause":
            if not recorder.running:
                raise ValueError("That loop does not run: it can be stopped once it does.")
            self.stepper_of(recorder).pause()
            return {}
        if command == "continue":
            self._continue(recorder, message)
            return {}
        if command == "step":
            self._step(recorder, loop, message)
            return {}
        if command == "order":
            return {"text": self._order(recorder, loop, message)}
        if command == "task":
            return {"text": self._task(recorder, loop, message)}
        raise LookupError(f"There is no command {command!r}.")

    def _continue(self, recorder: Recorder, message: dict[str, Any]) -> None:
        stepper = recorder.stepper
        if stepper is None:
            return
        if stepper.held or stepper.at_line:
            stepper.go(None, message.get("gate") is not False)
        else:
            stepper.want_nothing()

    def _step(self, recorder: Recorder, loop: Any, message: dict[str, Any]) -> None:
        stepper = recorder.stepper
        if stepper is None or not (stepper.held or stepper.at_line):
            raise ValueError("The loop runs: pause it before you step it.")
        asked: Any = message.get("goal")
        goal: dict[str, Any] = dict(asked) if is_instance(asked, dict) else {}
        kind = goal.get("kind")
        if kind not in KINDS:
            raise ValueError(f"There is no goal {kind!r}: the goals are {', '.join(KINDS)}.")
        if recorder.hook != "replaced" and kind in ("tick", "readyChange", "timer", "callback"):
            raise ValueError(NO_ORDER.replace("be changed", "be seen").replace("to change it", "to step it so"))
        if "task" in goal:
            goal["target"] = task = self._find_task(loop, goal["task"])
            goal["name"] = name_of(task)
            if kind == "task" and stepper.order.is_frozen(task):
                raise ValueError(name_of(task) + " is frozen, so it does not run: thaw it first.")
            if goal.get("within") not in ("next", "line", "caller"):
                goal["within"] = ""
        elif "handle" in goal:
            goal["target"] = handle = self._find_handle(stepper, loop, goal["handle"])
            goal["name"] = text_of(handle)
        stepper.go(goal, message.get("gate") is not False)

    def _find_task(self, loop: Any, address: Any) -> Any:
        task = find_tasks(loop, [address]).get(address) if isinstance(address, int) else None
        if task is None or task.done():
            raise LookupError("That task has ended.")
        return task

    def _find_handle(self, stepper: Stepper, loop: Any, address: Any) -> Any:
        for handles in (loop._ready, loop._scheduled, stepper.order.held):
            for handle in list(handles):
                if id(handle) == address:
                    return handle
        raise LookupError("That handle has run or was cancelled: look at the ready queue again.")

    def _order(self, recorder: Recorder, loop: Any, message: dict[str, Any]) -> str:
        if recorder.hook != "replaced":
            raise ValueError(NO_ORDER)
        stepper = recorder.stepper
        if stepper is None or not stepper.held:
            raise ValueError("The loop runs: pause it before you change its order.")
        return stepper.order.change(loop, str(message.get("action")), int(message.get("handle") or 0))

    def _task(self, recorder: Recorder, loop: Any, message: dict[str, Any]) -> str:
        action = str(message.get("action"))
        if recorder.hook != "replaced" and action != "cancel":
            raise ValueError("A task of this loop cannot be frozen: its ready queue is hidden. Run the program on asyncio's own loop.")
        stepper = self.stepper_of(recorder)
        text = stepper.order.change_task(loop, action, self._find_task(loop, message.get("task")))
        if stepper.order.holds and not stepper.held:
            stepper.look()
        return text

    # ── The loops ──

    def nudge(self, recorder: Recorder) -> None:
        """Has a loop look, as soon as its running handle has ended or at once if it sleeps. From any thread."""
        from ..reader import wake_loop

        loop = recorder.loop()
        if loop is None:
            return
        if recorder.hook == "replaced":
            if recorder.sleeping:
                wake_loop(recorder)
            elif recorder.running and base_events.BaseEventLoop.is_running(loop):
                put_marker(recorder, loop)
                if recorder.sleeping:  # It went to sleep between the two lines above.
                    wake_loop(recorder)
        elif recorder.hook == "handle":
            wake_loop(recorder)
        else:
            try:
                loop.call_soon_threadsafe(self.stepper_of(recorder).while_idle, loop)
            except RuntimeError:  # It has been closed.
                pass

    def _loop_runs(self, recorder: Recorder, loop: Any) -> None:
        """A loop begins to run, in its thread."""
        self.breaks.loop_runs(recorder)
        if self.stop_on_first_tick:
            self.stop_on_first_tick = False
            self.stepper_of(recorder).pause("firstTick", "", "")
        if self.also_runs is not None:
            self.also_runs()

    def end(self) -> None:
        """The adapter has gone: every gate, hold, clock and hook is let go. From any thread; raises nothing."""
        for stepper in list(self._steppers.values()):
            try:
                stepper.let_go()
            except Exception:
                pass
        self._steppers.clear()
        self.session.loops.on_run = self.session.loops.on_created = self.session.loops.on_close = None
        self.breaks.set([])
        self.clocks.release_all()
