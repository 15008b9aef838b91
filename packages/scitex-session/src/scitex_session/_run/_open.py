"""From options to an open run: everything is checked first, then created, then activated."""

from __future__ import annotations

import atexit
import errno
import os
import sys
import time
from datetime import datetime

from .. import _console, _liveness
from .._config._directory import load_directory
from .._config._overrides import apply_overrides
from .._durable import sync_directory
from .._record._json import to_json
from .._record._record import LaterRecord, Record, RecordError, first_config, first_data, paths_of
from .._record._run_directory import (
    CLAIM,
    CONFIGS,
    LOGS,
    STACKS,
    STDERR_LOG,
    STDOUT_LOG,
    RunDir,
    adopt,
    check_suffix,
    create,
    output_base,
)
from ..errors import SessionError
from . import _active
from ._active import Run
from ._close import close_run
from ._outcome import outcome_of
from ._signals import SignalGuard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLOTTING = (
    "agg",
    "fig_size_mm",
    "fig_scale",
    "dpi_display",
    "dpi_save",
    "fontsize",
    "autolayout",
    "hide_top_right_spines",
    "alpha",
    "line_width",
)
_SEEDED = {"os": "os", "random": "random", "np": "numpy", "torch": "torch"}
_FILING, _PAUSE = 2.0, 0.02  # seconds given to the keeper that files a killed session
_LIMITS = {errno.EAGAIN: "ulimit -u", errno.EMFILE: "ulimit -n"}
_EPOCH = "946684800"  # 2000-01-01: zip files have no date before 1980


class Opening:
    """What a session is asked for.

    Parameters
    ----------
    options : dict
        The arguments of `start`, by name.
    script : str or None
        The script's real path.
    function : str or None
        The name of the decorated function.
    overrides : list of str
        The ``--set`` of the command line, as given.
    notify : bool
        Whether a notification is to be sent at the end, whatever the end is.
    repeated : dict
        What `_repetition.take` returned: values of another run that override the present ones.

    Attributes
    ----------
    namespaces : dict
        What ``./config`` holds, overrides applied.
    parent : str or None
        The ID of the run that this one repeats.
    sdir_out : str or None
        An output directory instead of ``<script>_out`` or of an explicit ``sdir``.

    Raises
    ------
    ConfigError
        If a file in ``./config`` cannot be used.
    UsageError
        If an override names a key that does not exist.
    """

    def __init__(
        self,
        options: dict[str, Any],
        *,
        script: str | None,
        function: str | None,
        overrides: list[str],
        notify: bool,
        repeated: dict[str, Any],
    ) -> None:
        self.options = options
        self.script = script
        self.function = function
        self.overrides = overrides
        self.notify = notify
        self.args = _as_dict(options.get("args"))
        self.seed = repeated.get("seed", options["seed"])
        self.parent: str | None = repeated.get("parent")
        self.sdir_out: str | None = repeated.get("sdir_out")
        self.namespaces: dict[str, Any]
        if "config" in repeated:
            self.namespaces = {"IS_DEBUG": False, **repeated["config"]}
        else:
            self.namespaces = load_directory()
            apply_overrides(self.namespaces, overrides)

    def check(self) -> None:
        """Refuse invalid options before anything is written to disk."""
        _active.refuse_second()
        options, seed = self.options, self.seed
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise SessionError(f"seed must be a whole number of at least 0, not {seed!r}")
        check_suffix(options["sdir_suffix"])
        if options["sdir"] is not None and options["sdir_suffix"] is not None:
            raise SessionError("sdir= names the run directory itself: leave sdir_suffix out")
        _check_preempt_signal(options["preempt_signal"])


def open_run(opening: Opening) -> Run:
    """Open a session: all checks, the directory, then streams, seeds, figures and signals.

    Raises
    ------
    SessionError
        If it cannot be opened; nothing is left behind.
    """
    opening.check()
    plt, colors = _prepare_plotting(opening.options)
    run = _make_directory(opening)
    run.objects.update(CONFIG=run.config, plt=plt, COLORS=colors, CC=colors)
    _active.set_active(run)
    try:
        for step in _STEPS:
            step(run, opening)
    except BaseException:
        close_run(run, 1, "error: the session could not be opened")
        raise
    run.advance(_active.OPEN)
    atexit.register(_close_at_exit, run)
    return run


def _make_directory(opening: Opening) -> Run:
    """Make the run directory; CONFIG.yaml is on the disk before the directory has its name."""
    made: list[Run] = []
    options = opening.options
    now = datetime.now().astimezone()

    def fill(directory: RunDir, identifier: str) -> None:
        run = _first_state(opening, directory, identifier, now)
        for folder in (CONFIGS, LOGS):
            os.makedirs(directory.inside(folder), exist_ok=True)
        for log in (STDOUT_LOG, STDERR_LOG):  # there from the first moment on
            os.close(os.open(directory.inside(log), os.O_WRONLY | os.O_CREAT, 0o666))
        run.record.write()
        for folder in (directory.inside(CONFIGS), directory.path):
            sync_directory(folder)
        made.append(run)

    stamp = _id_stamp(now, debug=bool(opening.namespaces.get("IS_DEBUG")))
    if options["sdir"] is not None and opening.sdir_out is None:
        from scitex_repro import gen_ID

        directory = adopt(os.fspath(options["sdir"]))
        _claim_in_place(directory)
        fill(directory, stamp + gen_ID(4))
    else:
        base = opening.sdir_out or output_base(opening.script)
        create(base, stamp, options["sdir_suffix"], fill)
    return made[-1]


def _first_state(opening: Opening, directory: RunDir, identifier: str, now: datetime) -> Run:
    """Return the run at its start, with CONFIG naming the directory by its final name."""
    from scitex_dotdict import DotDict
    from scitex_io import to_plain

    from .._masking import mask

    path = os.path.join(os.path.dirname(directory.path), directory.name)
    config: DotDict = DotDict(first_config(identifier, opening.namespaces, opening.script, now))
    config.update(paths_of(directory.base, path))
    config["ARGS"] = opening.args
    config["SEED"] = opening.seed
    if opening.parent is not None:
        config["PARENT"] = opening.parent
    data = first_data(
        config,
        {
            "moves": directory.moves,
            "parent": opening.parent,
            "function": opening.function,
            "notify": opening.notify,
        },
    )
    data["process"] = _liveness.identity()
    given = {
        "args": opening.args,
        "argv": list(getattr(sys, "orig_argv", sys.argv)),
        "overrides": opening.overrides,
        "config": opening.namespaces,
    }
    plain, warnings = to_plain(mask(given))
    data.update(to_json(plain))
    data["seed"] = opening.seed
    data["warnings"] = warnings
    return Run(Record(directory, data, config), config)


def _recover_others(run: Run, _opening: Opening) -> None:
    """File runs of the same script that died; one listing shows whether there are any."""
    from .._catalog._registry import register

    directory = run.directory
    register(directory.base if directory.moves else directory.path)
    if not directory.moves:
        return
    running = os.path.dirname(directory.path)
    if len(os.listdir(running)) > 1:
        from ._recovery import recover

        try:
            recovered = recover(directory.base)
        except OSError as error:  # another user's dead run is no reason not to begin
            where = error.filename or running
            _console.say(f"{where}: a dead run cannot be filed ({error.strerror})")
            return
        for found in recovered:
            target = _console.relative(found.target)
            _console.say(f"{found.name} had died; it is filed under {target}")


def _save_here(run: Run, _opening: Opening) -> None:
    """Tell scitex_io which directory relative paths are saved in."""
    from scitex_io import saving_into

    def note_input(path: str) -> None:
        if run.collector is not None:
            run.collector.note_input(path)

    saving = saving_into(run.directory.path, run_id=run.config["ID"], on_load=note_input)
    saving.__enter__()
    run.cleanups.append(lambda: saving.__exit__(None, None, None))


def _capture(run: Run, opening: Opening) -> None:
    """Send descriptors 1 and 2 into the logs too."""
    options = opening.options
    if options["verbose"]:
        _print_header(run)
    logs = [run.directory.inside(log) for log in (STDOUT_LOG, STDERR_LOG)]
    if options["clear_logs"]:
        for path in logs:
            open(path, "wb").close()
    if options["sys"] is None:
        return
    from scitex_tee import Capture

    filing = [sys.executable, "-P", "-m", "scitex_session", "_file-dead", run.directory.path]
    capture = Capture(stdout=logs[0], stderr=logs[1], append=True, if_killed=filing)
    try:
        capture.start()
    except OSError as error:
        limit = _LIMITS.get(error.errno or 0)
        raise SessionError(
            f"{error.filename or logs[0]}: the output cannot be logged: "
            f"{error.strerror}{f'; the limit is that of `{limit}`' if limit else ''}"
        ) from error
    run.capture = capture


def _seed(run: Run, opening: Opening) -> None:
    """Fix the global generators and make the named streams."""
    from scitex_repro import fix_seeds

    options = opening.options
    modules = {name: options[option] for option, name in _SEEDED.items() if options[option]}
    run.objects["rngg"] = run.objects["rng"] = fix_seeds(
        opening.seed, deterministic=options["deterministic"], modules=modules
    )


def _style_figures(run: Run, _opening: Opening) -> None:
    """Give pyplot the style also where the script imports it by itself, and files one date."""
    from scitex_repro import on_import

    plt = run.objects["plt"]
    run.cleanups.append(on_import("matplotlib.pyplot", lambda _module: plt.rcParams))
    if "SOURCE_DATE_EPOCH" not in os.environ:  # PDF, SVG and the like write this date, not today's
        os.environ["SOURCE_DATE_EPOCH"] = _EPOCH
        run.cleanups.append(lambda: os.environ.pop("SOURCE_DATE_EPOCH", None))


def _collect(run: Run, opening: Opening) -> None:
    """Begin to note what the run reads, writes and runs on."""
    from .._provenance._collector import Collector

    run.collector = Collector(run.directory.path, opening.script, os.getcwd(), run.config["ID"])
    run.collector.start()


def _guard_signals(run: Run, opening: Opening) -> None:
    """Handle the signals that end a run."""
    preempt = opening.options["preempt_signal"]
    run.signals = SignalGuard(lambda: run.directory.inside(STACKS), preempt)
    run.signals.install()


def _forget_signals_in_child() -> None:
    run = _active.active_or_inherited()
    if run is not None and run.signals is not None:
        run.signals.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_signals_in_child)


def _show_call_tree(run: Run, opening: Opening) -> None:
    """Show the script's call tree, if that was asked for."""
    if opening.options["show_execution_flow"]:
        from ._call_tree import show_call_tree

        run.cleanups.append(show_call_tree(opening.script))


def _sync_name(run: Run, _opening: Opening) -> None:
    """Fsync the directory's name before the user's code runs."""
    sync_directory(os.path.dirname(run.directory.path))


_STEPS = (
    _recover_others,
    _save_here,
    _capture,
    _seed,
    _style_figures,
    _collect,
    _guard_signals,
    _show_call_tree,
    _sync_name,
)


def _print_header(run: Run) -> None:
    config = run.config
    _console.write_line(f"scitex session {config['ID']} (PID {config['PID']})")
    _console.write_line(f"  script     {config['FILE'] or '(no file)'}")
    _console.write_line(f"  directory  {_console.relative(run.directory.path)}")
    options = ", ".join(f"{key}={value!r}" for key, value in run.record.data["args"].items())
    if options:
        _console.write_line(f"  options    {options}")


def _prepare_plotting(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return pyplot and the colours: the module that was handed over, or the lazy one."""
    from scitex_plt_style import COLORS, configure_mpl, lazy_pyplot

    style = {name: options[name] for name in _PLOTTING}
    if options["plt"] is not None:
        return configure_mpl(options["plt"], **style)
    return lazy_pyplot(**style), COLORS


def _close_at_exit(run: Run) -> None:
    """Close a session that the script left open."""
    if not run.is_ours or run.phase != _active.OPEN:
        return
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None:
        close_run(run, None, "finished: the script ended without closing the session")
    else:
        close_run(run, *outcome_of(error), error=error)


def _claim_in_place(directory: RunDir) -> None:
    """Claim a directory that the user named, unless a live session is using it."""
    claim = directory.inside(CLAIM)
    os.makedirs(os.path.dirname(claim), exist_ok=True)
    deadline = time.monotonic() + _FILING
    while True:
        try:
            os.mkdir(claim)
            return
        except FileExistsError:
            _refuse_live(directory.path)
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)  # the keeper of a killed session may still be filing in it
    taken = f"{claim}-{os.urandom(4).hex()}"
    try:
        os.rename(claim, taken)
        os.rmdir(taken)
        os.mkdir(claim)
    except OSError as error:
        raise SessionError(f"{directory.path}: another session has just taken it") from error


def _refuse_live(path: str) -> None:
    """Refuse a directory whose session is not known to be dead."""
    try:
        process = Record.read(path).data.get("process", {})
    except LaterRecord:
        raise
    except RecordError:
        return
    if process and _liveness.is_alive(process) is not False:
        raise SessionError(
            f"{path}: a session of process {process.get('pid')} on {process.get('host')} uses it; "
            "choose another sdir, or wait until it is closed"
        )


def _id_stamp(now: datetime, *, debug: bool) -> str:
    """Return the ID up to its random letters."""
    from scitex_repro import gen_timestamp

    return ("DEBUG_" if debug else "") + gen_timestamp(now) + "_"


def _check_preempt_signal(name: str | None) -> None:
    """Refuse a name that is no signal a process can handle."""
    if name is None:
        return
    import signal

    if not isinstance(getattr(signal, str(name), None), signal.Signals) or name in (
        "SIGKILL",
        "SIGSTOP",
    ):
        raise SessionError(f"preempt_signal={name!r} cannot be handled; use e.g. 'SIGUSR1'")


def _as_dict(args: Any) -> dict[str, Any]:
    """Return parsed arguments as a dict: a mapping, a namespace, or any object with attributes."""
    if args is None:
        return {}
    if isinstance(args, dict):
        return dict(args)
    try:
        return dict(vars(args))
    except TypeError:
        raise SessionError(
            f"args must be a mapping or an object with attributes, not {type(args).__name__}"
        ) from None
