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
from typing import NamedTuple, Self

from . import _layout as layout
from ._read_rows import Readers
from ._refresh import Directory, storable, text_of
from ._registry import known, state_dir
from ._walk import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Self

_VERSION = 4
_PATIENCE = 60.0  # seconds to wait while another tool builds the index
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE dirs (dir INTEGER PRIMARY KEY, root, state TEXT, changed INTEGER, inode INTEGER,
    UNIQUE (root, state));
CREATE TABLE runs (run INTEGER PRIMARY KEY, dir INTEGER, file, inode INTEGER, name, id,
    status TEXT, start REAL, settled INTEGER, line TEXT, UNIQUE (dir, file));
CREATE INDEX unsettled ON runs (dir) WHERE NOT settled;
CREATE INDEX running ON runs (run) WHERE status = 'running';
CREATE TABLE heads (run INTEGER PRIMARY KEY, head TEXT);
CREATE TRIGGER gone AFTER DELETE ON runs BEGIN DELETE FROM heads WHERE run = OLD.run; END;
COMMIT;
"""


class Found(NamedTuple):
    """One run as the index has it."""

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
            self._use(_prepare(sqlite3.connect(":memory:", isolation_level=None)))

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
        self.close()

    def close(self) -> None:
        """Close the file."""
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
        condition = self._chosen() + (f" AND ({where})" if where else "")
        query = f"SELECT {columns} FROM runs LEFT JOIN heads USING (run) WHERE {condition} {tail}"  # noqa: S608 - keys are integers
        return self._db.execute(query, tuple(values))

    def _chosen(self) -> str:
        """Return the condition on directories: none where all are meant, for to look is to wait."""
        (count,) = self._db.execute("SELECT count(*) FROM dirs").fetchone()
        if count == len(self._dirs):
            return "TRUE"
        return f"dir IN ({','.join(map(str, self._dirs)) or 'NULL'})"

    def find(
        self, where: str = "", values: Sequence[object] = (), tail: str = ""
    ) -> Iterator[Found]:
        """Yield the runs that meet a condition; see `select`."""
        columns = "dir, file, inode, id, status, start, head, line"
        for key, file, inode, identifier, *rest in self.select(columns, where, values, tail):
            root, state = self._dirs[key]
            yield Found(Entry(root, state, text_of(file), inode), text_of(identifier), *rest)

    def head(self, run: int) -> dict[str, Any]:
        """Return the beginning of a run's record, given a value of the column `run`."""
        (text,) = self._db.execute("SELECT head FROM heads WHERE run = ?", (run,)).fetchone()
        found: dict[str, Any] = json.loads(text)
        return found

    def place(self, key: int) -> tuple[str, str]:
        """Return output directory and state of a value of the column `dir`."""
        return self._dirs[key]

    def _refresh(self) -> None:
        """Compare every directory; write only if one has changed."""
        states = (*layout.STATES, layout.IN_PLACE)
        folders = [Directory(self._db, root, state) for root in self.roots for state in states]
        stale = [folder for folder in folders if not folder.is_current()]
        self._remember(folders)
        unsettled = self._unsettled()
        if stale or unsettled:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db, Readers() as readers:
                self._read(readers, [(folder, folder.compare()) for folder in stale])
                for folder in stale:
                    folder.confirm()
                again = [folder for folder in folders if folder.key in unsettled]
                self._read(readers, [(folder, folder.unsettle()) for folder in again])
                self._drop_moved({folder.root for folder in stale}, folders)
                self._forget_the_vanished()
            self._remember(folders)

    def _read(self, readers: Readers, wanted: list[tuple[Directory, list[str]]]) -> None:
        """Put the runs of some directories in, all in one go: helpers are never without work."""
        (last,) = self._db.execute("SELECT ifnull(max(run), 0) FROM runs").fetchone()
        jobs = [(folder.root, folder.state, files) for folder, files in wanted]
        for number, rows in readers.read(jobs):
            wanted[number][0].insert(last + 1, rows)
            last += len(rows)

    def _remember(self, folders: list[Directory]) -> None:
        self._dirs = {
            folder.key: (folder.root, folder.state) for folder in folders if folder.key is not None
        }

    def _unsettled(self) -> set[int]:
        return {key for (key,) in self.select("DISTINCT dir", "NOT settled")}

    def _drop_moved(self, roots: set[str], folders: list[Directory]) -> None:
        """Drop what was seen under RUNNING and then again where it was filed meanwhile."""
        for folder in folders:
            if folder.state == layout.RUNNING and folder.root in roots and folder.key is not None:
                self._db.execute(
                    "DELETE FROM runs WHERE dir = ? AND name IN (SELECT name FROM runs JOIN dirs"
                    " USING (dir) WHERE root = ? AND state NOT IN ('', ?))",
                    (folder.key, storable(folder.root), layout.RUNNING),
                )

    def _forget_the_vanished(self) -> None:
        """Drop what is indexed of output directories that are gone."""
        rows = self._db.execute("SELECT DISTINCT root FROM dirs").fetchall()
        chosen = set(self.roots)
        for (stored,) in rows:
            root = text_of(stored)
            if root in chosen or os.path.isdir(root):
                continue
            of_root = "dir IN (SELECT dir FROM dirs WHERE root = ?)"
            self._db.execute(f"DELETE FROM runs WHERE {of_root}", (stored,))  # noqa: S608 - a constant
            self._db.execute("DELETE FROM dirs WHERE root = ?", (stored,))


def _open_file() -> sqlite3.Connection:
    """Open this machine's index; one that is broken or of another version is made anew."""
    path = _path()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    try:
        return _prepare(_connect(path))
    except sqlite3.OperationalError:  # locked or not writable, which removing would not mend
        raise
    except sqlite3.DatabaseError:
        os.unlink(path)
        return _prepare(_connect(path))


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)


def _prepare(db: sqlite3.Connection) -> sqlite3.Connection:
    """Make the tables if they are not there, and check that they are ours."""
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


def _path() -> str:
    """Name the index of this machine."""
    host = "".join(c if c.isalnum() else "-" for c in os.uname().nodename)
    return os.path.join(state_dir(), f"index-{host}.sqlite3")
