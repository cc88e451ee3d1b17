"""Starts Loopscope's runtime in a program that runs already: the debugger evaluates an expression that runs this file in it.

Given as globals: `address` and `token` of the adapter, and whether child processes `follow`. It must leave no trace but the runtime, print
nothing, and raise nothing but what the person should know. Loops that sleep are woken, so that they are seen at once.
"""

NAME = "loopscope-runtime"  # As in sitecustomize.py: a program that was started with the runtime has it already.


def _start(given):
    import os
    import sys

    if NAME not in sys.modules:
        import _frozen_importlib
        import _frozen_importlib_external

        package = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(given["__file__"]))), "loopscope")
        spec = _frozen_importlib_external.spec_from_file_location(
            NAME, os.path.join(package, "__init__.py"), submodule_search_locations=[package]
        )
        _frozen_importlib._load(spec)
    __import__(NAME + ".start")
    sys.modules[NAME + ".start"].start(given["address"], given["token"], "attach", given["follow"])
    _wake_loops(sys)


def _wake_loops(sys):
    """A loop that runs looks its `_run_once` up each tick: one tick more, and it is watched."""
    for frame in list(sys._current_frames().values()):
        while frame is not None:
            if frame.f_code.co_name == "run_forever":
                try:
                    frame.f_locals["self"]._write_to_self()
                except Exception:  # No loop of asyncio's, or one that is being closed.
                    pass
            frame = frame.f_back


_start(globals())
