"""Print what a run printed, on the stream that it went to.

Control characters are spelled out unless --raw is given.
"""

from __future__ import annotations

import os
import sys
import time

from .._catalog._reader import open_below, open_in_tar, open_run, read_all
from .._catalog._select import open_index, resolve, word_of_life
from .._catalog._text import clean_block
from ..errors import SessionError
from ._options import add_places, add_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import TextIO

    from .._catalog._index import Found

_PAUSE = 0.2  # seconds between two looks at a log that is followed
_BLOCK = 1 << 20
_STREAMS = ("stdout", "stderr")


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "id")
    only = parser.add_mutually_exclusive_group()
    for name in _STREAMS:
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
    add_places(parser)


def run(options: Namespace) -> int:
    """Print or follow the logs of one run."""
    with open_index(options.places) as index:
        found = resolve(index, options.id)
    names = [options.only] if options.only else list(_STREAMS)
    targets = [sys.stdout] if options.only else [sys.stdout, sys.stderr]
    if found.entry.archived:
        for name, target in zip(names, targets, strict=True):
            _Printer(target, raw=options.raw).print(_last(_packed(found, name), options.lines))
        return 0
    _Follower(found, names, targets, options).go()
    return 0


class _Printer:
    """Bytes of a log to a stream; a character cut by the end of a block waits for the next."""

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


class _Follower:
    """The logs of a run whose directory may move while they are read."""

    def __init__(
        self, found: Found, names: list[str], targets: list[TextIO], options: Namespace
    ) -> None:
        self._found = found
        self._names = names
        self._follow = options.follow
        self._lines = options.lines
        self._printers = [_Printer(target, raw=options.raw) for target in targets]
        self._open: dict[str, int] = {}
        # Descriptors stay with the directory when the run is filed under another name.
        try:
            self._run = open_run(found.entry.path)
        except OSError as error:
            raise SessionError(f"{found.entry.path}: cannot be read ({error.strerror})") from error

    def go(self) -> None:
        """Print what is there; then, if asked to, what comes until the run is over."""
        try:
            while True:
                over = not self._follow or self._is_over()
                for name, printer in zip(self._names, self._printers, strict=True):
                    self._drain(name, printer)
                if over:
                    self._complain()
                    return
                time.sleep(_PAUSE)
        finally:
            for descriptor in (self._run, *self._open.values()):
                os.close(descriptor)

    def _drain(self, name: str, printer: _Printer) -> None:
        if name not in self._open:
            try:
                self._open[name] = open_below(self._run, f"logs/{name}.log")
            except OSError:
                return  # not there yet, or not a plain file; said at the end
            if self._lines is not None:
                printer.print(_last_of(self._open[name], self._lines))
        while data := os.read(self._open[name], _BLOCK):
            printer.print(data)

    def _is_over(self) -> bool:
        """Whether nothing more will come: the record has an end, or the process is dead."""
        import json

        try:
            record = json.loads(read_all(open_below(self._run, "CONFIGS/PROVENANCE.json")))
            if record["run"]["status"] != "running":
                return True
            return word_of_life(record["process"]) == "dead"
        except (OSError, ValueError, LookupError, TypeError):
            return self._found.status != "running"

    def _complain(self) -> None:
        if not self._open:
            where = os.path.join(self._found.entry.path, "logs")
            raise SessionError(f"{where}: the run has no logs that can be read")


def _packed(found: Found, name: str) -> bytes:
    with open_in_tar(found.entry.path, found.name, f"logs/{name}.log") as reader:
        return reader.read()


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
