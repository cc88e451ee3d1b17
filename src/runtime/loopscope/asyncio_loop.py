"""Runs a program that asks uvloop for its loop on asyncio's own, which can be seen and stepped whole: only where the person wants it.

Changes what `uvloop` offers once the program has imported it, nothing in asyncio. A program that takes the class from `uvloop.loop`, below
the package, still gets uvloop's.
"""

from __future__ import annotations

import sys

from . import import_hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def arrange() -> None:
    """From the import of uvloop on its loops are asyncio's."""
    import_hook.when_imported("uvloop", _replace)


def _replace() -> None:
    """`new_event_loop`, `run` and the policy make a `Loop` of the package's, whatever it is (uvloop 0.15 to 0.22, __init__.py)."""
    import asyncio as public

    # As what has no type: its policies are deprecated.
    asyncio: Any = public
    uvloop: Any = sys.modules["uvloop"]
    uvloop.Loop = asyncio.SelectorEventLoop
    # Up to 3.13 asyncio's loop asks the policy for a child watcher, which uvloop's policy has not.
    if sys.version_info < (3, 14):
        policy = asyncio.DefaultEventLoopPolicy

        def install() -> None:
            """Installs asyncio's own policy."""
            asyncio.set_event_loop_policy(policy())

        uvloop.EventLoopPolicy = policy
        uvloop.install = install
