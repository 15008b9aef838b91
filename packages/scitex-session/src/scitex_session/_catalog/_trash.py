"""The trash of an output directory: ``<out>/.trash/<time>/<state>/<name>``.

Going in and coming out is one rename, on the same file system, so a run is in one place or in the
other and never in half. Only `empty` deletes, and it renames first too.
"""

from __future__ import annotations

import os
import time

from .._durable import sync_directory
from .._run._liveness import is_alive
from ..errors import SessionError
from . import _layout as layout
from ._reader import read_record
from ._walk import Entry, is_real_dir, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_STAMP = "%Y-%m-%dT%H-%M-%S"
_DELETING = ".deleting-"


def is_live(entry: Entry) -> bool:
    """Whether a run's process is, or may be, at work in its directory.

    A run whose record has an end in it is over. One without is live unless its process is known
    to be dead: what cannot be known counts as alive.
    """
    if entry.state == layout.RUNNING:
        return True
    try:
        record = read_record(entry)
    except SessionError:
        return entry.state == layout.IN_PLACE
    run, process = record["run"], record.get("process")
    ended = isinstance(run, dict) and run.get("status") != "running"
    return not ended and (not isinstance(process, dict) or is_alive(process) is not False)


def discard(entry: Entry, stamp: str) -> str | None:
    """Move a run that is over into the trash.

    Parameters
    ----------
    entry : Entry
        The run, packed or not.
    stamp : str
        The batch it goes into; see `batch`.

    Returns
    -------
    str or None
        Where it lies now; None if another tool has moved it meanwhile.

    Raises
    ------
    SessionError
        If the run is live or used in place, or the trash is not a plain directory.
    OSError
        If it cannot be moved; it is where it was.
    """
    if entry.state not in layout.ENDED:
        raise SessionError(f"{entry.path}: only runs filed under FINISHED* can be pruned")
    if is_live(entry):
        raise SessionError(f"{entry.path}: is in use by a live session")
    folder = _inside(entry.root, stamp, entry.state)
    target = os.path.join(folder, entry.name + (layout.TAR if entry.archived else ""))
    if os.path.lexists(target):
        raise SessionError(f"{target}: lies in the trash already; empty the trash first")
    try:
        os.rename(entry.path, target)
    except FileNotFoundError:
        return None
    moved = Entry(os.path.join(entry.root, layout.TRASH, stamp), entry.state, *_name_of(target))
    if is_live(moved):  # a session moved in between the look and the rename
        os.rename(target, entry.path)
        raise SessionError(f"{entry.path}: is in use by a live session")
    sync_directory(folder)
    return target


def batch() -> str:
    """Return the name of a new batch: the time, in UTC."""
    return time.strftime(_STAMP, time.gmtime())


def contents(root: str) -> Iterator[tuple[str, Entry]]:
    """Yield the runs in the trash of an output directory, each with its batch."""
    trash = os.path.join(root, layout.TRASH)
    if not is_real_dir(trash):
        return
    for stamp in sorted(os.listdir(trash)):
        if not stamp.startswith("."):
            for state in layout.ENDED:
                folder = os.path.join(trash, stamp)
                if is_real_dir(folder) and is_real_dir(os.path.join(folder, state)):
                    for entry in listing(folder, state):
                        yield stamp, entry


def take_back(root: str, entry: Entry) -> str:
    """Move a run from the trash to where it was.

    Parameters
    ----------
    root : str
        The output directory.
    entry : Entry
        One of `contents`.

    Raises
    ------
    SessionError
        If a run of that name is there again.
    OSError
        If it cannot be moved.
    """
    folder = os.path.join(root, entry.state)
    os.makedirs(folder, exist_ok=True)
    if not is_real_dir(folder):
        raise SessionError(f"{folder}: is a link; nothing is moved through it")
    for file in (entry.name, entry.name + layout.TAR):
        if os.path.lexists(os.path.join(folder, file)):
            raise SessionError(f"{os.path.join(folder, file)}: a run of that name is there already")
    target = os.path.join(folder, entry.file)
    os.rename(entry.path, target)
    sync_directory(folder)
    _remove_empty(os.path.dirname(entry.path))
    return target


def empty(root: str, before: float | None = None) -> tuple[int, list[str]]:
    """Delete what lies in the trash of an output directory.

    Parameters
    ----------
    root : str
        The output directory.
    before : float or None
        Only batches older than this (seconds since 1970); None for all.

    Returns
    -------
    (int, list of str)
        How many runs were deleted, and what could not be deleted.
    """
    import shutil

    runs = [(stamp, entry) for stamp, entry in contents(root) if _is_older(stamp, before)]
    stamps = dict.fromkeys(stamp for stamp, _entry in runs)
    trash = os.path.join(root, layout.TRASH)
    errors: list[str] = []
    for stamp in stamps:
        doomed = os.path.join(trash, _DELETING + stamp)
        try:
            os.rename(os.path.join(trash, stamp), doomed)
        except OSError as error:
            errors.append(f"{trash}/{stamp}: {error.strerror}")
    for stamp in os.listdir(trash) if is_real_dir(trash) else []:
        if stamp.startswith(_DELETING):  # also what an interrupted deletion left
            shutil.rmtree(
                os.path.join(trash, stamp),
                onerror=lambda _f, path, info: errors.append(f"{path}: {info[1]}"),
            )
    _remove_empty(trash)
    return len(runs), errors


def _inside(root: str, stamp: str, state: str) -> str:
    """Make the folder of a batch; a link in its place is refused."""
    folder = root
    for step in (layout.TRASH, stamp, state):
        folder = os.path.join(folder, step)
        try:
            os.mkdir(folder, 0o777)
        except FileExistsError:
            if not is_real_dir(folder):
                raise SessionError(f"{folder}: is not a directory; move it away") from None
    return folder


def _name_of(target: str) -> tuple[str, int]:
    return os.path.basename(target), os.lstat(target).st_ino


def _is_older(stamp: str, before: float | None) -> bool:
    import calendar

    if before is None:
        return True
    try:
        return calendar.timegm(time.strptime(stamp, _STAMP)) < before
    except ValueError:
        return False


def _remove_empty(folder: str) -> None:
    """Remove a folder of the trash and those above it while they hold nothing."""
    while os.path.basename(os.path.dirname(folder)) != "" and layout.TRASH in folder.split(os.sep):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
