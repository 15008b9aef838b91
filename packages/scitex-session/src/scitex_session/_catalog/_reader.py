"""Reading a run's files without leaving it: no link is followed, no pipe is waited for.

A run may have been written by anybody. Each step of a path is opened relative to the one before
and must be a real directory; the last must be a regular file of a bearable size.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from ..errors import SessionError
from . import _layout as layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from ._walk import Entry

LARGEST_RECORD = 256 * 1024 * 1024
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | _NO_LINK | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0)


def open_below(folder: int, path: str) -> int:
    """Open a regular file below an open directory.

    Parameters
    ----------
    folder : int
        Descriptor of the directory; it may be renamed meanwhile.
    path : str
        Relative path with ``/`` between its steps.

    Raises
    ------
    OSError
        If a step is missing, a link, or not of the right kind.
    """
    *above, last = path.split("/")
    here = folder
    try:
        for step in above:
            below = os.open(step, _FOLDER, dir_fd=here)
            if here != folder:
                os.close(here)
            here = below
        descriptor = os.open(last, _FILE, dir_fd=here)
    finally:
        if here != folder:
            os.close(here)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(22, "not a regular file", path)
    return descriptor


def open_run(path: str) -> int:
    """Open a run directory; a link to one is refused."""
    return os.open(path, _FOLDER)


def read_all(descriptor: int, largest: int = LARGEST_RECORD) -> bytes:
    """Read and close a regular file; one of more than `largest` bytes is refused."""
    try:
        found = os.fstat(descriptor)
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            raise OSError(22, "not a regular file")
        if size > largest:
            raise OSError(27, f"larger than {largest} bytes")
        data = os.read(descriptor, size + 1)
        while True:  # one read gives all there is unless the file grows or exceeds 2 GiB
            if len(data) > largest:
                raise OSError(27, f"larger than {largest} bytes")
            more = os.read(descriptor, 1 << 16) if len(data) != size else b""
            if not more:
                return data
            data += more
    finally:
        os.close(descriptor)


def read_file(entry: Entry, path: str, largest: int = LARGEST_RECORD) -> bytes:
    """Return the content of one file of a run, from its directory or its archive.

    Raises
    ------
    FileNotFoundError
        If the run has no such regular file.
    OSError
        If it cannot be read.
    """
    if entry.archived:
        return _from_tar(entry.path, entry.name, path, largest)
    run = open_run(entry.path)
    try:
        return read_all(open_below(run, path), largest)
    finally:
        os.close(run)


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


def _from_tar(file: str, name: str, path: str, largest: int) -> bytes:
    with open_in_tar(file, name, path) as reader:
        data = reader.read(largest + 1)
    if len(data) > largest:
        raise OSError(27, f"larger than {largest} bytes", f"{file}:{path}")
    return data


def read_record(entry: Entry) -> dict[str, object]:
    """Return a run's PROVENANCE.json.

    Raises
    ------
    SessionError
        If it is missing or no record.
    """
    import json

    try:
        record = json.loads(read_file(entry, layout.RECORD))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SessionError(f"{entry.path}: {layout.RECORD} cannot be read ({reason})") from error
    if not isinstance(record, dict) or not isinstance(record.get("run"), dict):
        raise SessionError(f"{entry.path}: {layout.RECORD} is not a record of a run")
    return record
