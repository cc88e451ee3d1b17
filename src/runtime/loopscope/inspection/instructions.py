"""What each instruction of CPython 3.9 to 3.15 does to the abstract stack: one small function for each family.

An instruction that is not here makes the whole stack unknown. The effects are those that the documentation of `dis`
gives
for each version; where an instruction has changed its meaning under the same name, the version is asked.
"""

from __future__ import annotations

import dis

from .machine import NULL, UNKNOWN, VERSION, Expr, Machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .machine import Step

STEPS: dict[str, Step] = {}
_SPECIAL = ("__enter__", "__exit__", "__aenter__", "__aexit__")
_ARITHMETIC = "ADD SUBTRACT MULTIPLY TRUE_DIVIDE FLOOR_DIVIDE MODULO POWER LSHIFT RSHIFT AND OR XOR MATRIX_MULTIPLY"
_OPERATORS = " ".join(f"BINARY_{name} INPLACE_{name}" for name in _ARITHMETIC.split(" "))  # up to 3.10
_SUBSCRIPT = 26  # the argument of BINARY_OP for `a[b]` (3.14 on)


def _effect(takes: int, gives: int) -> Step:
    """Takes some, gives unknowns."""

    def step(machine: Machine, arg: int) -> None:
        if takes:
            machine.pop(takes)
        for _ in range(gives):
            machine.push(UNKNOWN)

    return step


def _effect_of_arg(factor: int, more: int, gives: int = 1) -> Step:
    """Takes `factor` times the argument and some more, gives unknowns."""

    def step(machine: Machine, arg: int) -> None:
        machine.pop(factor * arg + more)
        for _ in range(gives):
            machine.push(UNKNOWN)

    return step


for _names, _takes, _gives in (
    ("NOP CACHE PRECALL RESUME NOT_TAKEN POP_BLOCK DELETE_FAST DELETE_GLOBAL DELETE_NAME DELETE_DEREF", 0, 0),
    ("MAKE_CELL COPY_FREE_VARS EXTENDED_ARG GET_ITER GET_YIELD_FROM_ITER GET_AITER SETUP_ANNOTATIONS", 0, 0),
    ("POP_TOP POP_ITER STORE_FAST STORE_NAME STORE_GLOBAL STORE_DEREF DELETE_ATTR LIST_APPEND SET_ADD GEN_START", 1, 0),
    ("LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE PRINT_EXPR", 1, 0),
    ("STORE_ATTR DELETE_SUBSCR MAP_ADD STORE_FAST_STORE_FAST", 2, 0),
    ("STORE_SUBSCR", 3, 0),
    ("STORE_SLICE", 4, 0),
    ("RETURN_GENERATOR LOAD_BUILD_CLASS LOAD_ASSERTION_ERROR LOAD_LOCALS GET_LEN PUSH_EXC_INFO IMPORT_FROM", 0, 1),
    ("UNARY_NEGATIVE UNARY_POSITIVE UNARY_NOT UNARY_INVERT TO_BOOL LIST_TO_TUPLE CALL_INTRINSIC_1 YIELD_VALUE", 1, 1),
    ("FORMAT_SIMPLE CONVERT_VALUE ASYNC_GEN_WRAP", 1, 1),
    ("COMPARE_OP IS_OP CONTAINS_OP IMPORT_NAME CALL_INTRINSIC_2 FORMAT_WITH_SPEC SET_FUNCTION_ATTRIBUTE", 2, 1),
    (_OPERATORS + " YIELD_FROM", 2, 1),
    ("BINARY_SLICE", 3, 1),
    ("END_SEND", 3 if VERSION >= (3, 15) else 2, 1),
    # jumps with an effect of their own
    ("JUMP FOR_ITER", 0, 1),
    ("JUMP SEND", 0 if VERSION >= (3, 12) else 2, 0 if VERSION >= (3, 12) else 1),
    ("JUMP SETUP_ASYNC_WITH", 0, 0),
):
    for _name in _names.split(" ") if not _names.startswith("JUMP ") else (_names,):
        STEPS[_name] = _effect(_takes, _gives)
for _name in ("BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_STRING", "BUILD_SLICE", "BUILD_TEMPLATE"):
    STEPS[_name] = _effect_of_arg(1, 0)
STEPS["BUILD_MAP"] = _effect_of_arg(2, 0)
STEPS["BUILD_CONST_KEY_MAP"] = _effect_of_arg(1, 1)
STEPS["RAISE_VARARGS"] = STEPS["RETURN_VALUE"] = STEPS["RETURN_CONST"] = STEPS["RERAISE"] = lambda machine, arg: machine.stop()


def _on(*names: str) -> Any:
    """Registers a step for these instructions."""

    def register(step: Step) -> Step:
        for name in names:
            STEPS[name] = step
        return step

    return register


def _variable(machine: Machine, index: int) -> Expr:
    """A local, cell or free variable by the number that instructions on fast locals use."""
    code: Any = machine.code
    return Expr(code._varname_from_oparg(index) if VERSION >= (3, 11) else code.co_varnames[index])


@_on("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_AND_CLEAR")
def _load_fast(machine: Machine, arg: int) -> None:
    machine.push(_variable(machine, arg))


@_on("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW")
def _load_two(machine: Machine, arg: int) -> None:
    machine.push(_variable(machine, arg >> 4), _variable(machine, arg & 15))


@_on("STORE_FAST_LOAD_FAST")
def _store_load(machine: Machine, arg: int) -> None:
    machine.pop()
    machine.push(_variable(machine, arg & 15))


@_on("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_CLOSURE", "LOAD_FROM_DICT_OR_DEREF")
def _load_cell(machine: Machine, arg: int) -> None:
    code = machine.code
    if VERSION >= (3, 11):
        machine.push(_variable(machine, arg))
    else:
        machine.push(Expr((code.co_cellvars + code.co_freevars)[arg]))


@_on("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
def _load_name(machine: Machine, arg: int) -> None:
    machine.push(Expr(machine.code.co_names[arg]))


@_on("LOAD_GLOBAL")
def _load_global(machine: Machine, arg: int) -> None:
    if VERSION < (3, 11):
        machine.push(Expr(machine.code.co_names[arg]))
        return
    value = Expr(machine.code.co_names[arg >> 1])
    if not arg & 1:
        machine.push(value)
    elif VERSION < (3, 13):
        machine.push(NULL, value)
    else:
        machine.push(value, NULL)


def _attribute(machine: Machine, name: str) -> Expr:
    (base,) = machine.pop()
    return Expr(f"{base.text}.{name}" if base.text else "", base, name)


@_on("LOAD_ATTR")
def _load_attr(machine: Machine, arg: int) -> None:
    new = VERSION >= (3, 12)
    machine.push(_attribute(machine, machine.code.co_names[arg >> 1 if new else arg]))
    if new and arg & 1:
        machine.push(NULL)


@_on("LOAD_METHOD")
def _load_method(machine: Machine, arg: int) -> None:
    machine.push(_attribute(machine, machine.code.co_names[arg]), NULL)


@_on("LOAD_SUPER_ATTR")
def _load_super(machine: Machine, arg: int) -> None:
    machine.pop(3)
    name = machine.code.co_names[arg >> 2]
    machine.push(Expr(f"super().{name}", Expr("super()"), name))
    if arg & 1:
        machine.push(NULL)


def _constant(value: Any) -> Expr:
    """A constant that a person would recognise."""
    if type(value) is str or type(value) is bytes:
        return Expr(repr(value)) if len(value) <= 40 else UNKNOWN
    return Expr(repr(value)) if value is None or isinstance(value, (bool, int, float)) else UNKNOWN


@_on("LOAD_CONST")
def _load_const(machine: Machine, arg: int) -> None:
    machine.push(_constant(machine.code.co_consts[arg]))


@_on("LOAD_SMALL_INT")
def _load_small_int(machine: Machine, arg: int) -> None:
    machine.push(Expr(str(arg)))


@_on("LOAD_COMMON_CONSTANT")
def _load_common(machine: Machine, arg: int) -> None:
    common: Any = getattr(dis, "_common_constants", ())
    machine.push(_constant(common[arg]) if arg < len(common) else UNKNOWN)


@_on("PUSH_NULL")
def _push_null(machine: Machine, arg: int) -> None:
    machine.push(NULL)


@_on("COPY")
def _copy(machine: Machine, arg: int) -> None:
    machine.push(machine.peek(arg))


@_on("DUP_TOP")
def _dup(machine: Machine, arg: int) -> None:
    machine.push(machine.peek())


@_on("DUP_TOP_TWO")
def _dup_two(machine: Machine, arg: int) -> None:
    machine.push(machine.peek(2), machine.peek(1))


@_on("SWAP")
def _swap(machine: Machine, arg: int) -> None:
    machine.pad(arg)
    stack = machine.stack
    stack[-1], stack[-arg] = stack[-arg], stack[-1]


def _rotate(machine: Machine, count: int) -> None:
    machine.pad(count)
    machine.stack.insert(len(machine.stack) - count, machine.stack.pop())


STEPS["ROT_TWO"] = lambda machine, arg: _rotate(machine, 2)
STEPS["ROT_THREE"] = lambda machine, arg: _rotate(machine, 3)
STEPS["ROT_FOUR"] = lambda machine, arg: _rotate(machine, 4)
STEPS["ROT_N"] = _rotate


def _subscript(machine: Machine) -> None:
    base, key = machine.pop(2)
    machine.push(Expr(f"{base.text}[{key.text}]" if base.text and key.text else "", base, "[]"))


@_on("BINARY_SUBSCR")
def _binary_subscr(machine: Machine, arg: int) -> None:
    _subscript(machine)


@_on("BINARY_OP")
def _binary_op(machine: Machine, arg: int) -> None:
    if VERSION >= (3, 14) and arg == _SUBSCRIPT:
        _subscript(machine)
    else:
        machine.pop(2)
        machine.push(UNKNOWN)


@_on("FORMAT_VALUE")
def _format_value(machine: Machine, arg: int) -> None:
    machine.pop(2 if arg & 4 else 1)
    machine.push(UNKNOWN)


@_on("BUILD_INTERPOLATION")
def _build_interpolation(machine: Machine, arg: int) -> None:
    machine.pop(3 if arg & 1 else 2)
    machine.push(UNKNOWN)


@_on("UNPACK_SEQUENCE")
def _unpack(machine: Machine, arg: int) -> None:
    machine.pop()
    machine.push(*[UNKNOWN] * arg)


@_on("UNPACK_EX")
def _unpack_ex(machine: Machine, arg: int) -> None:
    machine.pop()
    machine.push(*[UNKNOWN] * ((arg & 255) + 1 + (arg >> 8)))


@_on("MAKE_FUNCTION")
def _make_function(machine: Machine, arg: int) -> None:
    extras = bin(arg & 15).count("1") if VERSION < (3, 13) else 0
    machine.pop((2 if VERSION < (3, 11) else 1) + extras)
    machine.push(UNKNOWN)


@_on("KW_NAMES")
def _kw_names(machine: Machine, arg: int) -> None:
    machine.keywords = True


def _callee(pair: list[Expr]) -> Expr:
    """Of the two places of a callable the one that is not empty."""
    return pair[1] if pair[0] is NULL else pair[0] if pair[1] is NULL else UNKNOWN


@_on("CALL")
def _call(machine: Machine, arg: int) -> None:
    args = machine.pop(arg)
    callee = _callee(machine.pop(2))
    machine.call(callee, args, not machine.keywords)
    machine.keywords = False


@_on("CALL_KW")
def _call_kw(machine: Machine, arg: int) -> None:
    args = machine.pop(arg + 1)[:-1]
    machine.call(_callee(machine.pop(2)), args, False)


@_on("CALL_FUNCTION")
def _call_function(machine: Machine, arg: int) -> None:
    args = machine.pop(arg)
    machine.call(machine.pop()[0], args, True)


@_on("CALL_METHOD")
def _call_method(machine: Machine, arg: int) -> None:
    args = machine.pop(arg)
    machine.call(_callee(machine.pop(2)), args, True)


@_on("CALL_FUNCTION_KW")
def _call_function_kw(machine: Machine, arg: int) -> None:
    args = machine.pop(arg + 1)[:-1]
    machine.call(machine.pop()[0], args, False)


@_on("CALL_FUNCTION_EX")
def _call_function_ex(machine: Machine, arg: int) -> None:
    machine.pop(2 if VERSION >= (3, 14) or arg & 1 else 1)
    callee = machine.pop()[0] if VERSION < (3, 11) else _callee(machine.pop(2))
    machine.call(callee, [], False)


@_on("GET_AWAITABLE")
def _get_awaitable(machine: Machine, arg: int) -> None:
    machine.awaits()


@_on("GET_ANEXT")
def _get_anext(machine: Machine, arg: int) -> None:
    result = Expr(base=Expr(base=machine.peek(), attr="__anext__"))
    result.call = True
    machine.push(result)


def _entered(context: Expr) -> Expr:
    """What the `__aenter__` of a context has returned."""
    result = Expr(base=context)
    result.entered = True
    return result


@_on("BEFORE_ASYNC_WITH")
def _before_async_with(machine: Machine, arg: int) -> None:
    (context,) = machine.pop()
    machine.enter(context, True)
    machine.push(UNKNOWN, _entered(context))


@_on("BEFORE_WITH", "JUMP SETUP_WITH")
def _before_with(machine: Machine, arg: int) -> None:
    (context,) = machine.pop()
    machine.enter(context, False)
    machine.push(UNKNOWN, UNKNOWN)


@_on("LOAD_SPECIAL")
def _load_special(machine: Machine, arg: int) -> None:
    (context,) = machine.pop()
    name = _SPECIAL[arg] if arg < len(_SPECIAL) else ""
    if name in ("__exit__", "__aexit__"):
        machine.enter(context, name == "__aexit__")
    method = Expr("", context, name)
    method.entered = name == "__aenter__"
    machine.push(method, NULL)
