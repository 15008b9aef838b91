"""Read the files of a run, from its directory or its archive, trusting nothing about them.

A run is not trusted. No link is followed and no pipe can block a read: each step of
a path is opened relative to the one before and must be a real directory, and the last must be a
regular file of limited size.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from .._liveness import is_alive
from .._record._record import has_ended, parse
from .._record._run_directory import CONFIG_YAML, CONFIGS, RECORD
from .._record._status import DEAD, DIRECTORY_OF, RUNNING, UNKNOWN
from ..errors import SessionError
from ._walk import IN_PLACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from ._walk import Entry

FIRST_FILES = (CONFIGS, RECORD, CONFIG_YAML)  # in this order at the start of an archive

LARGEST = 256 * 1024 * 1024  # bytes of a record
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | _NO_LINK | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0)


def open_run(path: str) -> int:
    """Open a run directory; a link to one is refused."""
    return os.open(path, _FOLDER)


def open_regular(path: str, folder: int | None = None) -> int:
    """Open a regular file, in an open directory if one is given; a link is refused."""
    descriptor = os.open(path, _FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(22, "not a regular file", path)
    return descriptor


def open_below(folder: int, path: str) -> int:
    """Open a regular file below an open directory, which may be renamed meanwhile.

    Raises
    ------
    OSError
        If a step of `path` is missing, a link, or not of the right kind.
    """
    *above, last = path.split("/")
    here = folder
    try:
        for step in above:
            below = os.open(step, _FOLDER, dir_fd=here)
            if here != folder:
                os.close(here)
            here = below
        return open_regular(last, here)
    finally:
        if here != folder:
            os.close(here)


def read_all(descriptor: int, largest: int = LARGEST) -> bytes:
    """Read and close a file; one of more than `largest` bytes is refused."""
    with open(descriptor, "rb", buffering=0) as file:
        if os.fstat(descriptor).st_size > largest:
            raise OSError(27, f"larger than {largest} bytes")
        return file.readall()


@contextmanager
def open_in_tar(file: str, name: str, path: str) -> Iterator[IO[bytes]]:
    """Open one file of an archived run for reading.

    Raises
    ------
    FileNotFoundError
        If the archive has no such regular file.
    OSError
        If it cannot be read.
    """
    import tarfile

    try:
        with tarfile.open(file, "r:", errorlevel=2) as archive:
            for member in archive:
                if member.name == f"{name}/{path}" and member.isreg():
                    reader = archive.extractfile(member)
                    if reader is not None:
                        with reader:
                            yield reader
                        return
    except tarfile.TarError as error:
        raise OSError(22, f"not a readable archive ({error})", file) from error
    raise FileNotFoundError(2, "no such file in the archive", f"{file}:{path}")


def read_file(entry: Entry, path: str) -> bytes:
    """Return the content of one file of a run, from its directory or its archive.

    Raises
    ------
    OSError
        If the run has no such regular file, or it cannot be read.
    """
    if entry.archived:
        with open_in_tar(entry.path, entry.name, path) as reader:
            data = reader.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise OSError(27, f"larger than {LARGEST} bytes", f"{entry.path}:{path}")
        return data
    run = open_run(entry.path)
    try:
        return read_all(open_below(run, path))
    finally:
        os.close(run)


def read_record(entry: Entry) -> dict[str, Any]:
    """Return a run's record.

    Raises
    ------
    SessionError
        If it is missing or no record.
    """
    try:
        return parse(read_file(entry, RECORD), f"{entry.path}: {RECORD}")
    except OSError as error:
        raise SessionError(f"{entry.path}: {RECORD} cannot be read ({error.strerror})") from error


def status_of_process(process: dict[str, Any]) -> str:
    """Return ``running``, ``dead`` or ``unknown`` for the process section of a record."""
    alive = is_alive(process)
    return UNKNOWN if alive is None else (RUNNING if alive else DEAD)


def is_live(entry: Entry) -> bool:
    """Return whether a run's process is, or may be, at work in its directory.

    A run whose record has an end in it is over. One without is live unless its process is known
    to be dead: what cannot be known counts as alive.
    """
    if entry.state == DIRECTORY_OF[RUNNING]:
        return True
    try:
        record = read_record(entry)
    except SessionError:
        return entry.state == IN_PLACE
    process = record.get("process")
    known = isinstance(process, dict) and is_alive(process) is False
    return not has_ended(record) and not known
