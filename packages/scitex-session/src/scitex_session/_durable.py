"""Files that appear whole, and stay after a power cut."""

from __future__ import annotations

import os

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def write_whole(path: str, data: bytes, *, sync: bool = True) -> None:
    """Put `data` at `path` in one step: a reader sees the old file or the new one.

    Parameters
    ----------
    path : str
        Where the file appears.
    data : bytes
        Its content.
    sync : bool
        Whether the bytes are on the disk before the file appears under its name.

    Raises
    ------
    OSError
        Nothing is left behind and what stood at `path` is untouched.
    """
    folder, name = os.path.split(path)
    aside = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(3).hex()}")
    descriptor = os.open(aside, _CREATE, 0o666)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise


def sync_file(path: str) -> None:
    """Bring a file's bytes to the disk; a file that is not there needs nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: str) -> None:
    """Bring a directory's entries to the disk, where the system knows how."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
