"""Stopping and stepping the scheduler: loops held before a handle, run on until a goal, their order changed, their clocks stopped.

`manager.Stepping` is the whole of it for one session; nothing else here is used from outside but `gate.Gate`, of which the debugger's
bridge brings another, and `clock.Clocks`. Loaded only when something asks for it: a program that never stops never has it.
"""
