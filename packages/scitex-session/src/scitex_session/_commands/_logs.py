"""``logs``: what a run printed, also while it runs and while its directory is moved."""

from __future__ import annotations

import os
import sys
import time

from .._catalog._printable import clean_block
from .._catalog._query import open_index, resolve
from .._catalog._run_files import open_below, open_in_tar, open_run, read_all, status_of_process
from .._record._record import has_ended, parse
from .._record._run_directory import LOG_OF, RECORD
from .._record._status import DEAD, RUNNING
from ..errors import SessionError
from ._options import DONE, add_paths, add_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import TextIO

    from .._catalog._index import Found

_PAUSE = 0.2  # seconds between two readings of a log that is followed
_BLOCK = 1 << 20


def add_logs(parser: ArgumentParser) -> None:
    """Describe the command line of ``logs``."""
    add_run(parser, "id")
    only = parser.add_mutually_exclusive_group()
    for name in LOG_OF:
        only.add_argument(
            f"--{name}",
            dest="only",
            action="store_const",
            const=name,
            help=f"only what went to {name}, on standard output",
        )
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run is over")
    parser.add_argument("--raw", action="store_true", help="print the bytes of the log as they are")
    add_paths(parser)


def logs(options: Namespace) -> int:
    """Print what a run printed, on the stream that it went to.

    Control characters are spelled out unless --raw is given.
    """
    with open_index(options.paths) as index:
        found = resolve(index, options.id)
    targets = {options.only: sys.stdout} if options.only else {n: getattr(sys, n) for n in LOG_OF}
    printers = {name: _Printer(target, raw=options.raw) for name, target in targets.items()}
    if found.entry.archived:
        for name, printer in printers.items():
            with open_in_tar(found.entry.path, found.name, LOG_OF[name]) as reader:
                printer.print(_last(reader.read(), options.lines))
    else:
        _Reader(found, printers, options.lines).print_all(follow=options.follow)
    return DONE


class _Printer:
    """Prints the bytes of a log; a character cut by the end of a block waits for the next."""

    def __init__(self, target: TextIO, *, raw: bool) -> None:
        import codecs

        self._target = target
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def print(self, data: bytes) -> None:
        if self._raw:
            self._target.flush()
            self._target.buffer.write(data)
        else:
            self._target.write(clean_block(self._decoder.decode(data)))
        self._target.flush()


class _Reader:
    """Reads the logs of a run whose directory may move meanwhile."""

    def __init__(self, found: Found, printers: dict[str, _Printer], lines: int | None) -> None:
        self._found = found
        self._printers = printers
        self._lines = lines
        self._open: dict[str, int] = {}
        # Descriptors stay with the directory when the run is filed under another name.
        try:
            self._run = open_run(found.entry.path)
        except OSError as error:
            raise SessionError(f"{found.entry.path}: cannot be read ({error.strerror})") from error

    def print_all(self, *, follow: bool) -> None:
        """Print what is there; then, if asked to, what comes until the run is over."""
        try:
            while True:
                over = not follow or self._is_over()
                for name, printer in self._printers.items():
                    self._print_new(name, printer)
                if over:
                    break
                time.sleep(_PAUSE)
        finally:
            for descriptor in (self._run, *self._open.values()):
                os.close(descriptor)
        if not self._open:
            where = os.path.join(self._found.entry.path, "logs")
            raise SessionError(f"{where}: the run has no logs that can be read")

    def _print_new(self, name: str, printer: _Printer) -> None:
        if name not in self._open:
            try:
                self._open[name] = open_below(self._run, LOG_OF[name])
            except OSError:
                return  # not there yet, or not a plain file; said at the end
            if self._lines is not None:
                printer.print(_last_of(self._open[name], self._lines))
        while data := os.read(self._open[name], _BLOCK):
            printer.print(data)

    def _is_over(self) -> bool:
        """Whether nothing more will come: the record has an end, or the process is dead."""
        try:
            record = parse(read_all(open_below(self._run, RECORD)), RECORD)
            return has_ended(record) or status_of_process(record["process"]) == DEAD
        except (OSError, SessionError, LookupError, AttributeError):
            return self._found.status != RUNNING


def _last(data: bytes, lines: int | None) -> bytes:
    if lines is None:
        return data
    return b"".join(data.splitlines(keepends=True)[-lines:]) if lines > 0 else b""


def _last_of(descriptor: int, lines: int) -> bytes:
    """Return the last lines of an open file; the next read goes on behind them."""
    end = begin = os.fstat(descriptor).st_size
    found = b""
    while begin > 0 and found.count(b"\n") <= lines:
        size = min(_BLOCK, begin)
        begin -= size
        os.lseek(descriptor, begin, os.SEEK_SET)
        found = os.read(descriptor, size) + found
    os.lseek(descriptor, end, os.SEEK_SET)
    return _last(found, lines)
