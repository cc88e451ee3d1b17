"""What the tasks, timers and sockets of a loop are doing, read from the loop itself while the program runs.

`answer` is the way in: a query of the wire in, its answer out. Everything else here is how that is found out without
calling the program's code, keeping its objects or holding its loop.
"""

from .answer import answer
from .context import NULL_CONTEXT, Context
from .registry import use_births
from .waits import prepare

__all__ = ["NULL_CONTEXT", "Context", "answer", "prepare", "use_births"]
