"""What a function that runs for every handle uses seldom, in one free variable.

Each free variable of a function is copied at each of its calls (CPython, Python/bytecodes.c, COPY_FREE_VARS), twenty of them as long as
all that `call_soon` does for us otherwise. It decides nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Own:
    """Attributes by name."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...
