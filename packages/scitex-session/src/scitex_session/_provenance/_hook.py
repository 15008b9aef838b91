"""One audit hook per process, asleep between sessions.

An audit hook cannot be removed, so there is one for all sessions of a process, and with no session
it costs a function call and a comparison. With one, it must cost next to nothing too: a path seen
before is one look into a dictionary, and nothing here touches the disk.
"""

from __future__ import annotations

import os
import sys
from time import time_ns

from scitex_session._provenance import _journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scitex_session._provenance._places import Places

MAX_PATHS = 100_000
MAX_COMMANDS = 1_000
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)  # as who brings its entries to the disk opens it


class Sink:
    """
    What the hook has seen of one session.

    Parameters
    ----------
    places : Places
        Tells data from scenery.
    aside : str
        Directory for the journals of this process and its forked children.
    """

    def __init__(self, places: Places, aside: str) -> None:
        self.places = places
        self.aside = aside
        self.reads: dict[str, int] = {}  # absolute path -> time of the first event (ns)
        self.writes: dict[str, int] = {}
        self.removed: set[str] = set()
        self.relative: set[str] = set()  # of the writes, those given relative to somewhere
        self.commands: list[dict[str, Any]] = []
        self.urls: dict[str, int] = {}
        self.left_out = 0
        self.failure: str | None = None
        self.seen_reads: dict[str, None] = {}  # as given; forgotten when the directory changes
        self.seen_writes: dict[str, None] = {}
        self.cwd: str | None = None
        self.journal: _journal.Journal | None = None
        self.new_journal: str | None = os.path.join(aside, "events")  # made at the first event

    def absolute(self, path: str) -> str:
        """`path` from the root, by the directory of this moment."""
        if path.startswith("/") or os.path.isabs(path):
            # `//x/../y` and the like are one file under one name.
            return os.path.normpath(path) if ("/." in path or "//" in path) else path
        if self.cwd is None:
            self.cwd = os.getcwd()
        return os.path.normpath(f"{self.cwd}{os.sep}{path}")

    def note(self, kind: str, text: str) -> None:
        """Write a line into the journal; without one the event is in memory alone."""
        try:
            if self.new_journal is not None:
                self.journal, self.new_journal = _journal.Journal(self.new_journal), None
            if self.journal is not None:
                self.journal.add(kind, text)
        except (OSError, ValueError):  # a full disk, a run directory that was moved away, the end
            self.journal = self.new_journal = None

    def close(self) -> None:
        """Let go of the journal: from now on events are in memory alone."""
        journal, self.journal, self.new_journal = self.journal, None, None
        if journal is not None:
            journal.close()

    def read(self, path: str) -> None:
        """Note a file that is being read."""
        plain = path[0] == "/" and "/." not in path and "//" not in path  # the usual case, at once
        full = path if plain else self.absolute(path)
        if full in self.reads or not self.places.is_data(full):
            return
        if len(self.reads) >= MAX_PATHS:
            self.left_out += 1
            return
        self.reads[full] = time_ns()
        self.note("R", full)

    def write(self, path: str) -> None:
        """Note a file that is being written."""
        full = self.absolute(path)
        if full in self.writes or not self.places.is_data(full):
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
    if origin in sink.writes:  # written aside and renamed: there is one file, the target
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


def _popen(sink: Sink, _: Any, argv: Any, cwd: Any, *__: Any) -> None:
    _command(sink, argv, cwd)


def _system(sink: Sink, command: Any) -> None:
    _command(sink, command, None)


def _exec(sink: Sink, path: Any, argv: Any, *_: Any) -> None:
    _command(sink, argv or path, None)


def _spawn(sink: Sink, _: Any, path: Any, argv: Any, *__: Any) -> None:
    _command(sink, argv or path, None)


def _command(sink: Sink, command: Any, cwd: Any) -> None:
    if isinstance(command, (str, bytes)):
        argv = [os.fsdecode(command)]
    else:
        argv = [os.fsdecode(part) for part in command]
    entry: dict[str, Any] = {"argv": argv, "cwd": os.fsdecode(cwd) if cwd else None, "count": 1}
    for known in sink.commands[-8:]:
        # Popen may go on to posix_spawn, and loops start the same program again and again.
        if known["argv"] == argv and entry["cwd"] in {None, known["cwd"]}:
            known["count"] += 1
            return
    if len(sink.commands) < MAX_COMMANDS:
        sink.commands.append(entry)
    else:
        sink.left_out += 1


_OTHERS = {
    "os.chdir": _chdir,
    "os.remove": _remove,
    "os.rename": _rename,
    "os.link": _written,
    "os.symlink": _written,
    "os.truncate": _written,
    "sqlite3.connect": _database,
    "urllib.Request": _url,
    "subprocess.Popen": _popen,
    "os.system": _system,
    "os.exec": _exec,
    "os.posix_spawn": _exec,
    "os.spawn": _spawn,
}


def _in_forked_child() -> None:
    """Let a forked worker keep a journal of its own, which the parent reads at the end."""
    sink = _sink
    if sink is None:
        return
    unique = f"events-{os.getpid()}-{time_ns()}"
    sink.journal, sink.new_journal = None, os.path.join(sink.aside, unique)


def wake(sink: Sink) -> None:
    """Let events go to `sink`, from now on and until `sleep`."""
    global _sink, _installed
    if not _installed:
        sys.addaudithook(_hook)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_in_forked_child)
        _installed = True
    _sink = sink


def sleep() -> None:
    """Note no more events."""
    global _sink
    _sink = None


def active() -> Sink | None:
    """Return the sink of the running session, if there is one."""
    return _sink
