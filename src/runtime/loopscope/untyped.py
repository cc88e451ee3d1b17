"""`type`, `vars` and `isinstance` as functions of anything: of asyncio's private parts a type checker then takes what they say for `Any`.

They are the built-in ones, so that calling them costs the same. It decides nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

type_of: Callable[[Any], Any] = type
vars_of: Callable[[Any], dict[str, Any]] = vars
is_instance: Callable[[Any, Any], bool] = isinstance
