"""The exit status and the reason that the end of a script stands for."""

from __future__ import annotations

import os
import time

from .._record._status import SUCCESS, status_of_exit
from ._signals import Terminated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INTERRUPTED = 130
_SLACK = 120.0  # seconds before a job's end at which a scheduler's first signal may come


def returned(result: Any) -> int:
    """Return the exit status that a return value stands for."""
    return int(result) if isinstance(result, int) and not isinstance(result, bool) else 0


def outcome_of(error: BaseException) -> tuple[int, str]:
    """Return the exit status and EXIT_REASON that an exception stands for.

    Parameters
    ----------
    error : BaseException
        What left the user's function.

    Returns
    -------
    (int, str)
        For SystemExit what the interpreter would make of it; 130 for Ctrl-C; else 1.
    """
    if isinstance(error, Terminated):
        return int(error.code or 0), f"signal: {error.signal_name}{_scheduler()}"
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED, "signal: SIGINT"
    if isinstance(error, SystemExit):
        return _of_exit(error.code)
    text = _one_line(error)
    name = type(error).__qualname__
    return 1, f"exception: {name}: {text}" if text else f"exception: {name}"


def _scheduler() -> str:
    """Return what a Slurm job's environment tells of the reason for a signal."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return ""
    try:
        end = float(os.environ["SLURM_JOB_END_TIME"])
    except (KeyError, ValueError):
        return f" (Slurm job {job} cancelled, preempted or out of time)"
    if time.time() > end - _SLACK:
        return f" (Slurm job {job} at its time limit)"
    return f" (Slurm job {job} cancelled or preempted)"


def _of_exit(code: object) -> tuple[int, str]:
    if code is None:
        return 0, SUCCESS
    if isinstance(code, int):
        return int(code), status_of_exit(int(code))
    return 1, f"error: {' '.join(str(code).split())[:200]}"


def _one_line(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:200]
    except Exception as problem:  # noqa: BLE001 - an exception's own text may fail in any way
        return f"(its text failed: {type(problem).__name__})"
