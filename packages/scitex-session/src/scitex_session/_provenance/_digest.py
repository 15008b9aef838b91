"""SHA-256 digests of file contents, and a cache of those of large files."""

from __future__ import annotations

import os
import stat as modes
import sys
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

CEILING = 16 * 1024**3
_CACHED_FROM = 1_000_000  # bytes; a smaller file is digested faster than it is looked up


def ceiling() -> int:
    """Return the largest size, in bytes, of a file whose content is digested."""
    text = os.environ.get("SCITEX_SESSION_DIGEST_CEILING", "")
    try:
        return int(float(text)) if text else CEILING
    except ValueError:
        return CEILING


def sha256(path: str) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits; raise OSError if unreadable."""
    import hashlib

    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(path: str, *, cache: Cache | None = None) -> dict[str, Any]:
    """Return ``size`` (bytes), ``mtime_ns`` and ``sha256`` (None with a ``note`` that says why)."""
    entry: dict[str, Any] = {"size": None, "mtime_ns": None, "sha256": None}
    try:
        before = os.stat(path)
        entry |= {"size": before.st_size, "mtime_ns": before.st_mtime_ns}
        if not modes.S_ISREG(before.st_mode):
            entry["note"] = "not a regular file"
        elif before.st_size > ceiling():
            entry["note"] = f"larger than {ceiling()} bytes: size and time only"
        elif cache and (known := cache.get(before)):
            entry["sha256"] = known
        else:
            entry["sha256"] = sha256(path)
            after = os.stat(path)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                entry["note"] = "changed while it was digested"
            elif cache:
                cache.put(after, entry["sha256"])
    except OSError as error:
        entry["note"] = error.strerror or str(error)
    return entry


class Cache:
    """Digests by (device, inode, size, time of change), kept for all sessions of a user.

    A cache that cannot be opened or written is empty; nothing else is lost. To be used in a
    ``with`` statement.
    """

    def __init__(self) -> None:
        import sqlite3

        self._error = sqlite3.Error
        self._table: sqlite3.Connection | None = None
        try:
            folder = cache_directory()
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._table = sqlite3.connect(
                os.path.join(folder, "digests.sqlite"), timeout=1, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
            self._table.execute(
                "create table if not exists digests (device integer, inode integer, size integer,"
                " mtime_ns integer, sha256 text, primary key (device, inode))"
            )
        except (OSError, sqlite3.Error):
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._table is not None:
            self._table.close()
            self._table = None

    def get(self, stat: os.stat_result) -> str | None:
        """Return the digest of the file that `stat` describes, if it is known."""
        if self._table is None or stat.st_size < _CACHED_FROM:
            return None
        try:
            row = self._table.execute(
                "select sha256 from digests where device=? and inode=? and size=? and mtime_ns=?",
                _key(stat),
            ).fetchone()
        except self._error:
            return None
        return str(row[0]) if row else None

    def put(self, stat: os.stat_result, digest: str) -> None:
        """Store a digest."""
        # Two changes within the resolution of the clock (2 s on some file systems) have one time.
        if stat.st_size < _CACHED_FROM or time_ns() - stat.st_mtime_ns < 2_000_000_000:  # noqa: PLR2004
            return
        if self._table is not None:
            try:
                self._table.execute(
                    "insert or replace into digests values (?,?,?,?,?)", (*_key(stat), digest)
                )
            except self._error:
                self._close()


def _key(stat: os.stat_result) -> tuple[int, int, int, int]:
    # SQLite holds signed 64-bit numbers; some file systems use the upper half.
    device, inode = (n - 2**64 if n >= 2**63 else n for n in (stat.st_dev, stat.st_ino))
    return device, inode, stat.st_size, stat.st_mtime_ns


def cache_directory() -> str:
    """Return the user's cache directory, where digests are kept."""
    if state := os.environ.get("SCITEX_STATE_DIR"):
        return state
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "scitex-session")
