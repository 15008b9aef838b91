"""Filing runs that died: nothing deleted, no link followed, and never a live run.

A run is claimed by the rename that files it, so that two recoveries, or a recovery and a start,
cannot harm each other: one of them wins, and the other finds nothing to do.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from .. import _clock, _config, _rundir
from .._clock import datetime
from .._durable import sync_directory, write_whole
from . import frozen, liveness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOST = "lost"
_UNBORN_AGE = 60.0  # seconds; a directory set aside is filled within milliseconds
_SIGNS_OF_LIFE = ("logs/stdout.log", "logs/stderr.log", "CONFIGS/CONFIG.yaml")


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
    running = os.path.join(sdir_out, _rundir.RUNNING)
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
        except FileNotFoundError:  # another recovery was first, or it has just been born
            continue
        if filed is not None:
            found.append(filed)
    return found


def file_dead(run_dir: str) -> Recovered | None:
    """File one run whose process has just died; called by the capture's helper.

    Parameters
    ----------
    run_dir : str
        The run directory, under ``RUNNING`` or where the user put it.

    Returns
    -------
    Recovered or None
        None where the process is alive or another one filed the run first.
    """
    try:
        record = frozen.read_record(run_dir)
    except (OSError, ValueError):
        return None
    # The helper is told of the death by the kernel, a moment before the process table forgets.
    for _ in range(100):
        if liveness.is_alive(record.get("process", {})) is False:
            filed = _file(run_dir, record, _clock.now())
            if filed is not None and record["run"].get("notify"):
                from .telling import send_notification

                send_notification(record, filed.target)
            return filed
        time.sleep(0.01)
    return None


def _recover_one(path: str, host: str | None) -> Recovered | None:
    name = os.path.basename(path)
    unborn = name.startswith(_rundir.UNBORN)
    try:
        record = frozen.read_record(path)
    except FileNotFoundError:
        if unborn and time.time() - os.lstat(path).st_mtime > _UNBORN_AGE:
            _take_back(path)
        return None
    except (OSError, ValueError):
        return None
    process = record.get("process")
    if not isinstance(process, dict) or not _is_dead(process, host):
        return None
    if unborn and not os.path.exists(os.path.join(path, "CONFIGS", "CONFIG.yaml")):
        _take_back(path)
        return None
    return _file(path, record, _last_sign(path))


def _is_dead(process: dict[str, Any], host: str | None) -> bool:
    if host is not None and process.get("host") == host != liveness.host():
        return True
    return liveness.is_alive(process) is False


def _file(path: str, record: dict[str, Any], when: datetime) -> Recovered | None:
    """Write the end if the run had not come so far, then move it."""
    about = record["run"]
    name = os.path.basename(path).removeprefix(_rundir.UNBORN)
    moves = about.get("moves") is not False and os.path.basename(os.path.dirname(path)) == "RUNNING"
    base = os.path.dirname(os.path.dirname(path)) if moves else os.path.dirname(path)
    status = about.get("status")
    ended = {"success": _rundir.SUCCESS, "finished": _rundir.FINISHED}.get(
        str(status), _rundir.ERROR
    )
    target = os.path.join(base, ended, name) if moves else path
    if moves and os.path.lexists(target):
        if not os.path.lexists(path):  # another recovery has just filed it there
            return None
        raise FileExistsError(17, "a run of that name is filed there already", target)
    if status == "running" or about.get("end_time") is None:
        _write_end(path, record, target, when)
    if moves:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(path, target)
        sync_directory(os.path.dirname(target))
        sync_directory(os.path.dirname(path))
    _complete(target)
    if not moves:
        _rundir.let_go(path)
    return Recovered(name, path, target)


def _write_end(path: str, record: dict[str, Any], target: str, when: datetime) -> None:
    """Say in CONFIG and the record what is known of the end."""
    about = record["run"]
    known = {"success": (0, "success"), "error": (1, "error")}
    exit_status, reason = known.get(str(about.get("status")), (None, LOST))
    if reason == LOST:
        about["status"] = "error"
    about.update(
        exit_status=exit_status,
        exit_reason=reason,
        end_time=when.isoformat(),
        sdir_run=target,
    )
    try:
        started = datetime.fromisoformat(str(about.get("start_time")))
        about["run_time"] = frozen.duration((when - started).total_seconds())
    except (TypeError, ValueError):
        about["run_time"] = None
    config = _config_of(path)
    if config is not None:
        config.update(
            END_DATETIME=when,
            END_TIME=about["end_time"],
            RUN_TIME=about["run_time"],
            EXIT_STATUS=exit_status,
            EXIT_REASON=reason,
            SDIR=target,
            SDIR_RUN=target,
            SDIR_PATH=target,
        )
        folder = os.path.join(path, "CONFIGS")
        write_whole(os.path.join(folder, "CONFIG.yaml"), _config.dump_yaml(config))
        paths = {key: Path(config[key]) for key in _PATHS if isinstance(config.get(key), str)}
        pickled = _config.dump_pickle({**config, **paths})
        write_whole(os.path.join(folder, "CONFIG.pkl"), pickled, sync=False)
    data = _config.dump_json(record)
    write_whole(os.path.join(path, "CONFIGS", "PROVENANCE.json"), data)


_PATHS = ("FILE", "SDIR_OUT", "SDIR_RUN", "SDIR_PATH")


def _config_of(path: str) -> dict[str, Any] | None:
    """Return CONFIG.yaml as it stands; what cannot be read is left as it is."""
    from ..errors import SessionError

    try:
        config = _config.load_yaml(os.path.join(path, "CONFIGS", "CONFIG.yaml"))
    except (OSError, SessionError):
        return None
    return config if isinstance(config, dict) else None


def _complete(path: str) -> None:
    """Add to the record what can still be known of a dead run."""
    from .._provenance import complete

    complete(path)


def _last_sign(path: str) -> datetime:
    """When the run last wrote something of its own: the latest moment it is known to have lived."""
    latest = 0.0
    for name in _SIGNS_OF_LIFE:
        try:
            latest = max(latest, os.lstat(os.path.join(path, name)).st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(latest or time.time()).astimezone()


def _take_back(path: str) -> None:
    """Remove what was left of a session that died before its directory had a name."""
    base = os.path.dirname(os.path.dirname(path))
    _rundir.take_back(_rundir.RunDir(path, base, moves=True))
