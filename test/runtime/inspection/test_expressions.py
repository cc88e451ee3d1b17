"""Names from byte code: for random expressions the name is that of the source, or none, on every Python."""

from __future__ import annotations

import ast
import sys
from typing import Any

from conftest import NAME, load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

load()
expressions: Any = sys.modules[f"{NAME}.expressions"]

NAMES = st.sampled_from(["self", "key", "LOCKS", "outer"])
ATTRIBUTES = st.sampled_from(["db", "pool", "get", "x"])
PLAIN = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.tuples(inner, ATTRIBUTES).map(lambda parts: f"{parts[0]}.{parts[1]}"),
        st.tuples(inner, st.one_of(NAMES, st.integers(0, 300).map(str), st.just("'a'"))).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
    ),
    max_leaves=4,
)
ODD = st.one_of(
    st.tuples(NAMES, NAMES).map(lambda parts: f"({parts[0]} or {parts[1]})"),
    st.tuples(NAMES, NAMES).map(lambda parts: f"({parts[0]} if key else {parts[1]})"),
    st.just("(lambda: self)()"),
    st.just("(await self.x())"),
    st.just("[key, self][0]"),
    st.just("{'a': self}['a']"),
    st.just("(key + self)"),
    st.just("[each for each in self][0]"),
)
ARGUMENTS = st.lists(st.one_of(PLAIN, ODD, st.just("*self"), st.just("f'{key}'"), st.just("k=key")), max_size=3)


class Anything:
    """Has every attribute, item and operation, can be awaited, entered and called, and suspends when it is awaited."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __getitem__(self, key: Any) -> Any:
        return Anything()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return Anything()

    def __add__(self, other: Any) -> Any:
        return Anything()

    def __iter__(self) -> Any:
        return iter([Anything()])

    def __format__(self, spec: str) -> str:
        return ""

    def __await__(self) -> Any:
        yield "suspended"
        return Anything()

    async def __aenter__(self) -> Any:
        await Anything()

    async def __aexit__(self, *error: Any) -> None: ...


def keywords_last(arguments: list[str]) -> str:
    """Arguments as a call may have them."""
    keywords = [argument for argument in arguments if argument.startswith("k=")][:1]
    return ", ".join([argument for argument in arguments if not argument.startswith("k=")] + keywords)


def suspensions(body: str) -> Any:
    """Runs a coroutine function with that body; gives its code and the offset of each place where it suspends."""
    source = (
        "def make(outer):\n async def function(self, key):\n"
        + "".join(f"  {line}\n" for line in body.splitlines())
        + "  return outer\n return function\n"
    )
    namespace: dict[str, Any] = {"LOCKS": Anything(), "wait_for": Anything()}
    exec(compile(source, "random.py", "exec"), namespace)
    coroutine = namespace["make"](Anything())(Anything(), Anything())
    found: list[Any] = []
    while True:
        try:
            coroutine.send(None)
        except StopIteration:
            return found
        found.append((coroutine.cr_code, coroutine.cr_frame.f_lasti, coroutine.cr_frame.f_lineno))


def same(name: str, expression: str) -> bool:
    """True if the name is the expression, up to the way of writing it."""
    return ast.dump(ast.parse(name, mode="eval")) == ast.dump(ast.parse(expression, mode="eval"))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLAIN, ARGUMENTS)
def test_the_object_of_an_awaited_method(owner: str, arguments: list[str]) -> None:
    call = f"await {owner}.acquire({keywords_last(arguments)})"
    code, offset, _ = suspensions(call)[-1]
    name = expressions.owner_text(expressions.awaited_expression(code, offset), ("acquire",))
    if name or not any(part in call for part in ("[each", "lambda", "or ", "if ", "await self", "*self", "{", "+", "[key")):
        assert same(name, owner)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLAIN, PLAIN)
def test_inside_another_call(owner: str, other: str) -> None:
    for call in (f"wait_for({owner}.acquire(), 5)", f"wait_for({owner}.acquire(), timeout={other})"):
        code, offset, _ = suspensions(f"await {call}")[-1]
        assert same(expressions.owner_text(expressions.awaited_expression(code, offset), ("acquire",)), owner)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(ODD, st.sampled_from(["", ".db", ".pool.x"]))
def test_what_is_not_followed_is_not_named(owner: str, path: str) -> None:
    code, offset, _ = suspensions(f"await {owner}{path}.acquire()")[-1]
    name = expressions.owner_text(expressions.awaited_expression(code, offset), ("acquire",))
    assert name == "" or same(name, owner + path)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PLAIN, min_size=1, max_size=3))
def test_blocks_that_a_frame_is_in(contexts: list[str]) -> None:
    lines = [" " * depth + f"async with {context}:" for depth, context in enumerate(contexts)]
    lines.append(" " * len(contexts) + "await key.wait()")
    found = suspensions("\n".join(lines))
    for depth, context in enumerate(contexts):
        code, offset, line = found[depth]
        assert line == 3 + depth
        expr = expressions.awaited_expression(code, offset)
        assert expr.entered and same(expressions.owner_text(expr, ("__aenter__",)), context)
        assert len(expressions.open_blocks(code, offset)) == depth
    code, offset, _ = found[len(contexts)]
    blocks = expressions.open_blocks(code, offset)
    assert [expressions.line_at(code, block.offset) for block in blocks] == list(range(3, 3 + len(contexts)))
    assert all(same(block.expr.text, context) for block, context in zip(blocks, contexts))
    assert not expressions.awaited_expression(code, offset).entered


def test_what_was_acquired_and_is_released_further_on() -> None:
    body = "await self.db.acquire()\ntry:\n await key.x()\nfinally:\n self.db.release()\nawait key.x()"
    found = suspensions(body)
    held = [[site.expr.text for site in expressions.acquired_at(code, offset)] for code, offset, _ in found]
    assert held == [[], ["self.db"], []]
