"""Digests of file contents, each taken once."""

from __future__ import annotations

import os
import stat as modes
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from typing import Any, Self

# Above this many bytes only size and time of change are recorded, unless the environment variable
# SCITEX_SESSION_DIGEST_CEILING says otherwise.
CEILING = 16 * 1024**3
_REMEMBERED_FROM = 1_000_000  # bytes; smaller files are read again sooner than looked up
_BLOCK = 1024 * 1024
_LARGE = 32 * _BLOCK

_own_sha256: Callable[[], Any] | None
try:
    _own_sha256 = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
except (ImportError, AttributeError):  # a Python that was built without it
    _own_sha256 = None

_little = 200_000  # bytes for which loading OpenSSL would take longer than it saves


def ceiling() -> int:
    """Return the largest size, in bytes, of a file whose content is digested."""
    text = os.environ.get("SCITEX_SESSION_DIGEST_CEILING", "")
    try:
        return int(float(text)) if text else CEILING
    except ValueError:
        return CEILING


def sha256(path: str) -> str:
    """
    Return the SHA-256 of a file's content as hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        digest = _sha256_for(size)
        if size > _LARGE:
            _feed_ahead(file, digest)
            return str(digest.hexdigest())
        buffer = bytearray(min(size + 1, _BLOCK))
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return str(digest.hexdigest())


def _feed_ahead(file: FileIO, digest: Any) -> None:
    """Read a block while the one before is digested; both let other threads run."""
    from concurrent.futures import ThreadPoolExecutor

    views = [memoryview(bytearray(4 * _BLOCK)) for _ in range(2)]
    turn = 0
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(file.readinto, views[turn])
        while count := reading.result():
            full = views[turn]
            turn = 1 - turn
            reading = pool.submit(file.readinto, views[turn])
            digest.update(full[:count])


def _sha256_for(size: int) -> Any:
    """Return Python's own SHA-256 for the first few bytes, OpenSSL's for all others.

    The former is slower by the byte, but there at once, where loading OpenSSL takes 3 ms.
    """
    global _little
    _little -= size
    if _little > 0 and _own_sha256 is not None and "hashlib" not in sys.modules:
        return _own_sha256()
    import hashlib

    return hashlib.sha256()


def describe(path: str, *, cache: Cache | None = None) -> dict[str, Any]:
    """
    Return size, time of change and digest of a file.

    Parameters
    ----------
    path : str
        A regular file, or a link to one.
    cache : Cache, optional
        Where the digests of large files are remembered.

    Returns
    -------
    dict
        ``size`` (bytes), ``mtime_ns``, ``sha256`` (None with a ``note`` that says why).
    """
    try:
        before = os.stat(path)
    except OSError as error:
        return {
            "size": None,
            "mtime_ns": None,
            "sha256": None,
            "note": error.strerror or str(error),
        }
    entry: dict[str, Any] = {"size": before.st_size, "mtime_ns": before.st_mtime_ns, "sha256": None}
    if not modes.S_ISREG(before.st_mode):
        entry["note"] = "not a regular file"
    elif before.st_size > ceiling():
        entry["note"] = f"larger than {ceiling()} bytes: size and time only"
    else:
        _fill(entry, path, before, cache)
    return entry


def _fill(entry: dict[str, Any], path: str, before: os.stat_result, cache: Cache | None) -> None:
    remembered = cache.get(before) if cache else None
    if remembered:
        entry["sha256"] = remembered
        return
    try:
        entry["sha256"] = sha256(path)
        after = os.stat(path)
    except OSError as error:
        entry["note"] = error.strerror or str(error)
        return
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        entry["note"] = "changed while it was digested"
    elif cache:
        cache.put(after, entry["sha256"])


class Cache:
    """
    Digests by (device, inode, size, time of change), kept for all sessions of a user.

    A cache that cannot be opened or written is no cache; nothing else is lost. To be used in a
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
        if self._table is None or stat.st_size < _REMEMBERED_FROM:
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
        """Remember a digest."""
        from time import time_ns

        # A file changed within the clock's grain keeps its time of change: too young to be sure of.
        if stat.st_size < _REMEMBERED_FROM or time_ns() - stat.st_mtime_ns < 2_000_000_000:  # noqa: PLR2004 - 2 s
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
    """Where digests are remembered: the user's cache directory."""
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
