"""Loads the inspection package as the runtime does: by path, under a private name, its own package only."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "src" / "runtime" / "loopscope" / "inspection"
NAME = "_private_inspection"


def load() -> Any:
    """The package, loaded once."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(NAME, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[NAME]


load()


@pytest.fixture(autouse=True)
def unhurried(request: Any, monkeypatch: Any) -> None:
    """Answers take what time they need and do not depend on the machine; but for tests of that (`hurried`)."""
    monkeypatch.setattr(sys.modules[NAME + ".registry"], "_may_read_at", 0.0)
    if "hurried" not in request.keywords:
        monkeypatch.setattr(sys.modules[NAME + ".budget"], "HOLD", 10.0)
        monkeypatch.setattr(sys.modules[NAME + ".registry"], "_DUTY", 0)


def pytest_configure(config: Any) -> None:
    """The marker of tests about how long an answer takes."""
    config.addinivalue_line("markers", "hurried: answers have only the time that they have in a program")


@pytest.fixture
def inspection() -> Any:
    """The package under test."""
    return load()


def ask(query: str, **fields: Any) -> dict[str, Any]:
    """The answer of the running loop, all parts of it."""
    loop = asyncio.get_running_loop()
    answer = load().answer(loop, 7, {"query": query, **fields})
    while answer.get("rest"):
        more = load().answer(loop, 7, {"query": query, **fields, "tasks": answer.pop("rest")})
        for name in ("tasks", "edges"):
            if name in more:
                more[name] = answer[name] + more[name]
        answer = more
    return answer


def described(*tasks: Any) -> list[dict[str, Any]]:
    """The descriptions of tasks of the running loop."""
    return ask("describe", tasks=[id(task) for task in tasks])["tasks"]


async def settle(ticks: int = 8) -> None:
    """Lets every task that can run do so."""
    for _ in range(ticks):
        await asyncio.sleep(0)


async def end(*tasks: Any) -> None:
    """Cancels tasks and waits for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run(main: Callable[[], Any]) -> Any:
    """Runs a test's coroutine function."""
    return asyncio.run(main())
