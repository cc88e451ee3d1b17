"""File descriptors of ours in a process that is not ours: the program may close any at any moment, and have its own under their numbers.

A number is used only while it still names what we opened. Without that a file that our thread reads, one of our own modules say, would
close what the program has opened meanwhile.
"""

from __future__ import annotations

import os

TRIES = 3
"""How often a file is opened anew whose descriptor the program has closed while it was read."""

_CHUNK = 1 << 20
_FLAGS: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_BINARY", 0)


class Descriptor:
    """A file descriptor that is used only while it is still ours: the program may close any, and use the number for itself."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._identity = _identity(number)

    def is_ours(self) -> bool:
        """Whether the number still names what we opened."""
        try:
            return _identity(self.number) == self._identity
        except OSError:
            return False

    def write(self, data: bytes) -> None:
        """Writes to a pipe that does not block; what does not fit is lost."""
        if self.is_ours():
            try:
                os.write(self.number, data)
            except OSError:
                pass

    def drain(self) -> None:
        """Reads away what is in a pipe."""
        if self.is_ours():
            try:
                os.read(self.number, 4096)
            except OSError:
                pass

    def close(self) -> None:
        """Closes it if it is ours."""
        if self.is_ours():
            try:
                os.close(self.number)
            except OSError:  # The program has, at this very moment.
                pass


def _identity(number: int) -> tuple[int, int]:
    status = os.fstat(number)
    return status.st_dev, status.st_ino


def read_file(path: str) -> bytes:
    """What a file holds. Raises OSError."""
    for _ in range(TRIES):
        chunks: list[bytes] = []
        descriptor = Descriptor(os.open(path, os.O_RDONLY | _FLAGS))
        try:
            while descriptor.is_ours():
                chunk = os.read(descriptor.number, _CHUNK)
                if not chunk:
                    if descriptor.is_ours():  # Or this was the end of something else.
                        return b"".join(chunks)
                    break
                chunks.append(chunk)
        finally:
            descriptor.close()
    raise OSError("the program closes the descriptor of " + path)


def write_file(path: str, data: bytes, mode: int) -> None:
    """Makes a file, as a whole or not at all. Raises OSError."""
    partial = path + "." + str(id(data))
    descriptor = Descriptor(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, mode))
    written = 0
    try:
        if descriptor.is_ours():
            written = os.write(descriptor.number, data)
        if not descriptor.is_ours():
            written = 0
    finally:
        descriptor.close()
        if written == len(data):
            os.replace(partial, path)
        else:
            os.unlink(partial)
