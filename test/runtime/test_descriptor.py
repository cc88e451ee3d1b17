"""A file that we read or write while the program closes all descriptors and takes their numbers: nothing of the program's is closed, read
or written, and we have the file all the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from listen import RUNTIME

sys.path.insert(0, str(RUNTIME))
from loopscope import descriptor


class Program:
    """Stands for the program's thread: once, it closes a descriptor of ours and opens a file of its own under the number."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"the program's")
        self._path = path
        self.number = -1

    def takes(self, number: int) -> None:
        if self.number < 0:
            os.close(number)
            self.number = os.open(self._path, os.O_RDWR)
            assert self.number == number

    def has_it_still(self) -> bool:
        """Closes it. Whether it was open, as it was opened, and nobody had read or written there."""
        try:
            return os.lseek(self.number, 0, os.SEEK_CUR) == 0 and os.read(self.number, 100) == b"the program's"
        finally:
            os.close(self.number)


def around(monkeypatch: pytest.MonkeyPatch, name: str, does: Callable[[int], None], before: bool) -> None:
    """Has something done before or after a function of `os` that takes a descriptor."""
    stock: Any = getattr(os, name)

    def function(number: int, *args: Any) -> Any:
        if before:
            does(number)
        result = stock(number, *args)
        if not before:
            does(number)
        return result

    monkeypatch.setattr(os, name, function)


@pytest.mark.parametrize("name", ["fstat", "read"])
def test_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    program = Program(tmp_path / "theirs")
    (tmp_path / "ours").write_bytes(b"ours")
    monkeypatch.setattr(descriptor, "_CHUNK", 3)
    with monkeypatch.context() as context:
        around(context, name, program.takes, before=False)
        assert descriptor.read_file(str(tmp_path / "ours")) == b"ours"
    assert program.has_it_still()


def test_a_program_that_never_ends_to_close_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours").write_bytes(b"ours")
    with monkeypatch.context() as context:
        around(context, "read", os.close, before=False)
        with pytest.raises(OSError, match="the program closes the descriptor"):
            descriptor.read_file(str(tmp_path / "ours"))


def test_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(tmp_path / "theirs")
    with monkeypatch.context() as context:
        around(context, "fstat", program.takes, before=False)
        descriptor.write_file(str(tmp_path / "ours"), b"ours", 0o600)
    assert program.has_it_still()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["theirs"], "what could not be written whole is not there"
    descriptor.write_file(str(tmp_path / "ours"), b"ours", 0o600)
    assert (tmp_path / "ours").read_bytes() == b"ours"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]
