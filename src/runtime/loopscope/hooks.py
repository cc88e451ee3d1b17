"""Puts our functions in the place of asyncio's while somebody listens, for all loops of the process, and takes them out again.

Replaced is only what fingerprints.py knows, or what selftest.py has found to do the same; for the rest there is fallback.py.
"""

from __future__ import annotations

import sys
from asyncio import base_events, events, tasks

from . import (
    activity,
    creation,
    disguise,
    eager_callers,
    fallback,
    fingerprints,
    import_hook,
    loops,
    run,
    schedule,
    selftest,
    tick,
    uvloop_hooks,
)
from .facts import Facts
from .untyped import vars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .schedule import Created
    from .session import Session

_MISSING = object()


class Hooks:
    """What has been replaced, and what was there."""

    def __init__(self) -> None:
        self.at_uninstall: list[Callable[[], None]] = []
        self._replaced: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, function: Any) -> None:
        """Replaces an attribute of a class or of an instance."""
        attributes = vars_of(owner)
        before = attributes.get(name, _MISSING)
        setattr(owner, name, function)
        self._replaced.append((owner, name, before, function))

    def stand_in(self, owner: Any, name: str, function: Any) -> None:
        """Replaces a function by ours in its likeness."""
        attributes = vars_of(owner)
        self.replace(owner, name, disguise.disguise(function, attributes[name]))

    def take_out(self, owner: Any, name: str) -> None:
        """Puts back what was in the place of one attribute."""
        for entry in [entry for entry in self._replaced if entry[0] is owner and entry[1] == name]:
            self._replaced.remove(entry)
            self._put_back(*entry)

    def uninstall(self) -> None:
        """Puts back what was there, unless somebody else has replaced ours since."""
        for function in self.at_uninstall:
            function()
        while self._replaced:
            self._put_back(*self._replaced.pop())

    def _put_back(self, owner: Any, name: str, before: Any, ours: Any) -> None:
        attributes = vars_of(owner)
        if attributes.get(name) is not ours:
            return
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def install(session: Session) -> Hooks:
    """Replaces what is to be replaced, where it is known; else what has passed the self-test; else the slower hook is used."""
    hooks = Hooks()
    unknown = fingerprints.unknown({"base_events": base_events, "events": events})
    trouble = try_out(session) if unknown else ""
    session.handle_run_is_known = "Handle._run" not in unknown
    created, eager = creation.make_tellers(session, session.facts)
    if trouble:
        session.loops.not_replaced = "This Python's asyncio is not known to Loopscope and did not pass its self-test (" + trouble + ")"
        session.say("warning", fallback.sentence(session.loops.not_replaced))
    else:
        if unknown:
            session.say(
                "info",
                "This Python's asyncio is not known to Loopscope; it has passed the self-test. New here: " + ", ".join(unknown) + ".",
            )
        loop_class: Any = base_events.BaseEventLoop
        for name, function in replacements(session, created, eager).items():
            hooks.replace(loop_class, name, function)
        session.loops.run_once = vars(loop_class)["_run_once"]
    install_creation(session, hooks, created)
    eager_callers.install(session, hooks, eager)
    install_lives(session, hooks)
    activity.install(session, hooks)
    install_uvloop(session, hooks, created)
    disguise.forget_sources()
    return hooks


def replacements(session: Session, created: Created, eager: Any) -> dict[str, Any]:
    """What is put on `BaseEventLoop`, by name, each in the likeness of the original."""
    facts = session.facts
    recorder_of = session.loops.recorder_of
    loop_class: Any = base_events.BaseEventLoop
    handle_run = events.Handle._run  # pyright: ignore[reportPrivateUsage]
    session.run_counting, session.run_counting_one = (disguise.disguise(ours, handle_run) for ours in run.make_counting(session, facts))
    session.run_listing = disguise.disguise(run.make_listing(session, facts), handle_run)
    from_call_soon = created if registry_is_bypassed(facts) else None
    ours = {
        "create_task": creation.make_create_task(facts, loop_class.create_task, eager, recorder_of),
        "call_soon": schedule.make_call_soon(session, facts, recorder_of, from_call_soon),
        "call_soon_threadsafe": schedule.make_call_soon_threadsafe(session, facts, recorder_of),
        "call_at": schedule.make_call_at(session, facts, recorder_of),
        "_timer_handle_cancelled": schedule.make_timer_handle_cancelled(recorder_of),
        "_run_once": tick.make_run_once(session, facts, session.loops.attend, session.loops.leave),
        "stop": loops.make_stop(session.loops, facts),
    }
    stock = vars_of(loop_class)
    return {name: disguise.disguise(function, stock[name]) for name, function in ours.items() if function is not None}


class _NoLink:
    """Stands for the connection while replacements are tried out: whatever is sent is gone."""

    open = True

    def has_room(self, *_: object) -> bool:
        """Always."""
        return True

    def send(self, *_: object) -> bool:
        """Sends nothing."""
        return True

    def send_message(self, *_: object) -> bool:
        """Sends nothing."""
        return True


class _NoReader:
    """Stands for the reader's thread while replacements are tried out."""

    starts_later = False

    def start(self) -> None:
        """Starts nothing."""

    def flush_later(self, when: float) -> None:
        """Sends nothing."""

    def let_run(self) -> None:
        """Lets nobody run."""


def try_out(session: Session) -> str:
    """What our replacements do otherwise than this Python's asyncio, on a private loop; '' if nothing was found."""
    try:
        trial: Any = type(session)(_NoLink(), "", "", False)  # type: ignore[arg-type]
        trial.reader = _NoReader()
        return selftest.difference(replacements(trial, *creation.make_tellers(trial, trial.facts)))
    except Exception as error:
        return "the self-test failed with " + type(error).__name__ + ": " + str(error)


def install_creation(session: Session, hooks: Hooks, created: Created) -> None:
    """The registry's `add`, which sees every task up to 3.13."""
    for name in ("_all_tasks", "_scheduled_tasks"):
        registry: Any = getattr(tasks, name, None)
        if registry is not None and hasattr(registry, "data"):
            hooks.replace(
                registry,
                "add",
                creation.make_registry_add(registry, session.facts, created, session.loops.recorder_if_watched, session.births.note),
            )
            break

    set_task_name: Any = getattr(tasks, "_set_task_name", None)
    if set_task_name is not None:
        hooks.stand_in(tasks, "_set_task_name", creation.make_set_task_name(session, session.facts, set_task_name))

    def watch_handles() -> None:
        if not session.handles_are_watched:
            session.handles_are_watched = True
            stock = events.Handle._run  # pyright: ignore[reportPrivateUsage]
            tells = created if registry_is_bypassed(session.facts) and session.loops.not_replaced else None
            hooks.stand_in(events.Handle, "_run", fallback.make_handle_run(session, stock, session.handle_run_is_known, tells))

    session.watch_handles = watch_handles


def install_lives(session: Session, hooks: Hooks) -> None:
    """What tells of a loop's life; each calls the original."""
    loop_class: Any = base_events.BaseEventLoop
    hooks.stand_in(loop_class, "__init__", loops.make_init(session.loops, loop_class.__init__))
    hooks.stand_in(loop_class, "close", loops.make_close(session.loops, session, loop_class.close))
    policy: Any = getattr(events, "BaseDefaultEventLoopPolicy", None) or getattr(events, "_BaseDefaultEventLoopPolicy", None)
    if policy is not None:
        hooks.stand_in(policy, "set_event_loop", loops.make_set_event_loop(session.loops, session.facts, policy.set_event_loop))


def install_uvloop(session: Session, hooks: Hooks, created: Created) -> None:
    """uvloop's own class, when the program imports it."""

    def uvloop_is_imported() -> None:
        loop_class: Any = getattr(sys.modules.get("uvloop"), "Loop", None)
        # It is asyncio's own where asyncio_loop.py has put that there.
        if session.active and isinstance(loop_class, type) and loop_class.__module__.startswith("uvloop"):
            session.loops.watched += (loop_class,)
            uvloop_hooks.install(session, hooks, loop_class, created, registry_is_bypassed(session.facts))

    hooks.at_uninstall.append(import_hook.when_imported("uvloop", uvloop_is_imported))


def registry_is_bypassed(facts: Facts) -> bool:
    """Whether C tasks are in no Python registry (3.14 and later)."""
    return facts.registry_is_bypassed
