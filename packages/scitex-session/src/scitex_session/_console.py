"""What the session itself prints: always on standard error.

A message about a file or an option of the user's begins with that file or option (`write_line`), as
a compiler's does. Every other message begins with the prefix (`say`), so that nobody takes it for
the script's own.
"""

from __future__ import annotations

import os
import sys

PREFIX = "scitex: "


def say(message: str) -> None:
    """Print a message of the session, marked as ours."""
    write_line(PREFIX + message)


def write_line(text: str) -> None:
    """Write one line to standard error; a closed or broken stream is no reason to fail."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        return


def on_terminal() -> bool:
    """Return whether standard error is a terminal."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        return False


def relative(path: str) -> str:
    """Return a path relative to the working directory if it lies below it, else as it is."""
    try:
        here = os.getcwd()
    except OSError:
        return path
    return path[len(here) + 1 :] if path.startswith(here + os.sep) else path
