"""Tells when the program has imported a module, without importing it and without a trace in the module."""

from __future__ import annotations

import sys

from .untyped import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Callable


def watch_import(name: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Calls `callback` once, after the module has been executed. Returns a function that gives up waiting."""
    finder: Any = _Finder(name, callback)
    sys.meta_path.insert(0, finder)

    def give_up() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)

    return give_up


def when_imported(name: str, callback: Callable[[], None]) -> Callable[[], None]:
    """The same for a module that may be imported already, and then calls at once, or be just being imported: it may import asyncio."""
    module = sys.modules.get(name)
    if module is None:
        return watch_import(name, callback)
    spec: Any = getattr(module, "__spec__", None)
    if getattr(spec, "_initializing", False):
        return _watch_initializing(spec, callback)
    callback()
    return lambda: None


def _watch_initializing(spec: Any, callback: Callable[[], None]) -> Callable[[], None]:
    """Calls when a module that is being executed has been: Python then says so in its spec (CPython, _load_unlocked)."""
    kind: Any = type_of(spec)

    def give_up() -> None:
        if type(spec) is Watched:
            spec.__class__ = kind

    class Watched(kind):
        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)
            if name == "_initializing" and not value and type(spec) is Watched:
                give_up()
                try:
                    callback()
                except Exception:
                    pass

    try:
        spec.__class__ = Watched
    except TypeError:
        pass
    return give_up


class _Finder:
    """Stands first on `sys.meta_path` until the module is imported, then goes."""

    def __init__(self, name: str, callback: Callable[[], None]) -> None:
        self._name = name
        self._callback = callback

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Finds the module as Python would, with a loader that tells us when it has been executed."""
        if name != self._name:
            return None
        finders: list[Any] = sys.meta_path
        if self in finders:
            finders.remove(self)
        import _frozen_importlib

        frozen: Any = _frozen_importlib
        spec = frozen._find_spec(name, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self._callback)
        return spec


class _Loader:
    """Executes a module with its own loader, which it puts back first, and then calls us."""

    def __init__(self, loader: Any, callback: Callable[[], None]) -> None:
        self._loader = loader
        self._callback = callback

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Executes the module, then calls us. Only the module's own exceptions come out."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        try:
            self._callback()
        except Exception:
            pass


def _hide_in_tracebacks() -> None:
    """Python leaves the frames of its own import machinery out of tracebacks: ours is to count as one of them."""
    code = _Loader.exec_module.__code__
    _Loader.exec_module.__code__ = code.replace(co_filename="<frozen importlib._bootstrap_external>")


_hide_in_tracebacks()
