"""Reading the records of many runs, by this process or, for thousands, by helpers of its own.

Helpers are fresh processes and no forks: a program that asks `SessionManager` may have threads.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
from time import sleep

from . import _layout as layout
from ._row import read_below, row_of
from ._walk import own_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator, Sequence
    from typing import IO, Any, Self

    Named = tuple[str, tuple[Any, ...]]  # a run's name in the listing, and its row
    Job = tuple[str, str, list[str]]  # as for `read_rows`
    Piece = tuple[int, Job]  # the number of a job, and a part of it

_HELPERS = 4
_MANY = 500  # new runs from which on helpers read the records
_PIECE = 250  # runs that a helper reads at a time
_AHEAD = 2  # pieces that a helper has, so that it never waits for the next
_LOOKS, _MOMENT = 5, 0.002  # times, and seconds in between, that busy processors are looked at
_PIPE = 1 << 20  # bytes: more than a piece, so that it goes on while its rows wait
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from scitex_session._catalog._read_rows import serve; serve()"
)


def read_rows(root: str, state: str, files: Iterable[str]) -> Iterator[Named]:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for helper in self._helpers:
            for stream in (helper.stdin, helper.stdout):
                try:
                    if stream is not None:
                        stream.close()
                except OSError:
                    pass  # it had died before it had read what it was asked for
            helper.kill()
            helper.wait()

    def read(self, jobs: Sequence[Job]) -> Iterator[tuple[int, list[Named]]]:
        """Yield what `read_rows` does, some at a time, with the number of the job.

        Where helpers share the work the rows of one job come in no order.
        """
        if not self._helpers and sum(len(names) for _, _, names in jobs) >= _MANY:
            idle = _idle_processors()
            self._helpers = [_start() for _ in range(min(_HELPERS, idle))] if idle > 1 else []
        if self._helpers:
            yield from self._share(_pieces(jobs))
        else:
            for number, job in _pieces(jobs):
                yield number, list(read_rows(*job))

    def _share(self, pieces: Iterator[Piece]) -> Iterator[tuple[int, list[Named]]]:
        given: list[tuple[subprocess.Popen[bytes], list[Piece]]] = [
            (helper, []) for helper in self._helpers
        ]
        for _ in range(_AHEAD):
            for helper, waiting in given:
                _ask(helper, waiting, pieces)
        while any(waiting for _, waiting in given):
            for helper, waiting in given:
                if not waiting:
                    continue
                number, (root, state, names) = waiting.pop(0)
                rows = _receive(helper.stdout)
                _ask(helper, waiting, pieces)
                yield number, rows
                if len(rows) < len(names):
                    # Runs that moved on, or all that it was asked for, if it could not run.
                    found = {file for file, _ in rows}
                    left = [name for name in names if name not in found]
                    yield number, list(read_rows(root, state, left))


def _pieces(jobs: Iterable[Job]) -> Iterator[Piece]:
    for number, (root, state, names) in enumerate(jobs):
        for at in range(0, len(names), _PIECE):
            yield number, (root, state, names[at : at + _PIECE])


def _idle_processors() -> int:
    """Return how many processors have nothing to do: where all are busy helpers only cost."""
    there = os.cpu_count() or 1
    for _ in range(_LOOKS):
        idle = there - _busy()
        if idle > 1:
            return idle
        sleep(_MOMENT)
    return 1


def _busy() -> int:
    """Return how many others want a processor at this moment, be it for a moment only."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            running = int(file.read().split()[3].partition("/")[0])
        return max(0, running - 1)  # this process is one of them
    except (OSError, ValueError, IndexError):
        return int(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0


def serve() -> None:
    """Be a helper: read what is asked for on standard input, answer on standard output."""
    gc.disable()  # a record holds no circle, and looking for one takes a tenth of the time
    while True:
        try:
            root, state, names = marshal.load(sys.stdin.buffer)  # noqa: S302 - from our own parent
        except EOFError:
            return
        _send([(file, tuple(row)) for file, row in read_rows(root, state, names)])


def _start() -> subprocess.Popen[bytes]:
    import subprocess  # 9 ms, and a listing rarely needs helpers

    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, *(entry for entry in sys.path if entry)]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, pipesize=_PIPE)
    except OSError:  # pipes of that size are not for everyone
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null)


def _ask(helper: subprocess.Popen[bytes], waiting: list[Piece], pieces: Iterator[Piece]) -> None:
    """Give a helper the next piece; one that is not there will answer with nothing."""
    piece = next(pieces, None)
    if piece is None:
        return
    waiting.append(piece)
    try:
        if helper.stdin is not None:
            helper.stdin.write(marshal.dumps(piece[1]))
            helper.stdin.flush()
    except OSError:
        return


def _send(rows: list[Named]) -> None:
    data = marshal.dumps(rows)
    sys.stdout.buffer.write(len(data).to_bytes(8, "little") + data)
    sys.stdout.buffer.flush()


def _receive(stream: IO[bytes] | None) -> list[Named]:
    """Return the next rows; none if the helper has died."""
    size = stream.read(8) if stream is not None else b""
    if stream is None or len(size) < 8:  # noqa: PLR2004 - the length of a length
        return []
    data = stream.read(int.from_bytes(size, "little"))
    try:
        rows: list[Named] = marshal.loads(data)  # noqa: S302 - our own helper
    except (EOFError, ValueError, TypeError):
        return []
    return rows


def _exists(file: str, folder: int) -> bool:
    try:
        os.stat(file, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True
