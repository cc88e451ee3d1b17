"""JSON without the `json` package, which costs a program's start several milliseconds and could be a user's module of that name.

Uses the C halves that `json` itself is built on (CPython, Modules/_json.c); where they are missing, `json`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def _refuse(value: object) -> str:
    raise TypeError("a value of type " + type(value).__name__ + " is no JSON")


def _make_encode() -> Callable[[object], str]:
    try:
        import _json  # pyright: ignore[reportMissingImports]

        make: Any = _json.make_encoder
        encode_string: Any = _json.encode_basestring_ascii
        encode_value: Any = make(None, _refuse, encode_string, None, ":", ",", False, False, False)
        return lambda value: "".join(encode_value(value, 0))
    except (ImportError, AttributeError, TypeError):
        import json

        return lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)


class _ScannerSettings:
    """What `_json.make_scanner` reads from a `json.JSONDecoder`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _make_decode() -> Callable[[str], Any]:
    try:
        import _json  # pyright: ignore[reportMissingImports]

        make: Any = _json.make_scanner
        scan: Any = make(_ScannerSettings())
    except (ImportError, AttributeError, TypeError):
        import json

        return json.loads

    def decode(text: str) -> Any:
        try:
            value, end = scan(text, 0)
        except StopIteration:
            raise ValueError("not JSON") from None
        if text[end:].strip():
            raise ValueError("more than one JSON value")
        return value

    return decode


encode = _make_encode()
"""A value of dicts, lists, strings, numbers, bools and None as ASCII text (lone surrogates are escaped). NaN, infinity: ValueError."""

decode = _make_decode()
"""Text, whose first character begins the value, to a value. Raises ValueError."""
