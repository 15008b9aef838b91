"""`running2finished`: one rename, or a copy that appears whole."""

from __future__ import annotations

import errno
import os
import time

from .. import _rundir
from ..errors import SessionError
from . import frozen, state
from .closing import END_STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_dotdict import DotDict

_BUSY = (errno.EBUSY, errno.EACCES, errno.ETXTBSY)
_PAUSE = 0.1


def file_directory(
    config: DotDict, exit_status: int | None, *, copy: bool, max_wait: float
) -> DotDict:
    """File the directory that CONFIG names; see `running2finished`."""
    path = os.path.abspath(os.fspath(config["SDIR_RUN"]))
    if not os.path.isdir(path):
        raise SessionError(f"{path}: there is no such run directory")
    above = os.path.dirname(path)
    if os.path.basename(above) != _rundir.RUNNING:
        return config
    directory = _rundir.RunDir(path, os.path.dirname(above), moves=True)
    target = directory.target(END_STATE[frozen.status_word(exit_status)])
    if os.path.lexists(target):
        raise SessionError(f"{target}: exists already; it is neither merged into nor overwritten")
    try:
        _note_end(config, path, exit_status, target, directory.base)
        if copy:
            _copy(path, target, time.monotonic() + max_wait)
        else:
            _rename(directory, END_STATE[frozen.status_word(exit_status)], max_wait)
    except OSError as error:
        frozen.point_at(config, directory.base, path)
        raise SessionError(f"{path}: could not be filed ({error.strerror}); it is whole") from error
    run = state.active()
    if run is not None and run.config is config and not copy:
        run.directory.path = target
        run.directory.moves = False
    return config


def _note_end(config: DotDict, path: str, exit_status: int | None, target: str, base: str) -> None:
    """Write the end where the directory stands, so that it is in it when it arrives."""
    config["EXIT_STATUS"] = exit_status
    config["EXIT_REASON"] = config.get("EXIT_REASON") or frozen.status_word(exit_status)
    frozen.point_at(config, base, target)
    run_dir = _rundir.RunDir(path, base, moves=True)
    os.makedirs(run_dir.inside("CONFIGS"), exist_ok=True)
    frozen.write_config(run_dir, config)
    try:
        record = frozen.read_record(path)
    except (OSError, ValueError):
        return
    record["run"].update(
        status=frozen.status_word(exit_status), exit_status=exit_status, sdir_run=target
    )
    frozen.write_record(run_dir, record)


def _rename(directory: _rundir.RunDir, end_state: str, max_wait: float) -> None:
    deadline = time.monotonic() + max_wait
    while True:
        try:
            _rundir.move(directory, end_state).wait()
            return
        except OSError as error:
            if error.errno not in _BUSY or time.monotonic() > deadline or os.name != "nt":
                raise
            time.sleep(_PAUSE)


def _copy(source: str, target: str, deadline: float) -> None:
    """Copy aside, then give the copy its name."""
    import shutil

    def one(a: str, b: str) -> str:
        if time.monotonic() > deadline:
            raise SessionError(f"{source}: not copied within max_wait; the copy is given up")
        return shutil.copy2(a, b, follow_symlinks=False)

    aside = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}")
    try:
        shutil.copytree(source, aside, symlinks=True, copy_function=one)
        os.rename(aside, target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
