"""A list of events that survives SIGKILL: lines in memory that is a file.

A mapped file costs a copy of some bytes per line and no system call, and the kernel keeps what was
written whatever becomes of the process. No descriptor is ever written to, so a script that closes
descriptors it does not own (daemons do) cannot make the journal write into its files.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

_CHUNK = 64 * 1024


class Journal:
    """
    Lines appended to a mapped file, each a kind (one letter), a space and a text.

    Parameters
    ----------
    path : str
        The file; it is made, and must not exist.
    """

    def __init__(self, path: str) -> None:
        from mmap import mmap

        self.path = path
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _reserve(fd, 0)
            self._map: mmap = mmap(fd, _CHUNK)
        finally:
            os.close(fd)
        self._size = _CHUNK
        self._at = 0

    def add(self, kind: str, text: str) -> None:
        """Append a line. Newlines and backslashes in `text` are escaped."""
        if "\n" in text or "\\" in text:
            text = text.replace("\\", "\\\\").replace("\n", "\\n")
        try:
            line = f"{kind} {text}\n".encode()
        except UnicodeEncodeError:  # a name that is no text
            line = f"{kind} {text}\n".encode("utf-8", "surrogateescape")
        end = self._at + len(line)
        if end > self._size:
            self._grow(len(line))
        self._map[self._at : end] = line
        self._at = end

    def close(self) -> None:
        """Let go of the file; a mapping keeps a descriptor of its own."""
        self._map.close()

    def _grow(self, needed: int) -> None:
        from mmap import mmap

        more = _CHUNK * (1 + needed // _CHUNK)
        # Reopened by name: mmap.resize is not to be had everywhere. The directory may have been
        # renamed meanwhile (a run filed away by hand); then the events stay in memory alone.
        fd = os.open(self.path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        try:
            _reserve(fd, self._size, more)
            self._map = mmap(fd, self._size + more)
        finally:
            os.close(fd)
        self._size += more


def _reserve(fd: int, start: int, length: int = _CHUNK) -> None:
    """Make room on disk now: writing to a mapped hole on a full disk would kill the process."""
    try:
        os.posix_fallocate(fd, start, length)
    except (AttributeError, OSError):
        os.lseek(fd, start, os.SEEK_SET)
        while length > 0:
            length -= os.write(fd, bytes(length))


def read(path: str) -> Iterator[tuple[str, str]]:
    """Yield the (kind, text) of each line of a journal, a torn last line left out."""
    with open(path, "rb") as file:
        lines = file.read().rstrip(b"\0").split(b"\n")
    for line in lines[:-1]:
        kind, _, text = line.decode("utf-8", "surrogateescape").partition(" ")
        if "\\" in text:
            text = _unescape(text)
        yield kind, text


def _unescape(text: str) -> str:
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n") for part in parts)
