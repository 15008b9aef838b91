"""Filing runs that died: nothing is deleted, no link followed, no live run touched.

The rename that files a run also claims it: of two recoveries, or a recovery and a start, one wins
and the other finds nothing to do.
"""

from __future__ import annotations

import os
import time
from datetime import datetime

from .. import _liveness
from .._record._record import NoRecord, Record, RecordError
from .._record._run_directory import CONFIG_YAML, STDERR_LOG, STDOUT_LOG, RunDir, discard
from .._record._status import DIRECTORY_OF, ERROR, FINISHED, RUNNING, SUCCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOST = "lost"
_STAGING_AGE = 60.0  # seconds; a staging directory is filled within milliseconds
_SIGNS_OF_LIFE = (STDOUT_LOG, STDERR_LOG, CONFIG_YAML)
_MARKED = {SUCCESS: 0, ERROR: 1}  # the exit status where only the status could be written


class Recovered:
    """A run that was filed.

    Attributes
    ----------
    name : str
        The directory's name.
    source, target : str
        Where it stood, and where it stands now.
    """

    __slots__ = ("name", "source", "target")

    def __init__(self, name: str, source: str, target: str) -> None:
        self.name = name
        self.source = source
        self.target = target

    def __repr__(self) -> str:
        return f"Recovered({self.name!r}, {self.source!r}, {self.target!r})"


def recover(sdir_out: str, host: str | None = None) -> list[Recovered]:
    """File the dead runs of one output directory.

    Parameters
    ----------
    sdir_out : str
        The directory that holds ``RUNNING``.
    host : str or None
        Another host, whose runs the user declares dead.

    Returns
    -------
    list of Recovered
        In the order of their names; empty where nothing was dead.

    Raises
    ------
    OSError
        If a run could not be moved; it is where it was, whole.
    """
    running = os.path.join(sdir_out, DIRECTORY_OF[RUNNING])
    try:
        names = sorted(os.listdir(running))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        path = os.path.join(running, name)
        if os.path.islink(path) or not os.path.isdir(path):
            continue
        try:
            filed = _recover_one(path, host)
        except FileNotFoundError:  # another recovery was first, or it has just been published
            continue
        if filed is not None:
            found.append(filed)
    return found


def file_dead(run_dir: str) -> Recovered | None:
    """File one run whose process has just died; called by the keeper of its logs.

    Parameters
    ----------
    run_dir : str
        The run directory, under ``RUNNING`` or where the user put it.

    Returns
    -------
    Recovered or None
        None where the process is alive or another recovery filed the run first.
    """
    try:
        record = Record.read(run_dir)
    except RecordError:
        return None
    # The kernel tells the keeper of the death a moment before the process table shows it.
    for _ in range(100):
        if _liveness.is_alive(record.data.get("process", {})) is False:
            try:
                filed = _file(record, datetime.now().astimezone())
            except FileNotFoundError:
                return None
            if record.run.get("notify"):
                from ._notification import send_notification

                send_notification(record)
            return filed
        time.sleep(0.01)
    return None


def _recover_one(path: str, host: str | None) -> Recovered | None:
    staged = RunDir.at(path).is_staged
    try:
        record = Record.read(path)
    except NoRecord:
        if staged and time.time() - os.lstat(path).st_mtime > _STAGING_AGE:
            discard(RunDir.at(path))
        return None
    except RecordError:
        return None
    if record.run.get("moves") is False and not record.is_running:
        return None  # it has ended, and stays where it is
    process = record.data.get("process")
    if not isinstance(process, dict) or not _is_dead(process, host):
        return None
    if staged and not os.path.exists(record.directory.inside(CONFIG_YAML)):
        discard(record.directory)
        return None
    return _file(record, _last_sign_of_life(record.directory))


def _is_dead(process: dict[str, Any], host: str | None) -> bool:
    if host is not None and process.get("host") == host != _liveness.host():
        return True
    return _liveness.is_alive(process) is False


def _file(record: Record, when: datetime) -> Recovered:
    """Record the end if the run did not, then file it and complete its record."""
    directory, status = record.directory, record.run.get("status")
    source = directory.path
    directory.moves = directory.moves and record.run.get("moves") is not False
    directory.check_target(status if status in (SUCCESS, FINISHED) else ERROR)
    if record.is_running:
        record.read_config()
        if status in _MARKED:
            record.note_end(_MARKED[status], status, when)
        else:
            record.note_end(None, LOST, when, status=ERROR)
        record.write()
    directory.file(record.run["status"])
    from .._provenance._late import complete

    complete(directory.path)
    if not directory.moves:
        directory.release()
    return Recovered(directory.name, source, directory.path)


def _last_sign_of_life(directory: RunDir) -> datetime:
    """Return when the run last wrote something of its own."""
    latest = 0.0
    for path in _SIGNS_OF_LIFE:
        try:
            latest = max(latest, os.lstat(directory.inside(path)).st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(latest or time.time()).astimezone()
