"""Reading an object of the user's program without running a line of the user's code.

An attribute is read only where that is a look into the instance (its dict, a slot, a field that a C type exposes):
never
through a property, `__getattr__`, `__getattribute__`, `__class__`, `__eq__`, `__hash__`, `__len__` or `__repr__`
that the
program has written. What cannot be read so is missing. It knows nothing of asyncio.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Longest text that leaves this process for one name; names of 1 MB exist.
LONGEST_NAME = 200

_mro_of: Any = vars(type)["__mro__"].__get__
_dict_of: Any = vars(type)["__dict__"].__get__
_NO_NAMES: dict[str, str] = {}
_name_of: Any = vars(type)["__name__"].__get__
_qualname_of: Any = vars(type)["__qualname__"].__get__
_module_of: Any = vars(type)["__module__"].__get__
_read: Any = object.__getattribute__

#: Identities of types known not to define a property for what we read (asyncio's own); they live as long as asyncio.
_plain_types: set[int] = set()

_SIZED: tuple[Any, ...] = (list, tuple, set, frozenset, dict, deque, str, bytes)
_COLLECTIONS: tuple[Any, ...] = (list, tuple, set, frozenset, dict, deque, type(_NO_NAMES.values()))
_RETRIES = 50
_LENGTHS: dict[Any, Any] = {kind: kind.__len__ for kind in _SIZED}


def mro(cls: type) -> tuple[type, ...]:
    """The type's method resolution order, past any metaclass."""
    # A C type that was never made ready has none (FutureIter of CPython 3.9).
    return _mro_of(cls) or (cls, object)


def is_a(obj: object, cls: Any) -> bool:
    """True if the object's real type (not its `__class__`) is the class or derives from it; False for None as
    class."""
    own = type(obj)
    if own is cls:
        return True
    if type(cls) is type:
        return issubclass(own, cls)
    return any(base is cls for base in mro(own))


def trust(cls: type) -> None:
    """Declares that nothing we read of exactly this type is a property. The type must live for ever."""
    _plain_types.add(id(cls))


def class_value(cls: type, name: str) -> Any:
    """What the name stands for in the type's own and inherited dicts, unbound; None if it is not there."""
    for base in mro(cls):
        namespace = _dict_of(base) or _NO_NAMES
        if name in namespace:
            return namespace[name]
    return None


def kind_value(obj: object, name: str) -> Any:
    """What the name stands for in the dicts of the object's real type, unbound; None if it is not there."""
    return class_value(type(obj), name)


def _is_plain(cls: type, name: str) -> bool:
    """True if reading that attribute off an instance of the type runs no Python code."""
    for base in mro(cls):
        namespace = _dict_of(base) or _NO_NAMES
        if name in namespace:
            value: object = namespace[name]
            if exactly(value, GetSetDescriptorType, MemberDescriptorType):
                return True
            return kind_value(value, "__get__") is None
    return True


def field(obj: object, name: str, default: Any = None) -> Any:
    """The instance's attribute of that name, or `default` if it has none or only code could tell. Never raises."""
    cls = type(obj)
    if id(cls) not in _plain_types and not _is_plain(cls, name):
        return default
    try:
        return _read(obj, name)
    except Exception:  # an unset slot, no such attribute, or a C field that refuses
        return default


def text(value: Any, default: str = "") -> str:
    """The value if it is a string (made a plain one, and cut to a bearable length), else `default`."""
    if type(value) is str:
        return value if len(value) <= LONGEST_NAME else value[: LONGEST_NAME - 1] + "…"
    if is_a(value, str):
        return str.__getitem__(value, slice(0, LONGEST_NAME))
    return default


def a_list(value: Any) -> list[Any]:
    """The value if it is exactly a list, else an empty one."""
    return value if exactly(value, list) else []


def a_tuple(value: Any) -> tuple[Any, ...]:
    """The value if it is exactly a tuple, else an empty one."""
    return value if exactly(value, tuple) else ()


def a_dict(value: Any) -> dict[Any, Any]:
    """The value if it is exactly a dict, else an empty one."""
    return value if exactly(value, dict) else {}


def listed(collection: Any, most: int | None = None) -> list[Any]:
    """The items (the first ones) of a builtin collection that another thread may be changing; [] for anything
    else."""
    if not exactly(collection, *_COLLECTIONS):
        return []
    for _ in range(_RETRIES):
        try:
            return list(islice(collection, most))
        except RuntimeError:  # changed size during iteration
            continue
    return []


def exactly(value: object, *kinds: type) -> bool:
    """True if the value's type is one of these, and not one derived from them."""
    own = type(value)
    return any(own is kind for kind in kinds)


def number(value: Any, default: float = 0.0) -> float:
    """The value if it is exactly an int or a float, else `default`."""
    return value if type(value) is float or type(value) is int else default


def length(value: object) -> int:
    """How many items a builtin container (or a subclass of one) holds, past any `__len__` of the program; 0 for
    others."""
    for base in mro(type(value)):
        measure = _LENGTHS.get(base) if type(base) is type else None
        if measure is not None:
            return measure(value)
    return 0


def type_name(obj: object) -> str:
    """Name of the object's real type."""
    return text(_name_of(type(obj)), "object")


def type_qualname(obj: object) -> str:
    """Qualified name of the object's real type."""
    return text(_qualname_of(type(obj)), "object")


def module_of(cls: type) -> str:
    """Name of the module that defines a type, past any metaclass."""
    try:
        return text(_module_of(cls))
    except AttributeError:
        return ""


def type_module(obj: object) -> str:
    """Name of the module that defines the object's real type."""
    return module_of(type(obj))


def function_of(callback: Any) -> Any:
    """The Python function behind a function or bound method, else None."""
    if type(callback) is MethodType:
        callback = callback.__func__
    return callback if type(callback) is FunctionType else None
