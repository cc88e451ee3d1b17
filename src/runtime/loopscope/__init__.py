"""The part of Loopscope that runs inside the user's process: standard library only, CPython 3.9 to 3.15.

It is loaded by path under the name `loopscope-runtime` (see ../bootstrap/sitecustomize.py), so its modules import one another relatively.

Its modules say in `__file__` that they are of no file: coverage.py measures, unless it is told otherwise, each file that is not a
library's, and asks `__file__` where it is (`InOrOut.should_trace` of coverage/inorout.py, 7.10 to 7.17). Ours are none of the program's.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import (  # pyright: ignore[reportMissingImports]
    SourceFileLoader,  # pyright: ignore[reportUnknownVariableType]
    spec_from_file_location,  # pyright: ignore[reportUnknownVariableType]
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER: str = __path__[0]
"""The folder of the package, as the file names of our code begin."""

_NO_FILE = "<loopscope>/"


class _Loader(SourceFileLoader):  # pyright: ignore[reportUntypedBaseClass]
    """Loads a module of ours as Python does, but for its `__file__`, and for what files are opened with (descriptor.py)."""

    def exec_module(self, module: Any) -> None:
        """As importlib's."""
        module.__file__ = _NO_FILE + module.__file__.replace("\\", "/").rpartition("/")[2]
        for folder in getattr(module, "__path__", ()):
            sys.path_importer_cache[folder] = _Finder(folder)
        super().exec_module(module)  # pyright: ignore[reportUnknownMemberType]

    def get_data(self, path: str) -> bytes:
        """As importlib's."""
        if _apart is None:
            return super().get_data(path)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return _apart.read_file(path)

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """As importlib's: a cache that cannot be written is done without."""
        if _apart is None:
            super().set_data(path, data, _mode=_mode)  # pyright: ignore[reportUnknownMemberType]
            return
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _apart.write_file(path, data, _mode & 0o666)
        except OSError:
            pass


class _Finder:
    """Finds modules in a folder of ours. Without a list of what is there: to read a folder is to open it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, target: object = None) -> Any:
        """As importlib's finders."""
        base = os.path.join(self._folder, name.rpartition(".")[2])
        package = os.path.join(base, "__init__.py")
        for path, folders in ((package, [base]), (base + ".py", None)):
            if os.path.isfile(path):
                return spec_from_file_location(name, path, loader=_Loader(name, path), submodule_search_locations=folders)
        return None

    def invalidate_caches(self) -> None:
        """There are none."""


__file__ = _NO_FILE + "__init__.py"
sys.path_importer_cache[FOLDER] = _Finder(FOLDER)
_apart: Any = None
from . import descriptor as _apart  # noqa: E402
