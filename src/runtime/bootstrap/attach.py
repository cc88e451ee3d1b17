"""Starts Loopscope's runtime in a program that runs already: the debugger evaluates an expression that runs this file in it.

Given as globals: `address` and `token` of the adapter, whether child processes `follow`, and the path of this `file`. It must leave no
trace but the runtime, print nothing, and raise nothing but what the person should know. Loops that sleep are woken, so that they are seen
at once.
"""

NAME = "loopscope-runtime"  # As in sitecustomize.py: a program that was started with the runtime has it already.


def _start(given):
    import os
    import sys

    if NAME not in sys.modules:
        import _frozen_importlib
        import _frozen_importlib_external

        folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(given["file"]))), "loopscope")
        spec = _frozen_importlib_external.spec_from_file_location(
            NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )
        package = _frozen_importlib.module_from_spec(spec)
        package.__file__ = "<loopscope>/__init__.py"  # As it says itself, but before its first line.
        sys.modules[NAME] = package
        try:
            spec.loader.exec_module(package)
        except BaseException:
            del sys.modules[NAME]
            raise
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
