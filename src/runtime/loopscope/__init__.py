"""The part of Loopscope that runs inside the user's process: standard library only, CPython 3.9 to 3.15.

It is loaded by path under the name `loopscope-runtime` (see ../bootstrap/sitecustomize.py), so its modules import one another relatively.
"""
