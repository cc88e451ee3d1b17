"""Everything a person does with the frame of the stopped task works in every frame of a suspended one: scopes, variables, set value, watch,
evaluate, completions and the console; in an await chain, in `gather`, in an async generator, in the standard library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from debuggee import Debuggee, marked

PROGRAM = """
import asyncio

async def inner(number):
    deep = number
    await event.wait()  # inner
    return deep

async def middle(number):
    between = number + 1
    return between + await inner(number)  # middle

async def outer(number):
    far = number + 2
    print("outer", far + await middle(number), far)  # outer

async def produce():
    made = 3
    await event.wait()  # produce
    yield made

async def consume():
    taken = 0
    async for taken in produce():  # consume
        pass
    print("consumed", taken)

async def gathers():
    await asyncio.gather(outer(10), outer(20))  # gathers

async def streams():
    mine = 1
    await queue.get()  # streams
    print("streams", mine)

async def main():
    global event, queue
    event, queue = asyncio.Event(), asyncio.Queue()
    tasks = [asyncio.create_task(each(), name=each.__name__) for each in (consume, gathers, streams)]
    tasks.append(asyncio.create_task(outer(100), name="chain"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    here = 1  # stop
    event.set()
    queue.put_nowait(1)
    await asyncio.gather(*tasks)

asyncio.run(main())
"""


class Frame:
    """What a client does with one frame."""

    def __init__(self, debuggee: Debuggee, number: int) -> None:
        self.debuggee = debuggee
        self.number = number

    def scopes(self) -> list[str]:
        return [scope["name"] for scope in self.debuggee.request("scopes", frameId=self.number)["scopes"]]

    def value(self, expression: str, context: str) -> str:
        answer = self.debuggee.evaluate(expression, self.number, context)
        assert answer["success"], answer
        return str(answer["body"]["result"])

    def set_variable(self, name: str, value: str) -> str:
        scope = self.debuggee.request("scopes", frameId=self.number)["scopes"][0]["variablesReference"]
        return str(self.debuggee.request("setVariable", variablesReference=scope, name=name, value=value)["value"])

    def works(self, name: str, value: str) -> None:
        """Everything, with that local variable, which holds that value and is a number."""
        assert self.scopes() == ["Locals", "Globals"]
        assert self.debuggee.locals(self.number)[name] == value
        for context in ("watch", "hover", "repl"):
            assert self.value(name + " * 2", context) == str(int(value) * 2)
        targets = self.debuggee.request("completions", frameId=self.number, text=name[:-1], column=len(name))["targets"]
        assert name in [target["label"] for target in targets]
        assert self.set_variable(name, "7") == "7"
        self.debuggee.request("setExpression", frameId=self.number, expression=name, value=name + " + 1")
        assert self.debuggee.locals(self.number)[name] == "8"
        assert self.value(name + " = 9", "repl") == ""
        assert self.value(name, "watch") == "9"
        assert self.value("await asyncio.sleep(0.001, " + name + ")", "repl") == "9"
        assert "NameError" in str(self.debuggee.evaluate("not_there", self.number)["message"])


@pytest.mark.parametrize("just_my_code", [True, False])
def test_all_of_it_in_each_frame(tmp_path: Path, just_my_code: bool) -> None:
    with Debuggee(PROGRAM, tmp_path, breakpoints=[marked(PROGRAM, "stop")], just_my_code=just_my_code) as debuggee:
        stop = debuggee.stopped()
        threads = debuggee.threads()

        def chain(name: str) -> dict[str, Any]:
            frames = debuggee.stack(threads[name])
            own = [frame for frame in frames if frame["source"]["path"] == str(debuggee.path)]
            library = [frame["name"].rpartition(".")[2] for frame in frames if frame not in own]
            assert library == ([] if just_my_code or name == "gathers · gathers" else ["get" if name.startswith("streams") else "wait"])
            for frame in own:
                assert frame["line"] == marked(PROGRAM, frame["name"]), frame
            return {frame["name"]: Frame(debuggee, frame["id"]) for frame in own}

        frames = chain("chain · outer")
        assert list(frames) == ["inner", "middle", "outer"]
        frames["inner"].works("deep", "100")
        frames["middle"].works("between", "101")
        frames["outer"].works("far", "102")
        assert list(chain("gathers · gathers")) == ["gathers"]
        frames = chain("consume · consume")
        assert list(frames) == ["produce", "consume"]
        frames["produce"].works("made", "3")
        frames["consume"].works("taken", "0")
        frames = chain("streams · streams")
        frames["streams"].works("mine", "1")
        if not just_my_code:
            library = debuggee.stack(threads["streams · streams"])[0]
            assert debuggee.locals(library["id"])["self"].startswith("<Queue")
            assert debuggee.evaluate("self.qsize()", library["id"], "watch")["body"]["result"] == "0"
        debuggee.request("continue", threadId=stop["threadId"])
        assert debuggee.finish() == 0
        # What was on a frame's stack when the variable was set is as it was.
        assert sorted(debuggee.out.splitlines()) == [b"consumed 9", b"outer 212 9", b"outer 33 12", b"outer 63 22", b"streams 9"]
        assert debuggee.err == b""
