"""The session's own words, on standard error only."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .state import Run


def say(text: str) -> None:
    """Write one line to standard error; a closed or broken one is no reason to fail."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        return


def on_terminal() -> bool:
    """Whether standard error is a terminal."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        return False


def header(run: Run) -> None:
    """Say what begins: script, session, directory, options."""
    config = run.config
    say(f"scitex session {config['ID']} (PID {config['PID']})")
    say(f"  script     {config['FILE'] or '(no file)'}")
    say(f"  directory  {near(run.directory.path)}")
    options = ", ".join(f"{key}={value!r}" for key, value in run.record["args"].items())
    if options:
        say(f"  options    {options}")


def summary(run: Run, *, message: str | None, verbose: bool) -> None:
    """Say how the run ended: in one line, or with its files when verbose."""
    about = run.record["run"]
    line = f"{about['status'].upper()} {about['run_time']} {near(run.directory.path)}"
    if about["exit_status"]:
        line += f" ({about['exit_reason']}, exit status {about['exit_status']})"
    if message and verbose:
        line += f" {message}"
    say(line)


def near(path: str) -> str:
    """Return the path from here if it lies below, else the whole one."""
    try:
        here = os.getcwd()
    except OSError:
        return path
    return path[len(here) + 1 :] if path.startswith(here + os.sep) else path
