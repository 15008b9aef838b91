"""Files that appear whole, and that survive a power cut."""

from __future__ import annotations

import errno
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
        Whether to fsync the bytes before the file appears under its name.

    Raises
    ------
    OSError
        Nothing is left behind and what stood at `path` is untouched.
    """
    staged = stage(path, data, sync=sync)
    try:
        os.replace(staged, path)
    except BaseException:
        os.unlink(staged)
        raise


def stage(path: str, data: bytes, *, sync: bool = True) -> str:
    """Write `data` beside `path`, whole, under a staging name.

    Returns
    -------
    str
        The staging name, for `os.replace`.

    Raises
    ------
    OSError
        Nothing is left behind.
    """
    folder, name = os.path.split(path)
    staged = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(3).hex()}")
    descriptor = os.open(staged, _CREATE, 0o666)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        os.unlink(staged)
        raise
    return staged


def sync_file(path: str) -> None:
    """Fsync a file; one that does not exist needs nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: str) -> None:
    """Fsync a directory, where the system and the file system support it."""
    if os.name == "nt":
        return
    # O_DIRECTORY keeps the provenance hook from taking this for a file that the script reads.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(descriptor)
