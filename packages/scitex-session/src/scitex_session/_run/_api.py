"""The public functions of a session: `start`, `close`, `running2finished` and `record_input`."""

from __future__ import annotations

import errno
import os
import sys as _sys
import time
from datetime import datetime

from .. import _console
from .._record._record import LaterRecord, Record, RecordError
from .._record._run_directory import CONFIGS, RunDir
from .._record._status import status_of_exit
from ..errors import SessionError
from . import _active, _repetition
from ._script import script_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from types import ModuleType
    from typing import Any, TextIO

    from scitex_dotdict import DotDict
    from scitex_repro import RandomStateManager

    Started = tuple[DotDict, TextIO, TextIO, Any, Any, RandomStateManager]


def start(
    sys: ModuleType | None = None,
    plt: ModuleType | None = None,
    file: str | PathLike[str] | None = None,
    sdir: str | PathLike[str] | None = None,
    sdir_suffix: str | None = None,
    args: object = None,
    os: ModuleType | None = None,
    random: ModuleType | None = None,
    np: ModuleType | None = None,
    torch: ModuleType | None = None,
    seed: int = 42,
    agg: bool = False,
    fig_size_mm: tuple[float, float] = (160, 100),
    fig_scale: float = 1.0,
    dpi_display: int = 100,
    dpi_save: int = 300,
    fontsize: str | float = "small",
    autolayout: bool = False,
    show_execution_flow: bool = False,
    hide_top_right_spines: bool = True,
    alpha: float = 0.9,
    line_width: float = 1.0,
    clear_logs: bool = False,
    verbose: bool = True,
    *,
    deterministic: bool = False,
    hash_seed: bool = False,
    preempt_signal: str | None = None,
) -> Started:
    """Open a session: a run directory, CONFIG, logs, fixed seeds and figures in one style.

    Parameters
    ----------
    sys : module, optional
        The module ``sys``; with it everything printed goes into the logs too. Without it nothing
        is captured.
    plt : module, optional
        ``matplotlib.pyplot``, which is configured at once. Without it the session hands out a
        pyplot that is imported and configured at its first use.
    file : str or path, optional
        The script; found from the caller by default.
    sdir : str or path, optional
        The run directory itself. One that is not under ``RUNNING/`` is used in place and not
        moved at the end; the logs of an earlier session in it are continued.
    sdir_suffix : str, optional
        Makes the directory's name ``<ID>-<suffix>``; at most 100 bytes.
    args : mapping or object, optional
        Parsed arguments, recorded as ``CONFIG.ARGS``.
    os, random, np, torch : module, optional
        Modules whose generators are seeded whether or not they can be found by name. Whatever
        else is loaded, or imported later, is seeded too.
    seed : int, default 42
        The seed of all generators.
    agg : bool, default False
        Draw without a display.
    fig_size_mm : (float, float), default (160, 100)
        Width and height of a figure, in millimetres.
    fig_scale : float, default 1.0
        Multiplies the figure size.
    dpi_display, dpi_save : int, default 100 and 300
        Resolution on screen and in files, in dots per inch.
    fontsize : str or float, default "small"
        A size of matplotlib's, or points.
    autolayout : bool, default False
        Let matplotlib fit the axes into the figure.
    show_execution_flow : bool, default False
        Print the script's own call tree on standard error.
    hide_top_right_spines : bool, default True
        Draw axes with two spines.
    alpha : float, default 0.9
        Opacity of the colour cycle, 0 to 1.
    line_width : float, default 1.0
        In points.
    clear_logs : bool, default False
        Empty the logs of an earlier session in an explicit `sdir` first.
    verbose : bool, default True
        Print a header on standard error.
    deterministic : bool, default False
        Also ask the libraries for deterministic algorithms (see `scitex_repro.fix_seeds`).
    hash_seed : bool, default False
        Fix the order of sets of text too, by starting the interpreter once more with
        ``PYTHONHASHSEED`` set to the seed (see `scitex_repro.fix_hash_seed`). With the decorator
        this happens where the function is decorated, before its own code has run.
    preempt_signal : str, optional
        A further signal that ends the session in order, such as ``"SIGUSR1"``.

    Returns
    -------
    CONFIG : DotDict
        The session's configuration and identity.
    stdout, stderr : text stream
        The captured streams, or the present ones without `sys`.
    plt : module
        pyplot in the project's style.
    COLORS : mapping
        The colours by name.
    rng : RandomStateManager
        Named random streams.

    Raises
    ------
    SessionError
        If a session is open already, an argument is wrong, or the run directory cannot be made.
    ConfigError
        If a file in ``./config`` cannot be used.
    """
    options = dict(locals())
    if hash_seed:
        from scitex_repro import fix_hash_seed

        fix_hash_seed(seed)
    from ._open import Opening, open_run

    namespace = _sys._getframe(1).f_globals  # noqa: SLF001 - the caller's file is the script
    opening = Opening(
        options,
        script=script_of(namespace, file),
        function=None,
        overrides=[],
        notify=False,
        repeated=_repetition.take(),
    )
    run = open_run(opening)
    objects = run.objects
    streams = (_sys.stdout, _sys.stderr)
    return (run.config, *streams, objects["plt"], objects["COLORS"], objects["rngg"])


def close(
    CONFIG: DotDict,  # noqa: N803 - the name that every script uses
    message: str = ":)",
    notify: bool = False,
    verbose: bool = True,
    exit_status: int | None = None,
) -> None:
    """Close the session: streams put back, CONFIG completed, the directory filed.

    Parameters
    ----------
    CONFIG : DotDict
        What `start` returned.
    message : str, default ":)"
        A word on the end, shown when `verbose` and recorded.
    notify : bool, default False
        Send a notification (extra ``notify``).
    verbose : bool, default True
        Print a summary on standard error.
    exit_status : int, optional
        0 files the run under ``FINISHED_SUCCESS``, another number under ``FINISHED_ERROR``,
        None under ``FINISHED``.

    Raises
    ------
    SessionError
        If `CONFIG` is not that of a session of this process. Closing twice is harmless.
    """
    run = _active.active()
    if run is None or run.config is not CONFIG:
        if "ID" not in CONFIG:
            raise SessionError("close() takes the CONFIG that start() returned")
        if CONFIG.get("END_TIME") is not None or CONFIG.get("PID") != os.getpid():
            return
        raise SessionError(f"session {CONFIG['ID']} is not open in this process")
    from ._close import close_run

    reason = status_of_exit(exit_status)
    close_run(run, exit_status, reason, message=message, notify=notify, verbose=verbose)


def running2finished(
    CONFIG: DotDict,  # noqa: N803 - the name that every script uses
    exit_status: int | None = None,
    remove_src_dir: bool = True,
    max_wait: float = 60,
) -> DotDict:
    """File a run directory under its status.

    Parameters
    ----------
    CONFIG : DotDict
        The configuration of the run.
    exit_status : int, optional
        0: ``FINISHED_SUCCESS``; another number: ``FINISHED_ERROR``; None: ``FINISHED``.
    remove_src_dir : bool, default True
        Move by one atomic rename. With False the directory is copied, the copy appears whole
        under its name, and the source stays.
    max_wait : float, default 60
        Seconds after which a copy is given up, or a directory that the system calls busy.

    Returns
    -------
    DotDict
        `CONFIG`, naming the new place. A directory that is not under ``RUNNING`` stays.

    Raises
    ------
    SessionError
        If the directory is not there, the target exists, or the time is over; nothing is lost.
    """
    path = os.path.abspath(os.fspath(CONFIG["SDIR_RUN"]))
    if not os.path.isdir(path):
        raise SessionError(f"{path}: there is no such run directory")
    run = _active.active()
    is_active = run is not None and run.config is CONFIG
    record = run.record if run and is_active else _record_at(path, CONFIG)
    directory, status = record.directory, status_of_exit(exit_status)
    if not directory.moves:
        return CONFIG
    target = directory.target(status)
    if os.path.lexists(target):
        raise SessionError(f"{target}: exists already; it is neither merged into nor overwritten")
    os.makedirs(directory.inside(CONFIGS), exist_ok=True)
    before = dict(record.run), dict(CONFIG)
    record.note_end(exit_status, CONFIG.get("EXIT_REASON") or status, datetime.now().astimezone())
    try:
        record.write()
        if remove_src_dir:
            _rename(directory, status, max_wait)
        else:
            _copy(path, target, max_wait)
            record.run["moves"] = False  # the source stays, for the session and for recovery
            record.write()
    except (OSError, SessionError) as error:
        _take_end_back(record, *before)
        if isinstance(error, SessionError):
            raise
        raise SessionError(f"{path}: could not be filed ({error.strerror}); it is whole") from error
    directory.moves = False
    return CONFIG


def record_input(path: str | PathLike[str]) -> Any:
    """Say that the running session reads a file, where nothing could notice it by itself.

    Parameters
    ----------
    path : str or os.PathLike
        A file, or a directory whose files are all inputs. Digests are taken at the end.

    Returns
    -------
    str or os.PathLike
        `path` as given, so that a call can be wrapped around an argument. Without a session
        nothing else happens.

    Examples
    --------
    >>> from scitex_session import record_input
    >>> record_input("data.bin")
    'data.bin'
    """
    run = _active.active_or_inherited()
    if run is not None and run.collector is not None:
        run.collector.note_input(path, "record_input")
    return path


def _record_at(path: str, config: DotDict) -> Record:
    """Return the record of a run that is not the active one, with CONFIG alone if it has none."""
    try:
        record = Record.read(path)
    except LaterRecord:
        raise
    except RecordError:
        return Record(RunDir.at(path), {"run": {}}, config)
    record.config = config
    return record


def _take_end_back(record: Record, run: dict[str, Any], config: dict[str, Any]) -> None:
    """Restore a record to what it was before filing its run failed."""
    record.run.update(run)
    if record.config is not None:
        record.config.update(config)
    try:
        record.write()
    except OSError as error:
        _console.say(f"{record.directory.path}: the record could not be reset ({error.strerror})")


_BUSY = (errno.EBUSY, errno.EACCES, errno.ETXTBSY)  # what Windows says of a directory in use
_PAUSE = 0.1


def _rename(directory: RunDir, status: str, max_wait: float) -> None:
    deadline = time.monotonic() + max_wait
    while True:
        try:
            directory.file(status)
            return
        except OSError as error:
            if error.errno not in _BUSY or time.monotonic() > deadline or os.name != "nt":
                raise
            time.sleep(_PAUSE)


def _copy(source: str, target: str, max_wait: float) -> None:
    """Copy to a staging name, then give the copy its own."""
    import shutil

    deadline = time.monotonic() + max_wait

    def copy_file(a: str, b: str) -> str:
        if time.monotonic() > deadline:
            raise SessionError(f"{source}: not copied within max_wait; the copy is given up")
        return shutil.copy2(a, b, follow_symlinks=False)

    staged = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}")
    try:
        shutil.copytree(source, staged, symlinks=True, copy_function=copy_file)
        os.rename(staged, target)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
