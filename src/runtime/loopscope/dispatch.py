"""From a query to its answer: hands it to the inspection, and turns whatever comes out into one `answer` message."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .session import Session


def prepare(session: Session) -> None:
    """Loads what answers queries: called in the reader's thread, so that no loop waits for it.

    Who looks may step next, and the first pause of a busy loop is not to wait for the stepping's modules.
    """
    try:
        from . import inspection
        from .stepping import manager

        del manager
        inspection.prepare()
        inspection.use_births(session.births)
    except Exception:
        pass  # The answer will say why.


def _context(session: Session, loop_number: int) -> Any:
    """What the recorder of a loop knows and the inspection does not."""
    from .known import Known

    return Known(session.loops.by_number(loop_number), session.executor_calls)


def answer(session: Session, loop: Any, loop_number: int, query: dict[str, Any]) -> None:
    """Answers one query, or does and answers one command, exactly once, and never raises."""
    if query.get("type") == "command":
        session.use_stepping().answer(query)
        return
    reply: dict[str, Any] = {"type": "answer", "id": query.get("id", 0), "ok": False, "error": ""}
    try:
        if loop is None:
            reply["gone"] = True
            raise LookupError("The loop is gone.")
        try:
            from . import inspection
        except ImportError as error:  # It has become another user, or has another root folder.
            raise LookupError("The program may not read Loopscope's own files any more: " + str(error)) from error

        result = inspection.answer(loop, loop_number, query, _context(session, loop_number))
        reply = {"type": "answer", "id": query.get("id", 0), "ok": True, "result": result}
        sent = session.link.send_message(reply)
    except Exception as error:
        reply["ok"] = False
        reply.pop("result", None)
        reply["error"] = str(error) if isinstance(error, (LookupError, ValueError)) else type(error).__name__ + ": " + str(error)
        sent = session.link.send_message(reply)
    if not sent and session.link.open:
        session.say("warning", "An answer was not sent: the adapter does not read fast enough.")
