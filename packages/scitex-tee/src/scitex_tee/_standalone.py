"""`tee`: one call at the top of a script."""

from __future__ import annotations

import os
import sys as _sys

from ._capture import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

_current: list[Capture] = []


def tee(
    sys: Any,
    sdir: str | os.PathLike[str] | None = None,
    verbose: bool = True,
) -> tuple[TextIO, TextIO]:
    """Log everything that is printed from here to the end of the script.

    What it says goes to ``<sdir>/logs/stdout.log`` and ``<sdir>/logs/stderr.log``, and to where it
    went before. The logs are completed when the interpreter exits, or at the next call, which
    begins new ones.

    Parameters
    ----------
    sys
        The module `sys`.
    sdir
        Directory for ``logs/``; it is made. By default ``<script>_out`` next to the script that
        runs, or ``session_out`` in the working directory where there is no script.
    verbose
        Say on standard error where the logs are.

    Returns
    -------
    tuple of two text streams
        ``sys.stdout`` and ``sys.stderr`` as they are now.

    Raises
    ------
    TypeError
        If `sys` is not the module `sys`.
    OSError
        If the logs cannot be written.

    Examples
    --------
    >>> import sys
    >>> stdout, stderr = tee(sys, "run", verbose=False)
    """
    if sys is not _sys:
        raise TypeError(f"tee() takes the module sys first, as in tee(sys, ...), not {sys!r}")
    end()
    base = _default() if sdir is None else os.path.abspath(os.fspath(sdir))
    logs = os.path.join(base, "logs")
    capture = Capture(os.path.join(logs, "stdout.log"), os.path.join(logs, "stderr.log"))
    capture.start()
    if not _current:
        import atexit

        atexit.register(end)
    _current[:] = [capture]
    if verbose:
        _sys.stderr.write(f"Logging to {logs}{os.sep}stdout.log and stderr.log\n")
    return _sys.stdout, _sys.stderr


def end() -> None:
    """Complete the logs of the last call."""
    for capture in _current:
        capture.stop()


def _default() -> str:
    """Where the logs of this script go."""
    script: str | None = getattr(_sys.modules.get("__main__"), "__file__", None)
    if script is None or not os.path.isfile(script):
        return os.path.abspath("session_out")
    return os.path.splitext(os.path.realpath(script))[0] + "_out"
