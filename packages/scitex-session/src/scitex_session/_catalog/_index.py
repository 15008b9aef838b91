"""The query index: what the directories hold, in a form that 100,000 runs can be asked at once.

It is a cache and never the truth. Each reading compares the change times of the state directories
with those of the last reading and lists only what changed; no run ever writes here. There is one
file per machine, since home directories are shared over networks where SQLite's locks cannot be
relied on. An index that is broken is made anew, and one that cannot be written is kept in memory.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import time
from datetime import datetime
from functools import partial
from typing import NamedTuple, Self

from .._record._json import head as head_of
from .._record._record import has_ended
from .._record._run_directory import RECORD
from .._record._status import DIRECTORIES, DIRECTORY_OF, RUNNING, STATUS_OF, UNKNOWN
from .._record._status import ENDED as ENDED_STATUSES
from ._printable import clean, cut
from ._registry import known, state_dir
from ._run_files import read_file, status_of_process
from ._walk import IN_PLACE, Entry, is_run, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_VERSION = 5
_LOCK_TIMEOUT = 60.0  # seconds to wait while another tool builds the index
_GRAIN = 2.0  # seconds in which a directory may change without a new change time
_ARGS_SHOWN = 200  # characters of the arguments in a listing
_REASON_SHOWN = 120
_MAX_DEPTH = 500  # levels; SQLite takes 1,000 or 2,000, and Python what is left of its stack
_ENCODER = json.JSONEncoder(allow_nan=False)
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE dirs (dir INTEGER PRIMARY KEY, root TEXT, state TEXT, changed INTEGER, inode INTEGER,
    UNIQUE (root, state));
CREATE TABLE runs (run INTEGER PRIMARY KEY, dir INTEGER, file TEXT, inode INTEGER, name TEXT,
    id TEXT, status TEXT, start REAL, settled INTEGER, line TEXT, UNIQUE (dir, file));
CREATE INDEX unsettled ON runs (dir) WHERE NOT settled;
CREATE INDEX running ON runs (run) WHERE status = 'running';
CREATE TABLE heads (run INTEGER PRIMARY KEY, head TEXT);
CREATE TRIGGER gone AFTER DELETE ON runs BEGIN DELETE FROM heads WHERE run = OLD.run; END;
COMMIT;
"""
# A run that was filed while the directories were listed is seen under RUNNING and where it is now.
_DROP_FILED = """
DELETE FROM runs WHERE run IN (
    SELECT seen.run FROM dirs AS running JOIN runs AS seen USING (dir)
    JOIN dirs AS ended ON ended.root = running.root AND ended.state NOT IN ('', ?)
    JOIN runs AS filed ON filed.dir = ended.dir AND filed.file = seen.file
    WHERE running.state = ?)
"""


def encoded(text: str) -> bytes:
    """Return what stands for a file name behind ``CAST(? AS TEXT)``: it may be no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


class Found(NamedTuple):
    """One run as the index has it.

    `head` is JSON with the record's ``run``, ``process``, ``args`` and ``config``. `line` is the
    run in a listing: printable columns with tabs between them.
    """

    entry: Entry
    id: str
    status: str
    start: float
    head: str
    line: str

    @property
    def name(self) -> str:
        """The name of the run's directory."""
        return self.entry.name

    def current_status(self) -> str:
        """Return the status; whether a run under RUNNING is alive is decided now.

        Returns
        -------
        str
            ``running`` if the process is alive, ``dead`` if it is not (``recover`` files it), and
            ``unknown`` where this machine cannot tell.
        """
        if self.status != RUNNING:
            return self.status
        return status_of_process(json.loads(self.head)["process"])


class Index:
    """The runs of some output directories, brought up to date when opened.

    Parameters
    ----------
    roots : list of str or None
        Output directories; None for all that are registered.
    """

    def __init__(self, roots: list[str] | None = None) -> None:
        self.roots = known() if roots is None else roots
        self._dirs: dict[int, tuple[str, str]] = {}
        try:
            self._use(_open_file())
        except (sqlite3.Error, OSError):
            # Locked, full, read-only or broken: what the directories say needs no file.
            self._use(_prepare(":memory:"))

    def _use(self, db: sqlite3.Connection) -> None:
        self._db = db
        try:
            self._refresh()
        except BaseException:
            db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._db.close()

    def select(
        self, columns: str, where: str = "", values: Sequence[object] = (), tail: str = ""
    ) -> sqlite3.Cursor:
        """Ask for columns of the runs in the chosen output directories.

        Parameters
        ----------
        columns : str
            Columns of the table `runs`, and `head`, which is kept apart since a listing does
            not need it; SQL of our own, never a user's text.
        where : str
            A further condition, with ``?`` for `values`.
        values : sequence
            What stands for the ``?``.
        tail : str
            What follows, such as an order.
        """
        (count,) = self._db.execute("SELECT count(*) FROM dirs").fetchone()
        # Where all directories are asked for, a condition on them would only slow the query down.
        every = count == len(self._dirs)
        condition = "TRUE" if every else f"dir IN ({','.join(map(str, self._dirs))})"
        if where:
            condition += f" AND ({where})"
        query = f"SELECT {columns} FROM runs LEFT JOIN heads USING (run) WHERE {condition} {tail}"  # noqa: S608 - keys are integers
        return self._db.execute(query, tuple(values))

    def find(
        self, where: str = "", values: Sequence[object] = (), tail: str = ""
    ) -> Iterator[Found]:
        """Yield the runs that meet a condition; see `select`."""
        columns = "dir, file, inode, id, status, start, head, line"
        for key, file, inode, *rest in self.select(columns, where, values, tail):
            yield Found(Entry(*self._dirs[key], file, inode), *rest)

    def _refresh(self) -> None:
        """Compare every directory; write only if one has changed."""
        states = (*DIRECTORIES, IN_PLACE)
        folders = [_Directory(self._db, root, state) for root in self.roots for state in states]
        changed = [folder for folder in folders if not folder.is_current()]
        self._remember(folders)
        unsettled = {key for (key,) in self.select("DISTINCT dir", "NOT settled")}
        if changed or unsettled:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                for folder in changed:
                    folder.update()
                for folder in folders:
                    if folder.key in unsettled:
                        folder.read_unsettled()
                self._db.execute(_DROP_FILED, (DIRECTORY_OF[RUNNING], DIRECTORY_OF[RUNNING]))
                self._forget_missing_roots()
            self._remember(folders)

    def _remember(self, folders: list[_Directory]) -> None:
        self._dirs = {
            folder.key: (folder.root, folder.state) for folder in folders if folder.key is not None
        }

    def _forget_missing_roots(self) -> None:
        """Drop what is indexed of output directories that do not exist any more."""
        rows = self._db.execute("SELECT dir, root FROM dirs").fetchall()
        missing = [
            (key,) for key, root in rows if root not in self.roots and not os.path.isdir(root)
        ]
        self._db.executemany("DELETE FROM runs WHERE dir = ?", missing)
        self._db.executemany("DELETE FROM dirs WHERE dir = ?", missing)


class _Directory:
    """A state directory of an output directory, or a run that is used in place.

    Its `key` in the index is None while it is not there.
    """

    def __init__(self, db: sqlite3.Connection, root: str, state: str) -> None:
        self.db = db
        self.root = root
        self.state = state
        self.key: int | None = None
        self._stamp: tuple[int, int] | None = None

    def is_current(self) -> bool:
        """Whether the index knows the directory as it is."""
        row = self.db.execute(
            "SELECT dir, changed, inode FROM dirs WHERE root = CAST(? AS TEXT) AND state = ?",
            (encoded(self.root), self.state),
        ).fetchone()
        self.key = None if row is None else row[0]
        self._stamp = self._read_stamp()
        return self._stamp == (None if row is None else row[1:])

    def update(self) -> None:
        """List the directory again, drop the runs that are gone and read those that are new.

        Only inside a write transaction, as `read_unsettled`.
        """
        since = time.time()
        if self.is_current():  # another tool was first
            return
        if self._stamp is None:
            self.db.execute("DELETE FROM runs WHERE dir = ?", (self.key,))
            self.db.execute("DELETE FROM dirs WHERE dir = ?", (self.key,))
            self.key = None
            return
        if self.key is None:
            insert = "INSERT INTO dirs (root, state) VALUES (CAST(? AS TEXT), ?)"
            self.key = self.db.execute(insert, (encoded(self.root), self.state)).lastrowid
        found = _one_each(listing(self.root, self.state)) if self.state else {"": 0}
        query = "SELECT file, inode FROM runs WHERE dir = ?"
        stored: dict[str, int] = dict(self.db.execute(query, (self.key,)))
        if not self.state:
            stored = dict.fromkeys(stored, -1)  # its record has changed, whatever its inode
        self._delete(file for file, inode in stored.items() if found.get(file) != inode)
        self._insert({file: found[file] for file in found if stored.get(file) != found[file]})
        # A change within the clock's grain of this reading would not show: look again then.
        changed = self._stamp[0] if since - self._stamp[0] / 1e9 > _GRAIN else 0
        update = "UPDATE dirs SET changed = ?, inode = ? WHERE dir = ?"
        self.db.execute(update, (changed, self._stamp[1], self.key))

    def read_unsettled(self) -> None:
        """Read the runs again whose record could not be read, or has no end where it should."""
        query = "SELECT file, inode FROM runs WHERE dir = ? AND NOT settled"
        inodes: dict[str, int] = dict(self.db.execute(query, (self.key,)))
        self._delete(inodes)
        self._insert(inodes)

    def _read_stamp(self) -> tuple[int, int] | None:
        """Return change time and inode of the directory, of the record for a run in place."""
        try:
            if self.state:
                found = os.lstat(os.path.join(self.root, self.state))
                usable = stat.S_ISDIR(found.st_mode)
            elif is_run(self.root):
                found = os.lstat(os.path.join(self.root, RECORD))
                usable = stat.S_ISREG(found.st_mode)
            else:
                return None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino) if usable else None

    def _insert(self, inodes: dict[str, int]) -> None:
        insert = (
            "INSERT INTO runs (dir, file, inode, name, id, status, start, settled, line)"
            " VALUES (?, CAST(? AS TEXT), ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?)"
        )
        for file in sorted(inodes):  # in order, so that SQLite appends instead of searching
            entry = Entry(self.root, self.state, file, inodes[file])
            row = _read_row(entry)
            if row is not None:
                head, identifier, *rest = row
                names = (encoded(entry.name), encoded(identifier))
                self.db.execute(insert, (self.key, encoded(file), inodes[file], *names, *rest))
                self.db.execute("INSERT INTO heads VALUES (last_insert_rowid(), ?)", (head,))

    def _delete(self, files: Iterable[str]) -> None:
        keys = [(self.key, encoded(file)) for file in files]
        self.db.executemany("DELETE FROM runs WHERE dir = ? AND file = CAST(? AS TEXT)", keys)


def _one_each(entries: Iterable[Entry]) -> dict[str, int]:
    """Return the inode by name; a run that is both packed and not is one run.

    Its directory counts first, then its tar file, which is whole once it has its name, then a
    directory on its way into one.
    """
    best: dict[str, Entry] = {}
    for entry in entries:
        other = best.get(entry.name)
        if other is None or _rank(entry) < _rank(other):
            best[entry.name] = entry
    return {entry.file: entry.inode for entry in best.values()}


def _rank(entry: Entry) -> int:
    return 2 if entry.file.startswith(".") else int(entry.archived)


def _read_row(entry: Entry) -> tuple[str, str, str, float, int, str] | None:
    """Read a run's record; return head, ID, status, start, whether it is settled, and line.

    A record is not trusted: anybody may have written it. The directory decides name and state; what
    the record says besides is data, and what it does not say, or says in the wrong type, is left
    empty. A run is settled unless its record has to be read again next time. None means that it
    moved on since the listing, and is found where it is now.
    """
    try:
        data = read_file(entry, RECORD)
    except OSError:
        if not os.path.lexists(entry.path):
            return None
        data = b""
    head = head_of(data)
    text = _head_text(head)
    if text is None:
        head = head_of(b"")
        text = json.dumps(head)
    run = head["run"]
    status = STATUS_OF[entry.state] if entry.state else run.get("status")
    if status not in (RUNNING, *ENDED_STATUSES):
        status = UNKNOWN
    # The record may be forged or copied: an ID that is not the directory's own is not believed.
    identifier, name = run.get("id"), entry.name
    if not (isinstance(identifier, str) and identifier and f"{name}-".startswith(f"{identifier}-")):
        identifier = name
    filed = entry.state not in (IN_PLACE, DIRECTORY_OF[RUNNING])
    settled = bool(run) and (has_ended(head) or not filed)
    shown = f"{status} (archived)" if entry.archived else status
    line = "\t".join([clean(name), shown, *_columns(run, head["args"])])
    return text, identifier, status, _seconds(run.get("start_time")), int(settled), line


def _head_text(head: dict[str, Any]) -> str | None:
    """Return the sections as JSON that SQLite reads; None if they are nested too deeply."""
    try:
        try:
            text = _ENCODER.encode(head)
        except ValueError:  # SQLite knows no NaN and no Infinity
            text = json.dumps(json.loads(json.dumps(head), parse_constant=str))
    except RecursionError:
        return None
    if text.count("[") + text.count("{") > _MAX_DEPTH and _depth(head) > _MAX_DEPTH:
        return None
    return text


def _depth(value: Any) -> int:
    """Count the levels, in steps instead of recursion, since there may be many."""
    depth, level = 0, [value]
    while level:
        depth += 1
        values = [item for it in level for item in (it.values() if isinstance(it, dict) else it)]
        level = [item for item in values if isinstance(item, dict | list)]
    return depth


def _seconds(text: object) -> float:
    """Return seconds since 1970; 0 where the record does not say."""
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def _columns(run: dict[str, Any], args: dict[str, Any]) -> list[str]:
    """Return the columns of a listing behind ID and status, ready to be printed."""
    start, script = run.get("start_time"), run.get("script")
    columns = [
        _without_fraction(start) if isinstance(start, str) else "-",
        cut(str(run.get("run_time") or "-"), 20),
        cut(os.path.basename(script), 80) if isinstance(script, str) else "-",
        cut(str(run.get("exit_reason") or "-"), _REASON_SHOWN),
        cut(" ".join(f"{key}={_short(value)}" for key, value in args.items()), _ARGS_SHOWN) or "-",
    ]
    return [clean(column) for column in columns]


def _without_fraction(iso: str) -> str:
    """Return ``2026-11-20T21:43:29+00:00`` without the fraction of a second."""
    return iso[:19] + iso[26:] if iso[19:20] == "." else cut(iso, 40)


def _short(value: Any) -> str:
    if isinstance(value, str):
        return cut(value, _ARGS_SHOWN)
    return repr(value) if type(value) in (int, float) else json.dumps(value)


def _open_file() -> sqlite3.Connection:
    """Open this machine's index; one that is broken or of another version is made anew."""
    host = "".join(c if c.isalnum() else "-" for c in os.uname().nodename)
    path = os.path.join(state_dir(), f"index-{host}.sqlite3")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    try:
        return _prepare(path)
    except sqlite3.OperationalError:  # locked or not writable, which removing would not mend
        raise
    except sqlite3.DatabaseError:
        os.unlink(path)
        return _prepare(path)


def _prepare(path: str) -> sqlite3.Connection:
    """Open an index, make its tables if they are not there, and check that they are ours."""
    db = sqlite3.connect(path, timeout=_LOCK_TIMEOUT, isolation_level=None)
    db.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if version != _VERSION and tables:
            raise sqlite3.DatabaseError("an index of another version")
        if not tables:
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error:
        db.close()
        raise
    return db
