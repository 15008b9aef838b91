"""The registry of output directories: one small file each, written once, read by the tools.

Every session writes here, so nothing heavy is imported: no platformdirs where its answer is known,
no hash library, no database. An entry is only a hint where to look; the directories are the truth.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = "outputs"
_LONGEST = 4096  # bytes; PATH_MAX on Linux
_DAY = 86_400.0
_FORGET_AFTER = 90 * _DAY
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def state_dir() -> str:
    """Return the folder that holds the registry and the index.

    Returns
    -------
    str
        ``$SCITEX_STATE_DIR`` if it is set, else ``scitex`` under the user's state directory as
        platformdirs names it (``~/.local/state`` on Linux).
    """
    override = os.environ.get("SCITEX_STATE_DIR")
    if override:
        return os.path.abspath(override)
    if sys.platform == "linux" and "ANDROID_ROOT" not in os.environ:
        # What platformdirs answers here, without the 10 ms that its import takes.
        base = os.environ.get("XDG_STATE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.local/state")
        return os.path.join(base, "scitex")
    import platformdirs

    return platformdirs.user_state_dir("scitex", appauthor=False)


def register(path: str) -> None:
    """Remember the absolute path of an output directory, or of a run directory used in place.

    A state directory that cannot be written turns the registry off: a run is never harmed by it,
    and the tools find the directory when they are told where to look.
    """
    data = os.fsencode(path)
    folder = os.path.join(state_dir(), _FOLDER)
    entry = os.path.join(folder, _name(data))
    try:
        # The size tells a whole entry from one that a full disk or a power cut left empty.
        if os.stat(entry).st_size == len(data):
            return
    except OSError:
        pass  # not registered yet
    try:
        _publish(folder, entry, data)
    except OSError:
        return


def known() -> list[str]:
    """Return the registered directories that exist, sorted.

    An entry whose directory has been missing for 90 days is removed; until then it may be on a
    disk that is not mounted.
    """
    return sorted(_present())


def _present() -> Iterator[str]:
    folder = os.path.join(state_dir(), _FOLDER)
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        entry = os.path.join(folder, name)
        path = _read(entry, name)
        if path is not None:
            seen = os.path.isdir(path)
            if seen:
                yield path
            _note_seen(entry, seen=seen)


def _read(entry: str, name: str) -> str | None:
    """Return the path in an entry, None unless it is what `register` wrote."""
    try:
        descriptor = os.open(entry, _READ)
    except OSError:
        return None
    try:
        data = os.read(descriptor, _LONGEST + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if _name(data) != name:
        return None
    path = os.fsdecode(data)
    return path if os.path.isabs(path) and "\0" not in path else None


def _note_seen(entry: str, *, seen: bool) -> None:
    """Keep in the entry's mtime when its directory was last there, to the day."""
    try:
        age = time.time() - os.stat(entry).st_mtime
        if seen and age > _DAY:
            os.utime(entry)
        elif not seen and age > _FORGET_AFTER:
            os.unlink(entry)
    except OSError:
        return  # a registry that cannot be written is read as it is


def _publish(folder: str, entry: str, data: bytes) -> None:
    """Write an entry under a staging name first, so that no reader sees half a path."""
    staged = os.path.join(folder, f".{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(staged, _CREATE, 0o600)
    except FileNotFoundError:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(staged, _CREATE, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
    os.replace(staged, entry)


def _name(data: bytes) -> str:
    """Return the 128-bit FNV-1a hash of a path: 10 us, and hashlib stays unimported."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in data:
        value = ((value ^ byte) * 0x1000000000000000000013B) & ((1 << 128) - 1)
    return f"{value:032x}"
