"""The part of Loopscope that runs inside the user's process: standard library only, CPython 3.9 to 3.15.

It is loaded by path under the name `loopscope-runtime` (see ../bootstrap/sitecustomize.py), so its modules import one another relatively.

Its modules say in `__file__` that they are of no file: coverage.py measures, unless it is told otherwise, each file that is not a
library's, and asks `__file__` where it is (`InOrOut.should_trace` of coverage/inorout.py, 7.10 to 7.17). Ours are none of the program's.
"""

from __future__ import annotations

import sys
from _frozen_importlib_external import FileFinder, SourceFileLoader  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER: str = __path__[0]
"""The folder of the package, as the file names of our code begin."""

_NO_FILE = "<loopscope>/"


class _Loader(SourceFileLoader):  # pyright: ignore[reportUntypedBaseClass]
    """Loads a module of ours as Python does, but for its `__file__`."""

    def exec_module(self, module: Any) -> None:
        """As importlib's."""
        module.__file__ = _NO_FILE + module.__file__.replace("\\", "/").rpartition("/")[2]
        for folder in getattr(module, "__path__", ()):
            _load_from(folder)
        super().exec_module(module)  # pyright: ignore[reportUnknownMemberType]


def _load_from(folder: str) -> None:
    """Has what is imported from a folder of ours loaded by our loader."""
    finder: Any = FileFinder(folder, (_Loader, [".py"]))
    sys.path_importer_cache[folder] = finder


__file__ = _NO_FILE + "__init__.py"
_load_from(FOLDER)
