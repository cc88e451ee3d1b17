"""The wire between the runtime and the adapter: the twin of src/protocol/wire.ts, which explains each line.

Tables only. test/wire compares the two files.
"""

from __future__ import annotations

WIRE_VERSION = 2
WIRE_MAGIC = b"LSCP"
TOKEN_LENGTH = 64
MAX_FRAME_BYTES = 16 * 1024 * 1024
FRAME_HEADER_BYTES = 5

FRAME_JSON = 0x4A
FRAME_EVENTS = 0x45
FRAME_STRINGS = 0x53

BATCH_HEADER = ("sequence", "loop", "dropped", "tick", "now", "sleepUntil", "ready", "timers", "listing")

EVENTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "tick": (1, ("number:N", "time:T", "select:T", "ready:N")),
    "taskCreated": (2, ("task:A", "parent:A", "coroutine:S", "site:S", "name:N")),
    "taskEnded": (3, ("task:A", "outcome:N", "detail:S")),
    "taskWaits": (4, ("task:A", "future:A")),
    "taskWoken": (5, ("task:A", "by:A")),
    "taskCancelled": (6, ("task:A", "by:A", "site:S")),
    "timerSet": (7, ("handle:A", "due:T", "subject:N", "site:S")),
    "timerFired": (8, ("handle:A",)),
    "timerCancelled": (9, ("handle:A",)),
    "handleScheduled": (10, ("subject:N", "by:A", "site:S")),
    "handleCancelled": (11, ("subject:N",)),
    "tickEnd": (12, ("time:T",)),
    "counts": (
        13,
        ("handles:N", "steps:N", "waits:N", "wakes:N", "timersSet:N", "timersFired:N", "timersCancelled:N"),
    ),
    "io": (14, ("what:N", "fd:N", "callback:S")),
    "executor": (15, ("what:N", "future:A", "function:S", "by:A")),
    "asyncGenerator": (16, ("what:N", "generator:S")),
    "childProcess": (17, ("what:N", "pid:N", "status:N", "command:S")),
    "signal": (18, ("what:N", "number:N", "callback:S")),
    "slowHandle": (19, ("subject:N", "start:T", "duration:T", "site:S")),
    "taskNamed": (20, ("task:A", "name:N")),
}

SHORT_FORM = 4096
"""An integer beyond plus or minus this, where an event's code is expected, is an event by itself."""

SHORT_KINDS = 8
"""Its remainder by this says what it is; the rest is an address, or a string's id."""

SHORT_ENDED = 0
SHORT_STEP = 1
SHORT_WOKEN = 2
SHORT_WAITS = 3
SHORT_SCHEDULED = 4
SHORT_CALLBACK = 5
SHORT_YIELDS = 6

SHORT_STRINGS = 1024
"""Added to a string's id before it is multiplied by `SHORT_KINDS`, so that it is beyond `SHORT_FORM`."""

STRING_FIELD_SEPARATOR = "\t"

OUTCOME_FINISHED = 1
OUTCOME_FAILED = 2
OUTCOME_CANCELLED = 3
