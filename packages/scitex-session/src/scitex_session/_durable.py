"""Files that appear whole, and stay after a power cut."""

from __future__ import annotations

import errno
import os
import stat
from _thread import allocate_lock, start_new_thread
from time import sleep

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
    aside = write_aside(path, data, sync=sync)
    try:
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise


def write_aside(path: str, data: bytes, *, sync: bool = True) -> str:
    """Write `data` beside `path`, complete, under a name of its own.

    Returns
    -------
    str
        That name, to be put in place by `os.replace`.

    Raises
    ------
    OSError
        Nothing is left behind.
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
    except BaseException:
        os.unlink(aside)
        raise
    return aside


_LEAVING, _MOMENT = 200, 0.00005  # times and seconds to wait for a thread to be gone


class Syncing:
    """Bring files and directories to the disk, in their order, while the caller goes on.

    Each of them may take a millisecond or, on a busy disk, a hundred.

    Parameters
    ----------
    *paths : str
        A file that is not there needs nothing.
    """

    def __init__(self, *paths: str) -> None:
        self._paths = paths
        self._error: OSError | None = None
        self._done = allocate_lock()
        self._done.acquire()
        self._before = _threads()
        if not paths:
            self._done.release()
            return
        try:
            start_new_thread(self._run, ())
        except RuntimeError:  # at the limit of threads, or at the end of the interpreter
            self._run()

    def _run(self) -> None:
        opened: list[int] = []
        try:
            for path in self._paths:
                opened += _open(path)
            for descriptor in opened:
                _begin(descriptor)
            for descriptor in opened:
                _bring(descriptor)
        except OSError as error:
            self._error = error
        finally:
            for descriptor in opened:
                os.close(descriptor)
            self._done.release()

    def wait(self) -> None:
        """Return once all is on the disk.

        Raises
        ------
        OSError
            If one of them could not be brought there.
        """
        with self._done:
            # The thread has done its work and is leaving: a script that forks meanwhile would be
            # warned of threads that it never made.
            for _ in range(_LEAVING):
                if _threads() <= self._before:
                    break
                sleep(_MOMENT)
            if self._error is not None:
                raise self._error


def _threads() -> int:
    """Return how many threads the system sees in this process, 0 where it does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def sync_file(path: str) -> None:
    """Bring a file's bytes to the disk; a file that is not there needs nothing."""
    for descriptor in _open(path):
        try:
            _bring(descriptor)
        finally:
            os.close(descriptor)


def sync_directory(path: str) -> None:
    """Bring a directory's entries to the disk, where system and file system know how."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _bring(descriptor)
    finally:
        os.close(descriptor)


def _open(path: str) -> tuple[int, ...]:
    """Open what is to be brought to the disk: one descriptor, or none where there is nothing."""
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    if os.path.isdir(path):
        if os.name == "nt":
            return ()
        flags |= os.O_DIRECTORY  # so that it is not taken for something that the script reads
    try:
        return (os.open(path, flags),)
    except FileNotFoundError:
        return ()


def _begin(descriptor: int) -> None:
    """Have the system begin to write, and go on: one commit of its journal does for several."""
    if not hasattr(os, "posix_fadvise"):
        return
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        return  # no more than a hint


def _bring(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        unknown = error.errno in (errno.EINVAL, errno.ENOTSUP)  # to some network file systems
        if not unknown or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
