"""Bringing one state directory up to date in the index: compared, and read where it differs."""

from __future__ import annotations

import os
import stat
import time

from . import _layout as layout
from ._walk import Entry, is_run, listing, own_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from typing import Any

_RACY = 2.0  # seconds in which a directory may change without a new change time


def storable(text: str) -> str | bytes:
    """Return a file name as SQLite takes it: as bytes where it is no UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def text_of(stored: str | bytes) -> str:
    """Return the file name that `storable` was given."""
    return stored if isinstance(stored, str) else os.fsdecode(stored)


class Directory:
    """A state directory of an output directory, or a run that is used in place.

    Parameters
    ----------
    db : sqlite3.Connection
        The index.
    root : str
        The output directory, or the run.
    state : str
        One of the state directories; empty for a run used in place.

    Attributes
    ----------
    key : int or None
        The directory's key in the index, None while it is not there.
    """

    def __init__(self, db: sqlite3.Connection, root: str, state: str) -> None:
        self.db = db
        self.root = root
        self.state = state
        self.path = os.path.join(root, state) if state else root
        self.key: int | None = None
        self._known: tuple[int, int] | None = None
        self._stamp: tuple[int, int] | None = None
        self._since = 0.0
        self._inodes: dict[str, int] = {}

    def is_current(self) -> bool:
        """Whether the index knows the directory as it is."""
        row = self.db.execute(
            "SELECT dir, changed, inode FROM dirs WHERE root = ? AND state = ?",
            (storable(self.root), self.state),
        ).fetchone()
        self.key, self._known = (None, None) if row is None else (row[0], (row[1], row[2]))
        self._stamp = self._look()
        return self._stamp == self._known

    def compare(self) -> list[str]:
        """List the directory again, drop the runs that are gone and return those that are new.

        Only inside a write transaction, as all that follows.
        """
        self._since = time.time()
        if self.is_current():  # another tool was first
            return []
        if self._stamp is None:
            self.db.execute("DELETE FROM runs WHERE dir = ?", (self.key,))
            self.db.execute("DELETE FROM dirs WHERE dir = ?", (self.key,))
            self.key = None
            return []
        if self.key is None:
            insert = "INSERT INTO dirs (root, state, changed, inode) VALUES (?, ?, 0, 0)"
            self.key = self.db.execute(insert, (storable(self.root), self.state)).lastrowid
        found = _one_each(listing(self.root, self.state)) if self.state else {"": 0}
        query = "SELECT file, inode FROM runs WHERE dir = ?"
        stored = {text_of(file): inode for file, inode in self.db.execute(query, (self.key,))}
        if not self.state:
            stored = dict.fromkeys(stored, -1)  # its record has changed, whatever its inode
        self._delete(file for file, inode in stored.items() if found.get(file) != inode)
        self._inodes = found
        # Sorted, so that the database appends where it would else look for the place of each.
        return sorted(file for file, inode in found.items() if stored.get(file) != inode)

    def confirm(self) -> None:
        """Say that the index has what `compare` found."""
        if self._stamp is None:
            return
        # A change within the clock's grain of this reading would not show: look again then.
        changed = self._stamp[0] if self._since - self._stamp[0] / 1e9 > _RACY else 0
        update = "UPDATE dirs SET changed = ?, inode = ? WHERE dir = ?"
        self.db.execute(update, (changed, self._stamp[1], self.key))

    def unsettle(self) -> list[str]:
        """Drop, and return, the runs whose record could not be read, or had no end where it has."""
        query = "SELECT file, inode FROM runs WHERE dir = ? AND NOT settled"
        rows = self.db.execute(query, (self.key,))
        self._inodes = {text_of(file): inode for file, inode in rows}
        self._delete(self._inodes)
        return list(self._inodes)

    def insert(self, first: int, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Put rows of runs in that are not there, with keys from `first` on."""
        numbered = list(enumerate(rows, first))
        heads = [(run, row[5]) for run, (_file, row) in numbered]
        self.db.executemany("INSERT INTO heads VALUES (?, ?)", heads)
        self.db.executemany(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(run, self.key, storable(file), self._inodes[file]),
                    *(row[:2] if row[0].isascii() else map(storable, row[:2])),
                    *row[2:5],
                    row[6],
                )
                for run, (file, row) in numbered
            ],
        )

    def _look(self) -> tuple[int, int] | None:
        """Return change time and inode of the directory, of the record for a run in place."""
        try:
            if self.state:
                found = os.lstat(self.path)
                wanted = stat.S_ISDIR(found.st_mode)
            elif is_run(self.root):
                found = os.lstat(os.path.join(self.root, layout.RECORD))
                wanted = stat.S_ISREG(found.st_mode)
            else:
                return None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino) if wanted else None

    def _delete(self, files: Iterable[str]) -> None:
        keys = [(self.key, storable(file)) for file in files]
        self.db.executemany("DELETE FROM runs WHERE dir = ? AND file = ?", keys)


def _one_each(entries: Iterable[Entry]) -> dict[str, int]:
    """Return the inode by name; a run that is both packed and not is one run.

    Its directory counts first, then its tar file, which is whole once it has its name, then a
    directory on its way into one.
    """
    found: dict[str, int] = {}
    packing: list[Entry] = []
    for entry in entries:
        if entry.file.startswith("."):
            packing.append(entry)
        else:
            found[entry.file] = entry.inode
    for file in [file for file in found if file.endswith(layout.TAR)]:
        if own_name(file) in found:
            del found[file]
    for entry in packing:
        if entry.name not in found and entry.name + layout.TAR not in found:
            found[entry.file] = entry.inode
    return found
