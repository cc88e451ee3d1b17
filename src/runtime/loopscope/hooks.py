"""Puts our functions in the place of asyncio's while somebody listens, for all loops of the process, and takes them out again."""

from __future__ import annotations

from asyncio import base_events, events, tasks

from . import creation, disguise, loops, run, schedule, tick
from .facts import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .session import Session

_MISSING = object()


class Hooks:
    """What has been replaced, and what was there."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, function: Any) -> None:
        """Replaces an attribute of a class or of an instance."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, function)
        self._replaced.append((owner, name, before, function))

    def stand_in(self, owner: Any, name: str, function: Any) -> None:
        """Replaces a function by ours in its likeness."""
        self.replace(owner, name, disguise.disguise(function, vars(owner)[name]))

    def uninstall(self) -> None:
        """Puts back what was there, unless somebody else has replaced ours since."""
        while self._replaced:
            owner, name, before, ours = self._replaced.pop()
            if vars(owner).get(name) is not ours:
                continue
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


def install(session: Session) -> Hooks:
    """Replaces what is to be replaced."""
    hooks = Hooks()
    facts = session.facts
    loop_class: Any = base_events.BaseEventLoop
    recorder_of = session.loops.recorder_of
    handle_run = events.Handle._run  # pyright: ignore[reportPrivateUsage]
    session.run_counting = disguise.disguise(run.make_counting(session, facts), handle_run)
    session.run_listing = disguise.disguise(run.make_listing(session, facts), handle_run)

    created = creation.make_created(session, facts)
    from_call_soon = created if registry_is_bypassed(facts) else None
    for name in ("_all_tasks", "_scheduled_tasks"):
        registry: Any = getattr(tasks, name, None)
        if registry is not None and hasattr(registry, "data"):
            hooks.replace(registry, "add", creation.make_registry_add(registry, facts, created, recorder_of))
            break
    create_task = creation.make_create_task(facts, loop_class.create_task, creation.make_eager(session, facts, created), recorder_of)
    if create_task is not None:
        hooks.stand_in(loop_class, "create_task", create_task)

    hooks.stand_in(loop_class, "call_soon", schedule.make_call_soon(session, facts, recorder_of, from_call_soon))
    hooks.stand_in(loop_class, "call_soon_threadsafe", schedule.make_call_soon_threadsafe(session, facts, recorder_of))
    hooks.stand_in(loop_class, "call_at", schedule.make_call_at(session, facts, recorder_of))
    hooks.stand_in(loop_class, "_timer_handle_cancelled", schedule.make_timer_handle_cancelled(recorder_of))
    hooks.stand_in(loop_class, "_run_once", tick.make_run_once(session, facts, session.loops.attend, session.loops.leave))

    hooks.stand_in(loop_class, "__init__", loops.make_init(session.loops, loop_class.__init__))
    hooks.stand_in(loop_class, "stop", loops.make_stop(session.loops, facts))
    hooks.stand_in(loop_class, "close", loops.make_close(session.loops, session, loop_class.close))
    policy: Any = getattr(events, "BaseDefaultEventLoopPolicy", None) or getattr(events, "_BaseDefaultEventLoopPolicy", None)
    if policy is not None:
        hooks.stand_in(policy, "set_event_loop", loops.make_set_event_loop(session.loops, facts, policy.set_event_loop))
    disguise.forget_sources()
    return hooks


def registry_is_bypassed(facts: Facts) -> bool:
    """Whether C tasks are in no Python registry (3.14 and later)."""
    return facts.registry_is_bypassed
