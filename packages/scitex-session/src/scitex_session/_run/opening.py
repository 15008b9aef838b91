"""From options to a run that is open: checked first, then made, then switched on."""

from __future__ import annotations

import atexit
import errno
import os
import sys
import time

from .. import _clock, _config
from .._durable import Syncing
from .._rundir import UNBORN, RunDir, adopt, check_suffix, create, output_base
from ..errors import SessionError
from . import frozen, liveness, state, words
from .signals import SignalGuard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from scitex_dotdict import DotDict

PLOTTING = (
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


LOGS = ("stdout.log", "stderr.log")
_FILING, _PAUSE = 2.0, 0.02  # seconds given to a helper that files a killed session
_LIMITS = {errno.EAGAIN: "ulimit -u", errno.EMFILE: "ulimit -n"}
_EPOCH = "946684800"  # 2000-01-01: zip files know no date before 1980
_SEEDED = {"os": "os", "random": "random", "np": "numpy", "torch": "torch"}


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
    namespaces : dict
        What ``./config`` held, overrides applied.
    overrides : list of str
        The ``--set`` of the command line, as given.
    notify : bool
        Whether a notification is to be sent at the end, whatever the end is.

    Attributes
    ----------
    parent : str or None
        The ID of the run that this one repeats.
    sdir_out : str or None
        An output base instead of ``<script>_out`` or of an explicit ``sdir``.
    """

    def __init__(
        self,
        options: dict[str, Any],
        *,
        script: str | None,
        function: str | None,
        namespaces: dict[str, Any],
        overrides: list[str],
        notify: bool = False,
    ) -> None:
        self.options = options
        self.script = script
        self.function = function
        self.namespaces = namespaces
        self.overrides = overrides
        self.parent: str | None = None
        self.sdir_out: str | None = None
        self.notify = notify
        self.args = as_dict(options.get("args"))

    def check(self) -> None:
        """Refuse what cannot work, before anything is on the disk."""
        state.refuse_second()
        options = self.options
        seed = options["seed"]
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise SessionError(f"seed must be a whole number of at least 0, not {seed!r}")
        check_suffix(options["sdir_suffix"])
        if options["sdir"] is not None and options["sdir_suffix"] is not None:
            raise SessionError("sdir= names the run directory itself: leave sdir_suffix out")
        check_preempt_signal(options["preempt_signal"])


def open_run(opening: Opening) -> state.Run:
    """Open a session: all checks, the directory, then streams, seeds, figures and signals.

    Raises
    ------
    SessionError
        If it cannot be opened; nothing is left behind.
    """
    opening.check()
    plt, colors = prepare_plotting(opening.options)
    run = make(opening)
    appearing = Syncing(os.path.dirname(run.directory.path))
    run.objects.update(CONFIG=run.config, plt=plt, COLORS=colors, CC=colors)
    state.set_active(run)
    run.undo.append(lambda: state.set_active(None))
    try:
        for step in (file_the_dead, save_here, capture, seed, draw, collect, guard, flow):
            step(run, opening)
        appearing.wait()
    except BaseException:
        from .closing import close_run

        close_run(run, 1, "error: the session could not be opened")
        raise
    run.advance(state.RUNNING)
    atexit.register(close_at_exit, run)
    return run


def make(opening: Opening) -> state.Run:
    """Make the run directory, with CONFIG.yaml on the disk before it has its name."""
    made: list[state.Run] = []
    options = opening.options

    def fill(directory: RunDir, identifier: str) -> None:
        run = describe(opening, directory, identifier, now)
        for folder in ("CONFIGS", "logs"):
            os.makedirs(directory.inside(folder), exist_ok=True)
        for log in LOGS:  # there from the first moment, also for a run that dies in it
            os.close(os.open(directory.inside("logs", log), os.O_WRONLY | os.O_CREAT, 0o666))
        frozen.write_record(directory, run.record, sync=False)
        # A file that an earlier session left is replaced by one that is on the disk.
        unborn = directory.name.startswith(UNBORN)
        run.warnings += frozen.write_config(directory, run.config, sync=not unborn)
        files = directory.inside("CONFIGS", "CONFIG.yaml"), directory.inside("CONFIGS")
        syncing = Syncing(*files, directory.path)
        load_the_rest()
        syncing.wait()
        made.append(run)

    now = _clock.now()
    stamp = id_stamp(now, debug=bool(opening.namespaces.get("IS_DEBUG")))
    if options["sdir"] is not None and opening.sdir_out is None:
        directory = adopt(os.fspath(options["sdir"]))
        claim_in_place(directory)
        fill(directory, stamp + random_letters())
    else:
        base = opening.sdir_out or output_base(opening.script)
        directory = create(base, stamp, options["sdir_suffix"], fill)
    run = made[-1]
    run.directory = directory
    return run


def load_the_rest() -> None:
    """Import what every session needs, in the time that the disk takes."""
    from scitex_io import saving_into
    from scitex_repro import fix_seeds, on_import
    from scitex_tee import Capture

    from .._provenance import Collector
    from . import closing

    del saving_into, fix_seeds, on_import, Capture, Collector, closing


def describe(opening: Opening, directory: RunDir, identifier: str, now: datetime) -> state.Run:
    """Return the run that is to stand in a directory, not yet under its name."""
    from scitex_dotdict import DotDict

    from .._provenance import mask

    path = directory.path
    if directory.name.startswith(UNBORN):
        path = os.path.join(os.path.dirname(path), directory.name.removeprefix(UNBORN))
    config: DotDict = DotDict(
        frozen.base_config(identifier, opening.namespaces, opening.script, now)
    )
    frozen.point_at(config, directory.base, path)
    config["ARGS"] = opening.args
    config["SEED"] = opening.options["seed"]
    about = {
        "moves": directory.moves,
        "parent": opening.parent,
        "function": opening.function,
        "notify": opening.notify,
    }
    if opening.parent is not None:
        config["PARENT"] = opening.parent
    record = frozen.first_record(config, about)
    record["process"] = liveness.identity()
    given = {
        "args": opening.args,
        "argv": list(getattr(sys, "orig_argv", sys.argv)),
        "overrides": opening.overrides,
        "config": opening.namespaces,
    }
    plain, warnings = _config.to_plain(mask(given))
    record.update(plain)
    record["seed"] = opening.options["seed"]
    record["warnings"] = warnings
    return state.Run(directory, config, record)


def file_the_dead(run: state.Run, _opening: Opening) -> None:
    """File runs of the same script that died unseen; one listing tells whether there are any."""
    from .._catalog import register

    register(run.directory.base if run.directory.moves else run.directory.path)
    if not run.directory.moves:
        return
    running = os.path.dirname(run.directory.path)
    if len(os.listdir(running)) > 1:
        from .recovery import recover

        try:
            recovered = recover(run.directory.base)
        except OSError as error:  # somebody else's dead run is no reason not to begin
            place = error.filename or running
            words.say(f"scitex: {place}: a dead run stays there ({error.strerror})")
            return
        for found in recovered:
            place = words.near(found.target)
            words.say(f"scitex: {found.name} had died; it is filed under {place}")


def save_here(run: state.Run, _opening: Opening) -> None:
    """Tell scitex_io where relative paths land."""
    from scitex_io import saving_into

    saving = saving_into(
        run.directory.path,
        run_id=run.config["ID"],
        on_load=lambda path: run.collector and run.collector.note_input(path),
    )
    saving.__enter__()
    run.undo.append(lambda: saving.__exit__(None, None, None))


def capture(run: state.Run, opening: Opening) -> None:
    """Send descriptors 1 and 2 through the logs too."""
    options = opening.options
    if options["verbose"]:
        words.header(run)
    logs = [run.directory.inside("logs", name) for name in LOGS]
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


def seed(run: state.Run, opening: Opening) -> None:
    """Fix the global generators and make the named streams."""
    from scitex_repro import fix_seeds

    options = opening.options
    modules = {name: options[option] for option, name in _SEEDED.items() if options[option]}
    run.objects["rngg"] = run.objects["rng"] = fix_seeds(
        options["seed"], deterministic=options["deterministic"], modules=modules
    )


def draw(run: state.Run, _opening: Opening) -> None:
    """Give pyplot the style also where the script imports it by itself."""
    from scitex_repro import on_import

    plt = run.objects["plt"]
    run.undo.append(on_import("matplotlib.pyplot", lambda _module: plt.rcParams))
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:  # PDF, SVG and the like write this date instead of today's
        os.environ["SOURCE_DATE_EPOCH"] = _EPOCH
        run.undo.append(lambda: os.environ.pop("SOURCE_DATE_EPOCH", None))


def collect(run: state.Run, opening: Opening) -> None:
    """Begin to note what the run reads, writes and runs on."""
    from .._provenance import Collector

    run.collector = Collector(run.directory.path, opening.script, os.getcwd(), run.config["ID"])
    run.collector.start()


def guard(run: state.Run, opening: Opening) -> None:
    """Take the signals that end a run."""
    run.signals = SignalGuard(
        lambda: run.directory.inside("logs", "stacks.txt"), opening.options["preempt_signal"]
    )
    run.signals.install()


def flow(run: state.Run, opening: Opening) -> None:
    """Show the script's call tree, if that was asked for."""
    if opening.options["show_execution_flow"]:
        from .flow import show_flow

        run.undo.append(show_flow(opening.script))


def prepare_plotting(options: dict[str, Any]) -> tuple[Any, Any]:
    """Return pyplot and the colours: the module that was handed over, or the lazy one."""
    from scitex_plt_style import COLORS, configure_mpl, lazy_pyplot

    style = {name: options[name] for name in PLOTTING}
    style["agg"] = options["agg"]
    if options["plt"] is not None:
        return configure_mpl(options["plt"], **style)
    return lazy_pyplot(**style), COLORS


def close_at_exit(run: state.Run) -> None:
    """Close a session that the script left open."""
    if not run.is_ours or run.state != state.RUNNING:
        return
    from .closing import close_run

    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None:
        close_run(run, None, "finished: the script ended without closing the session")
    else:
        from .ends import verdict

        close_run(run, *verdict(error), error=error)


def claim_in_place(directory: RunDir) -> None:
    """Take a directory that the user named, unless a live session is in it."""
    claim = directory.inside("CONFIGS", ".open")
    os.makedirs(os.path.dirname(claim), exist_ok=True)
    deadline = time.monotonic() + _FILING
    while True:
        try:
            os.mkdir(claim)
            return
        except FileExistsError:
            refuse_live(directory.path)
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)  # the helper of a killed session may still be at work in it
    taken = f"{claim}-{os.urandom(4).hex()}"
    try:
        os.rename(claim, taken)
        os.rmdir(taken)
        os.mkdir(claim)
    except OSError as error:
        raise SessionError(f"{directory.path}: another session has just taken it") from error


def refuse_live(path: str) -> None:
    """Refuse a directory with a session in it that is not known to be dead."""
    try:
        process = frozen.read_record(path).get("process", {})
    except (OSError, ValueError):
        return
    if process and liveness.is_alive(process) is not False:
        raise SessionError(
            f"{path}: a session of process {process.get('pid')} on {process.get('host')} is in it; "
            "choose another sdir, or wait until it is closed"
        )


def id_stamp(now: datetime, *, debug: bool) -> str:
    """Return the ID up to its random letters."""
    from scitex_repro import gen_timestamp

    return ("DEBUG_" if debug else "") + gen_timestamp(now) + "_"


def random_letters() -> str:
    """Return the four letters that make an ID unique."""
    from scitex_repro import gen_ID

    return gen_ID(4)


def check_preempt_signal(name: str | None) -> None:
    """Refuse a name that is no signal a process can handle."""
    if name is None:
        return
    import signal

    if not isinstance(getattr(signal, str(name), None), signal.Signals) or name in (
        "SIGKILL",
        "SIGSTOP",
    ):
        raise SessionError(f"preempt_signal={name!r} is no signal to handle; use e.g. 'SIGUSR1'")


def as_dict(args: Any) -> dict[str, Any]:
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
