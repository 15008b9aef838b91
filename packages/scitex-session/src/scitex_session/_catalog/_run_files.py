"""What a run looks like on disk: state directories, files, and the record PROVENANCE.json.

A run may have been written by anybody. No link is followed and no pipe is waited for: each step of
a path is opened relative to the one before and must be a real directory, and the last must be a
regular file of limited size.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import contextmanager

from .. import _rundir
from .._run.liveness import is_alive
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from ._walk import Entry

RUNNING = _rundir.RUNNING
ENDED = _rundir.ENDED
# RUNNING comes first: a run that moves while directories are listed is then seen at least once.
STATES = (RUNNING, *ENDED)
IN_PLACE = ""  # the "state" of a run directory that is used in place and never moved
TAR = ".tar"  # behind the name of an archived run
CONFIGS = "CONFIGS"
RECORD = "CONFIGS/PROVENANCE.json"
FIRST_FILES = (CONFIGS, RECORD, "CONFIGS/CONFIG.yaml")  # in this order at the start of an archive
STREAMS = ("stdout", "stderr")

ENDED_STATUSES = ("success", "error", "finished")
UNKNOWN = "unknown"
STATUS_OF = {
    RUNNING: "running",
    _rundir.FINISHED: "finished",
    _rundir.SUCCESS: "success",
    _rundir.ERROR: "error",
}
# What `status_of_process` answers is in here too.
STATUSES = ("running", *ENDED_STATUSES, "dead", UNKNOWN)

HEAD = ("run", "process", "args", "config")
# A session writes these sections first and `seed` behind them. A line break cannot stand inside a
# JSON text, so this is a key of the outermost object, or what is in front of it does not parse.
_BEHIND_HEAD = ',\n  "seed": '

LARGEST = 256 * 1024 * 1024  # bytes of a record
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | _NO_LINK | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0)


def log_file(stream: str) -> str:
    """Return where a run keeps the log of ``stdout`` or ``stderr``."""
    return f"logs/{stream}.log"


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


def parse_record(data: bytes) -> dict[str, Any]:
    """Return the record that PROVENANCE.json holds.

    Raises
    ------
    ValueError
        If it is not a record of a run.
    """
    try:
        record = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(record, dict) or not isinstance(record.get("run"), dict):
        raise ValueError("not a record of a run")  # noqa: TRY004 - the file is wrong, not a call
    return record


def read_record(entry: Entry) -> dict[str, Any]:
    """Return a run's record.

    Raises
    ------
    SessionError
        If it is missing or no record.
    """
    try:
        return parse_record(read_file(entry, RECORD))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SessionError(f"{entry.path}: {RECORD} cannot be read ({reason})") from error


def head_of(data: bytes) -> dict[str, dict[str, Any]]:
    """Return the sections of a record that a listing needs; what is not there is empty.

    Behind them a record may hold thousands of outputs, so it is cut in front of those: 12 us
    instead of 42 for a small record. One of another layout is parsed whole.
    """
    record: Any = None
    try:
        text = data.decode("utf-8")
        record = _front(text) or json.loads(text)
    except (ValueError, RecursionError):
        pass  # no record at all: the listing shows what the directory says
    found = record if isinstance(record, dict) else {}
    sections = {name: found.get(name) for name in HEAD}
    return {name: value if isinstance(value, dict) else {} for name, value in sections.items()}


def _front(text: str) -> dict[str, Any] | None:
    """Parse what a session writes first, if all that a listing needs is in there."""
    cut = text.find(_BEHIND_HEAD)
    try:
        found = json.loads(text[:cut] + "}") if cut > 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= {*HEAD} else None


def has_ended(record: dict[str, Any]) -> bool:
    """Whether a record says how the run ended."""
    run = record["run"]
    return bool(run.get("status") != "running")


def is_pending(record: dict[str, Any], section: str | None = None) -> bool:
    """Whether a section, or any, is still being completed behind the end of the run."""
    pending = record.get("pending")
    if section is None:
        return bool(pending)
    return isinstance(pending, list) and section in pending


def status_of_process(process: dict[str, Any]) -> str:
    """Return ``running``, ``dead`` or ``unknown`` for the process section of a record."""
    alive = is_alive(process)
    return UNKNOWN if alive is None else ("running" if alive else "dead")


def is_live(entry: Entry) -> bool:
    """Whether a run's process is, or may be, at work in its directory.

    A run whose record has an end in it is over. One without is live unless its process is known
    to be dead: what cannot be known counts as alive.
    """
    if entry.state == RUNNING:
        return True
    try:
        record = read_record(entry)
    except SessionError:
        return entry.state == IN_PLACE
    process = record.get("process")
    known = isinstance(process, dict) and is_alive(process) is False
    return not has_ended(record) and not known
