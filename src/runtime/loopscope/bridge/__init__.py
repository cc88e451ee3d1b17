"""The bridge into pydevd, the part of debugpy that runs inside the program: tasks beside threads, a tick's stop as a real stop, steps that
stay in their task, clocks that stand still, `await` in the console.

`watch(session)` is the way in. It does nothing until pydevd is imported, and nothing where a function of pydevd that it needs is missing:
the runtime's own gate and the adapter's virtual threads serve then, and the log says so.
"""

from .watch import load, watch

__all__ = ["load", "watch"]
