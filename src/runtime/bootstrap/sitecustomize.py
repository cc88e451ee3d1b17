"""Starts Loopscope's runtime in a Python that the adapter launched, before the program, and leaves no trace of having done so.

The adapter puts this folder first on PYTHONPATH; Python's `site` module then imports this file. It takes its folder off `sys.path`
again, starts the runtime, and hands over to the `sitecustomize` that the user's Python would have imported without us. It knows
nothing of asyncio. Written so that any Python can read it: an old one must not print a syntax error.
"""

import sys

NAME = "loopscope-runtime"  # No name that an import statement could mean.


def _leave_path(folder):
    """Takes our folder off the import path: from here on the program sees the path it would have without us."""
    import os

    def is_ours(entry):
        return os.path.normcase(os.path.abspath(entry)) == os.path.normcase(folder) if entry else False

    sys.path[:] = [entry for entry in sys.path if not is_ours(entry)]
    sys.path_importer_cache.pop(folder, None)
    if os.environ.get("LOOPSCOPE_CHILDREN") != "1":
        entries = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not is_ours(entry)]
        if entries and entries != [""]:
            os.environ["PYTHONPATH"] = os.pathsep.join(entries)
        else:
            os.environ.pop("PYTHONPATH", None)


def _start_runtime(folder):
    """Loads the runtime package by its path, under a name of its own, so that a module of the user's called `loopscope` is not met."""
    import os

    address = os.environ.get("LOOPSCOPE_CONNECT")
    token = os.environ.get("LOOPSCOPE_TOKEN")
    started = os.environ.get("LOOPSCOPE_STARTED", "main")
    stepping = os.environ.pop("LOOPSCOPE_STEPPING", "")
    disabled = os.environ.get("LOOPSCOPE_DISABLE", "") not in ("", "0")
    asyncio_loop = os.environ.get("LOOPSCOPE_ASYNCIO_LOOP") == "1"
    follow = os.environ.get("LOOPSCOPE_CHILDREN") == "1"
    if follow:
        os.environ["LOOPSCOPE_STARTED"] = "subprocess"
    else:
        for name in ("LOOPSCOPE_CONNECT", "LOOPSCOPE_TOKEN", "LOOPSCOPE_STARTED", "LOOPSCOPE_CHILDREN", "LOOPSCOPE_ASYNCIO_LOOP"):
            os.environ.pop(name, None)
    if disabled or not address or not token or sys.version_info < (3, 7):
        return
    import _frozen_importlib
    import _frozen_importlib_external

    package = os.path.join(os.path.dirname(folder), "loopscope")
    spec = _frozen_importlib_external.spec_from_file_location(
        NAME, os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    _frozen_importlib._load(spec)
    __import__(NAME + ".start")
    sys.modules[NAME + ".start"].start(address, token, started, follow, stepping, asyncio_loop)


def _hand_over():
    """Imports the next `sitecustomize`, if there is one; if not, says so to `site` as Python itself would."""
    sys.modules.pop("sitecustomize", None)
    import sitecustomize  # noqa: F401  # pyright: ignore


try:
    import os as _os

    _folder = _os.path.dirname(_os.path.abspath(__file__))
    _leave_path(_folder)
    _start_runtime(_folder)
except Exception:  # Whatever went wrong here is ours: the program must start as it would have.
    pass
_hand_over()
