"""Reading the records of many runs, by this process or, for thousands, by helpers of its own.

Helpers are fresh processes and no forks: a program that asks `SessionManager` may have threads.
"""

from __future__ import annotations

import marshal
import os
import sys

from . import _layout as layout
from ._row import read_below, row_of
from ._walk import own_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Iterable, Iterator
    from typing import IO, Any, Self

    Rows = Iterator[tuple[str, tuple[Any, ...]]]

_HELPERS = 4
_MANY = 500  # new runs in one directory from which on helpers read the records
_CHUNK = 500  # runs that a helper hands over at once
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from scitex_session._catalog._read_rows import serve; serve()"
)


def read_rows(root: str, state: str, files: Iterable[str]) -> Rows:
    """Yield the rows of some runs of one state directory, each with its name in the listing.

    Parameters
    ----------
    root : str
        The output directory, or a run that is used in place.
    state : str
        The state directory in it; empty for a run used in place.
    files : iterable of str
        Names from the listing; an empty one for a run used in place.
    """
    path = os.path.join(root, state) if state else root
    folder = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        for file in files:
            name = own_name(file) if state else os.path.basename(root)
            data: bytes | None
            try:
                data = read_below(folder, path, file or ".")
            except OSError:
                if file and not _exists(file, folder):
                    continue  # it moved on since the listing, and is found where it is now
                data = None
            yield file, row_of(data, name, state, archived=file.endswith(layout.TAR))
    finally:
        os.close(folder)


class Readers:
    """Whoever reads records during one refresh; helpers start when there is much to read."""

    def __init__(self) -> None:
        self._helpers: list[subprocess.Popen[bytes]] = []
        self._may_help = _idle_processors() > 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for helper in self._helpers:
            for stream in (helper.stdin, helper.stdout):
                if stream is not None:
                    stream.close()
            helper.kill()
            helper.wait()

    def read(self, root: str, state: str, files: Collection[str]) -> Rows:
        """Yield what `read_rows` does, in no order where helpers share the work."""
        if len(files) < _MANY or not self._may_help:
            yield from read_rows(root, state, files)
            return
        if not self._helpers:
            self._helpers = [_start() for _ in range(min(_HELPERS, _idle_processors()))]
        names, left = list(files), set(files)
        count = len(self._helpers)
        working = [
            helper
            for number, helper in enumerate(self._helpers)
            if _ask(helper, (root, state, names[number::count]))
        ]
        while working:
            for helper in list(working):
                rows = _receive(helper.stdout)
                if not rows:
                    working.remove(helper)
                for file, row in rows:
                    left.discard(file)
                    yield file, row
        # Names that no helper answered for: runs that moved on, or all that one was asked for
        # which could not run.
        yield from read_rows(root, state, left)


def _idle_processors() -> int:
    """Return how many processors have nothing to do: where all are busy helpers only cost."""
    return max(1, (os.cpu_count() or 1) - _busy())


def _busy() -> int:
    """Return how many others want a processor at this moment."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            running = int(file.read().split()[3].partition("/")[0])
        return max(0, running - 1)  # this process is one of them
    except (OSError, ValueError, IndexError):
        return int(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0


def serve() -> None:
    """Be a helper: read what is asked for on standard input, answer on standard output."""
    while True:
        try:
            root, state, names = marshal.load(sys.stdin.buffer)  # noqa: S302 - from our own parent
        except EOFError:
            return
        rows: list[tuple[str, tuple[Any, ...]]] = []
        for file, row in read_rows(root, state, names):
            rows.append((file, tuple(row)))
            if len(rows) == _CHUNK:
                _send(rows)
                rows.clear()
        if rows:
            _send(rows)
        _send([])


def _start() -> subprocess.Popen[bytes]:
    import subprocess  # 9 ms, and a listing rarely needs helpers

    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, *(entry for entry in sys.path if entry)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


def _ask(helper: subprocess.Popen[bytes], job: tuple[str, str, list[str]]) -> bool:
    """Give a helper work; False if it is not there."""
    if helper.stdin is None:
        return False
    try:
        helper.stdin.write(marshal.dumps(job))
        helper.stdin.flush()
    except OSError:
        return False
    return True


def _send(rows: list[tuple[str, tuple[Any, ...]]]) -> None:
    data = marshal.dumps(rows)
    sys.stdout.buffer.write(len(data).to_bytes(8, "little") + data)
    sys.stdout.buffer.flush()


def _receive(stream: IO[bytes] | None) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the next rows; none at the end, or if the helper has died."""
    size = stream.read(8) if stream is not None else b""
    if stream is None or len(size) < 8:  # noqa: PLR2004 - the length of a length
        return []
    data = stream.read(int.from_bytes(size, "little"))
    try:
        rows: list[tuple[str, tuple[Any, ...]]] = marshal.loads(data)  # noqa: S302 - our own helper
    except (EOFError, ValueError, TypeError):
        return []
    return rows


def _exists(file: str, folder: int) -> bool:
    try:
        os.stat(file, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True
