"""The trash of an output directory: ``<out>/.trash/<time>/<state>/<name>``.

Going in and coming out is one rename on the same file system, so a run is whole in one of the two.
Only `empty_trash` deletes, and it renames first too.
"""

from __future__ import annotations

import os
import time

from .._durable import sync_directory
from .._record._run_directory import ARCHIVED
from .._record._status import ENDED_DIRECTORIES
from ..errors import SessionError
from ._run_files import is_live
from ._walk import Entry, is_real_dir, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TRASH = ".trash"
_STAMP = "%Y-%m-%dT%H-%M-%S"
_DELETING = ".deleting-"


def new_batch() -> str:
    """Return the name of a new batch of runs in the trash: the time, in UTC."""
    return time.strftime(_STAMP, time.gmtime())


def move_to_trash(entry: Entry, batch: str) -> str | None:
    """Move a run that is over, packed or not, into a batch in the trash.

    Returns
    -------
    str or None
        Where it is now; None if another tool has moved it meanwhile.

    Raises
    ------
    SessionError
        If the run is live, or the trash is not a plain directory.
    OSError
        If it cannot be moved; it is where it was.
    """
    if is_live(entry):
        raise SessionError(f"{entry.path}: is in use by a live session")
    folder = _make_folder(entry.root, batch, entry.state)
    file = entry.name + (ARCHIVED if entry.archived else "")
    target = os.path.join(folder, file)
    if os.path.lexists(target):
        raise SessionError(f"{target}: is in the trash already; empty the trash first")
    try:
        os.rename(entry.path, target)
    except FileNotFoundError:
        return None
    moved = Entry(os.path.join(entry.root, _TRASH, batch), entry.state, file, entry.inode)
    if is_live(moved):  # a session was given this directory between the check and the rename
        os.rename(target, entry.path)
        raise SessionError(f"{entry.path}: is in use by a live session")
    sync_directory(folder)
    return target


def in_trash(root: str) -> Iterator[tuple[str, Entry]]:
    """Yield the runs in the trash of an output directory, each with its batch."""
    trash = os.path.join(root, _TRASH)
    for batch in sorted(os.listdir(trash)) if is_real_dir(trash) else ():
        folder = os.path.join(trash, batch)
        if not batch.startswith(".") and is_real_dir(folder):
            for state in ENDED_DIRECTORIES:
                if is_real_dir(os.path.join(folder, state)):
                    for entry in listing(folder, state):
                        yield batch, entry


def restore_from_trash(root: str, entry: Entry) -> str:
    """Move one of the runs `in_trash` of an output directory to where it was.

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
    for file in (entry.name, entry.name + ARCHIVED):
        if os.path.lexists(os.path.join(folder, file)):
            raise SessionError(f"{os.path.join(folder, file)}: a run of that name is there already")
    target = os.path.join(folder, entry.file)
    os.rename(entry.path, target)
    sync_directory(folder)
    for emptied in (os.path.join(entry.root, entry.state), entry.root, os.path.dirname(entry.root)):
        if not _remove_if_empty(emptied):
            break
    return target


def empty_trash(root: str, before: float | None = None) -> tuple[int, list[str]]:
    """Delete what is in the trash of an output directory.

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

    trash = os.path.join(root, _TRASH)
    old = [batch for batch, _entry in in_trash(root) if before is None or _time_of(batch) < before]
    errors: list[str] = []
    for batch in dict.fromkeys(old):
        try:
            os.rename(os.path.join(trash, batch), os.path.join(trash, _DELETING + batch))
        except OSError as error:
            errors.append(f"{trash}/{batch}: {error.strerror}")
    for batch in os.listdir(trash) if is_real_dir(trash) else ():
        if batch.startswith(_DELETING):  # also what an interrupted deletion left
            shutil.rmtree(
                os.path.join(trash, batch),
                onerror=lambda _f, path, info: errors.append(f"{path}: {info[1]}"),
            )
    _remove_if_empty(trash)
    return len(old), errors


def _make_folder(root: str, batch: str, state: str) -> str:
    """Make the folder of a batch; a link that stands there is refused."""
    folder = root
    for step in (_TRASH, batch, state):
        folder = os.path.join(folder, step)
        try:
            os.mkdir(folder, 0o777)
        except FileExistsError:
            if not is_real_dir(folder):
                raise SessionError(f"{folder}: is not a directory; move it away") from None
    return folder


def _time_of(batch: str) -> float:
    """Return when a batch was made; a folder of another name is never old enough to go."""
    import calendar

    try:
        return calendar.timegm(time.strptime(batch, _STAMP))
    except ValueError:
        return float("inf")


def _remove_if_empty(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
