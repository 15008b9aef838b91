"""Note the files, programs and addresses that a run opens, with one audit hook per process.

An audit hook cannot be removed, so there is one for all sessions of a process. Without a session it
costs a function call and a comparison. With one, a path seen before costs one look-up in a
dictionary, and nothing here touches the disk.
"""

from __future__ import annotations

import os
import sys
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from mmap import mmap
    from typing import Any

    from ._ownership import Ownership

MAX_PATHS = 100_000
MAX_COMMANDS = 1_000
JOURNAL = "events"  # the beginning of the names of journals
_CHUNK = 64 * 1024
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)  # set where a directory is opened to be fsynced


class Journal:
    """Lines appended to a new mapped file, each a kind (one letter), a space and a text.

    The kernel keeps what was written whatever happens to the process, and a line costs no system
    call. Nor is a descriptor ever written to: a script that closes descriptors it does not own
    (daemons do) cannot make the journal write into its files.
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
        except UnicodeEncodeError:  # a name that is not text
            line = f"{kind} {text}\n".encode("utf-8", "surrogateescape")
        end = self._at + len(line)
        if end > self._size:
            self._grow(len(line))
        self._map[self._at : end] = line
        self._at = end

    def close(self) -> None:
        """Release the mapping and the descriptor that it keeps."""
        self._map.close()

    def _grow(self, needed: int) -> None:
        from mmap import mmap

        more = _CHUNK * (1 + needed // _CHUNK)
        # Reopened by name: mmap.resize is not available everywhere. The directory may have been
        # renamed meanwhile (a run moved by hand); then the events stay in memory alone.
        fd = os.open(self.path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        try:
            _reserve(fd, self._size, more)
            self._map = mmap(fd, self._size + more)
        finally:
            os.close(fd)
        self._size += more


def _reserve(fd: int, start: int, length: int = _CHUNK) -> None:
    """Allocate the blocks now: writing to a mapped hole on a full disk would kill the process."""
    try:
        os.posix_fallocate(fd, start, length)
    except (AttributeError, OSError):
        os.lseek(fd, start, os.SEEK_SET)
        while length > 0:
            length -= os.write(fd, bytes(length))


def read_journal(path: str) -> Iterator[tuple[str, str]]:
    """Yield the (kind, text) of each line of a journal, without an incomplete last line."""
    with open(path, "rb") as file:
        lines = file.read().rstrip(b"\0").split(b"\n")
    for line in lines[:-1]:
        kind, _, text = line.decode("utf-8", "surrogateescape").partition(" ")
        if "\\" in text:
            text = "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\"))
        yield kind, text


class Sink:
    """What the hook has seen of one session, journalled in the directory `notes`."""

    def __init__(self, ownership: Ownership, notes: str) -> None:
        self.ownership = ownership
        self.notes = notes
        self.reads: dict[str, int] = {}  # absolute path -> time of the first event (ns)
        self.writes: dict[str, int] = {}
        self.removed: set[str] = set()
        self.relative: set[str] = set()  # of the writes, those given as relative paths
        self.commands: list[dict[str, Any]] = []
        self.urls: dict[str, int] = {}
        self.left_out = 0
        self.failure: str | None = None
        self.seen_reads: dict[str, None] = {}  # as given; forgotten when the directory changes
        self.seen_writes: dict[str, None] = {}
        self.cwd: str | None = None
        self.journal: Journal | None = None
        self.new_journal: str | None = os.path.join(notes, JOURNAL)  # made at the first event

    def absolute(self, path: str) -> str:
        """Return `path` from the root; a relative one begins in the current directory."""
        if path.startswith("/") or os.path.isabs(path):
            # Normalised, for `//x/../y` and the like name the same file.
            return os.path.normpath(path) if ("/." in path or "//" in path) else path
        if self.cwd is None:
            self.cwd = os.getcwd()
        return os.path.normpath(f"{self.cwd}{os.sep}{path}")

    def note(self, kind: str, text: str) -> None:
        """Write a line into the journal; if that fails the event is kept in memory only."""
        try:
            if self.new_journal is not None:
                self.journal, self.new_journal = Journal(self.new_journal), None
            if self.journal is not None:
                self.journal.add(kind, text)
        except (OSError, ValueError):  # a full disk, a run directory that was moved, a closed map
            self.journal = self.new_journal = None

    def close(self) -> None:
        """Close the journal: from now on events are kept in memory only."""
        journal, self.journal, self.new_journal = self.journal, None, None
        if journal is not None:
            journal.close()

    def read(self, path: str) -> None:
        """Note a file that is being read."""
        plain = path[0] == "/" and "/." not in path and "//" not in path  # the usual case, fast
        full = path if plain else self.absolute(path)
        if full in self.reads or not self.ownership.is_data(full):
            return
        if len(self.reads) >= MAX_PATHS:
            self.left_out += 1
            return
        self.reads[full] = time_ns()
        self.note("R", full)

    def write(self, path: str) -> None:
        """Note a file that is being written."""
        full = self.absolute(path)
        if full in self.writes or not self.ownership.is_data(full):
            return
        if len(self.writes) >= MAX_PATHS:
            self.left_out += 1
            return
        self.writes[full] = time_ns()
        if not os.path.isabs(path):
            self.relative.add(full)
            self.note("W", full)
        else:
            self.note("w", full)


_sink: Sink | None = None
_installed = False


def _hook(event: str, args: tuple[Any, ...]) -> None:  # noqa: C901 - calls would cost more
    sink = _sink
    if sink is None:
        return
    try:
        if event == "open":
            path, _, flags = args
            if type(path) is not str:
                if isinstance(path, int):
                    return
                path = os.fsdecode(path)
            if not flags & 3:  # O_RDONLY is 0
                if path in sink.seen_reads or not path or flags & _DIRECTORY:
                    return
                sink.seen_reads[path] = None
                sink.read(path)
            elif path not in sink.seen_writes:
                sink.seen_writes[path] = None
                if flags & 3 == os.O_RDWR and not flags & os.O_TRUNC and os.path.exists(path):
                    sink.read(path)
                sink.write(path)
        elif event in _OTHERS:
            _OTHERS[event](sink, *args)
    except Exception as error:  # noqa: BLE001 - raised here, it would come out of the user's open()
        sink.failure = f"{event}: {type(error).__name__}: {error}"


def _chdir(sink: Sink, *_: Any) -> None:
    sink.cwd = None
    sink.seen_reads = {p: None for p in sink.seen_reads if p.startswith("/")}
    sink.seen_writes = {p: None for p in sink.seen_writes if p.startswith("/")}


def _remove(sink: Sink, path: Any, *_: Any) -> None:
    if not isinstance(path, int):
        sink.removed.add(sink.absolute(os.fsdecode(path)))


def _rename(sink: Sink, source: Any, target: Any, *_: Any) -> None:
    if isinstance(source, int) or isinstance(target, int):
        return
    origin = sink.absolute(os.fsdecode(source))
    sink.write(os.fsdecode(target))
    if origin in sink.writes:  # written under a temporary name and renamed: one file, the target
        del sink.writes[origin]
        sink.note("-", origin)
        sink.seen_writes.pop(os.fsdecode(source), None)


def _written(sink: Sink, *args: Any) -> None:
    # os.link and os.symlink name the new path second, os.truncate its only one.
    path = args[1] if len(args) > 1 and not isinstance(args[1], int) else args[0]
    if not isinstance(path, int):
        sink.write(os.fsdecode(path))


def _database(sink: Sink, database: Any) -> None:
    path = os.fsdecode(database)
    if path and not path.startswith((":memory:", "file:")):
        sink.read(path)


def _url(sink: Sink, url: Any, *_: Any) -> None:
    if len(sink.urls) < MAX_COMMANDS:
        sink.urls.setdefault(str(url), time_ns())


def _command(sink: Sink, command: Any, cwd: Any) -> None:
    if isinstance(command, (str, bytes)):
        argv = [os.fsdecode(command)]
    else:
        argv = [os.fsdecode(part) for part in command]
    entry: dict[str, Any] = {"argv": argv, "cwd": os.fsdecode(cwd) if cwd else None, "count": 1}
    for known in sink.commands[-8:]:
        # Popen may call posix_spawn in turn, and loops start the same program again and again.
        if known["argv"] == argv and entry["cwd"] in {None, known["cwd"]}:
            known["count"] += 1
            return
    if len(sink.commands) < MAX_COMMANDS:
        sink.commands.append(entry)
    else:
        sink.left_out += 1


_OTHERS: dict[str, Callable[..., None]] = {
    "os.chdir": _chdir,
    "os.remove": _remove,
    "os.rename": _rename,
    "os.link": _written,
    "os.symlink": _written,
    "os.truncate": _written,
    "sqlite3.connect": _database,
    "urllib.Request": _url,
    "subprocess.Popen": lambda sink, _, argv, cwd, *__: _command(sink, argv, cwd),
    "os.system": lambda sink, command: _command(sink, command, None),
    "os.exec": lambda sink, path, argv, *_: _command(sink, argv or path, None),
    "os.posix_spawn": lambda sink, path, argv, *_: _command(sink, argv or path, None),
    "os.spawn": lambda sink, _, path, argv, *__: _command(sink, argv or path, None),
}


def _in_forked_child() -> None:
    """Give a forked worker a journal of its own, which the parent reads at the end."""
    sink = _sink
    if sink is None:
        return
    unique = f"{JOURNAL}-{os.getpid()}-{time_ns()}"
    sink.journal, sink.new_journal = None, os.path.join(sink.notes, unique)


def attach(sink: Sink) -> None:
    """Send events to `sink` from now on and until `detach`."""
    global _sink, _installed
    if not _installed:
        sys.addaudithook(_hook)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_in_forked_child)
        _installed = True
    _sink = sink


def detach() -> None:
    """Note no more events."""
    global _sink
    _sink = None
