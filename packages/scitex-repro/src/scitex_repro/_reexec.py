"""Start the interpreter once more, with a fixed hash order."""

from __future__ import annotations

import os
import sys

from scitex_repro import _keys, _process
from scitex_repro._hash_order import is_hash_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_VARIABLE = "PYTHONHASHSEED"
# Says which process has been started anew already: exec keeps the process id.
_DONE = "SCITEX_REPRO_REEXECUTED"


def fix_hash_seed(seed: int = 42) -> None:
    """Make the hash order of this process that of ``seed``, by starting it once more.

    If the order is that one already, nothing happens. Otherwise the interpreter replaces itself
    with the same command line, options and environment and ``PYTHONHASHSEED`` set: the process
    keeps its id, its inherited descriptors (0, 1 and 2 among them), its working directory and its
    parent, which sees the exit status of the second start. Files that this process has opened are
    closed, exit handlers do not run, and what has been read from stdin is gone: call it before
    the script has done anything.

    Parameters
    ----------
    seed : int, default 42
        As for `RandomStateManager`; its lowest 32 bits count.

    Raises
    ------
    RuntimeError
        If the second start could not be the same as the first: at a prompt or in a notebook, with
        the script on stdin or gone, in a worker process, with threads running, under a debugger,
        or where Python ignores its environment (``-I``, ``-E``).

    Notes
    -----
    On Windows, where a process cannot replace itself, a child runs in its place and this process
    ends with its status.
    """
    number = _keys.check_seed(seed) % 2**32
    again = os.environ.pop(_DONE, None) == str(os.getpid())
    fixed = is_hash_seed(number)
    if fixed or (fixed is None and os.environ.get(_VARIABLE) == str(number)):
        return
    reason = "it has been started anew once already" if again else _obstacle()
    if reason is not None:
        raise RuntimeError(
            f"the hash order of this process cannot be fixed: {reason}; "
            f"start it with {_VARIABLE}={number} in its environment instead"
        )
    _start_anew(number)


def _obstacle() -> str | None:
    """Say why a second start would not be like the first, or return None."""
    checks = (
        (bool(sys.flags.ignore_environment), "Python was told to ignore its environment"),
        (getattr(sys, "frozen", False), "the program is frozen"),
        (not sys.executable, "the interpreter's path is not known"),
        (_is_interactive(), "this is an interactive session"),
        (_is_worker(), "this is a worker process"),
        (_has_threads(), "other threads are running"),
        (_is_debugged(), "a debugger is attached"),
        (_reads_stdin(), "the script came on stdin"),
        (
            _has_moved(),
            "the script is not where the command line says: has the working directory changed?",
        ),
    )
    reasons = [reason for found, reason in checks if found]
    return reasons[0] if reasons else None


def _is_interactive() -> bool:
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or "ipykernel" in sys.modules


def _has_threads() -> bool:
    # Counts threads that the threading module has not made, too.
    return len(sys._current_frames()) > 1  # noqa: SLF001 - documented for this


def _is_worker() -> bool:
    process = sys.modules.get("multiprocessing.process")
    started = process is not None and process.parent_process() is not None
    return started or any(not step.startswith("rank=") for step in _process.lineage())


def _is_debugged() -> bool:
    return any(name in sys.modules for name in ("pydevd", "debugpy"))


def _script() -> str | None:
    """Return the script's path as it stood on the command line; None for -c and -m."""
    value: str | None = getattr(sys.modules.get("__main__"), "__file__", None)
    if value is None or getattr(sys.modules["__main__"], "__spec__", None) is not None:
        return None
    return value


def _reads_stdin() -> bool:
    # With -c and -m the main module has no file of its own on the command line, but says so.
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    known = file not in (None, "<stdin>") or getattr(main, "__spec__", None) is not None
    return not known and "-c" not in _options()


def _options() -> list[str]:
    return [argument[:2] for argument in sys.orig_argv[1:]]


def _has_moved() -> bool:
    script = _script()
    if script is None:
        return False
    # Python makes __file__ absolute when it starts, so it names the script in any directory.
    return not any(
        os.path.abspath(argument) == script and os.path.exists(script)
        for argument in sys.orig_argv[1:]
    )


def _start_anew(number: int) -> NoReturn:
    os.environ[_VARIABLE] = str(number)
    os.environ[_DONE] = str(os.getpid())
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    command = [sys.executable, *sys.orig_argv[1:]]
    if sys.platform == "win32":
        import signal
        import subprocess

        # The child gets Ctrl-C too, and decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os._exit(subprocess.call(command))
    os.execv(sys.executable, command)  # noqa: S606 - the interpreter itself, no shell
