"""The rows that the client knows as threads. A row that is there at the next stop too is not taken back and told anew: a step among
many tasks would be 200 messages, and a call stack that blinks.

pydevd tells of each row at each stop that it has started, and after the stop that it has exited. Of these messages go out: `started` of
rows that the client does not know, and `exited` of those that are not there at the next stop of their thread, or, while the program
runs, of all a moment later.
"""

from __future__ import annotations

from . import pydevd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PREFIX = "__frame__:loopscope-"
"""What a row's key begins with; `|` and the id of its thread follow the name."""

MOMENT = 0.15
"""Seconds after a stop in which another may follow, as while a person steps, before the client is told that there are no rows."""

FACTORY = "_pydevd_bundle.pydevd_net_command_factory_json.NetCommandFactoryJson"
NOTHING = "_pydevd_bundle.pydevd_net_command.NULL_NET_COMMAND"
"""What pydevd's writer passes over."""

NEEDED = {
    FACTORY: ("make_custom_frame_created_message", "make_thread_killed_message"),
    "_pydevd_bundle.pydevd_net_command": ("NULL_NET_COMMAND",),
}
"""Without these the client is told anew at each stop."""


class Announced:
    """What one client knows."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._nothing: Any = pydevd.find(NOTHING)
        self._stock_killed: Any = None

    def install(self, hooks: Any) -> None:
        """Has pydevd's messages pass through here; nothing of `NEEDED` must be missing."""
        factory: Any = pydevd.find(FACTORY)
        stock_created: Any = factory.make_custom_frame_created_message
        stock_killed: Any = factory.make_thread_killed_message
        self._stock_killed = stock_killed
        known, nothing = self._known, self._nothing

        def make_custom_frame_created_message(self: Any, key: Any, name: Any) -> Any:
            if key in known:  # Then pydevd only notes its name: a message takes time to make.
                self._additional_thread_id_to_thread_name[key] = name
                return nothing
            if str(key).startswith(PREFIX):
                known.add(key)
            return stock_created(self, key, name)

        def make_thread_killed_message(self: Any, key: Any) -> Any:
            if key in known:
                self._additional_thread_id_to_thread_name.pop(key, None)
                return nothing
            return stock_killed(self, key)

        hooks.replace(factory, "make_custom_frame_created_message", make_custom_frame_created_message)
        hooks.replace(factory, "make_thread_killed_message", make_thread_killed_message)

    def keep(self, py_db: Any, thread_id: str, keys: list[str]) -> None:
        """A thread is held, and these are its rows: of all others that the client knows of it, it is told that they have exited."""
        end = "|" + thread_id
        kept = set(keys)
        self._tell(py_db, [key for key in self._known if key.endswith(end) and key not in kept])

    def take_back(self, py_db: Any) -> None:
        """No thread is held any more: the client is told of all rows that they have exited."""
        self._tell(py_db, list(self._known))

    def _tell(self, py_db: Any, keys: list[str]) -> None:
        for key in keys:
            self._known.discard(key)
            py_db.writer.add_command(self._stock_killed(py_db.cmd_factory, key))
