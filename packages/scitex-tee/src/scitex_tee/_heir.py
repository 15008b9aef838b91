"""What is to be done when the captured process has died."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import os

__all__ = ["Heir", "exists"]


class Heir:
    """Who takes over when the captured process has died without stopping the capture."""

    def __init__(self, command: list[str], cwd: str, *, watching: bool) -> None:
        self.command = command
        self.cwd = cwd
        self.watching = watching
        self.polls = not watching
        self.done = False

    def take_over(self) -> None:
        """Run the command, once, in a session of its own."""
        if self.done:
            return
        self.done = True
        self.polls = False
        if not self.command:
            return
        try:
            os.chdir(self.cwd)
        except OSError:
            os.chdir("/")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            os.posix_spawnp(
                self.command[0], self.command, os.environ, setsid=True,
                setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                           signal.SIGTSTP, signal.SIGPIPE],
            )  # fmt: skip
        except OSError:
            return  # there is nobody left to tell; the run is filed by the next one
        finally:
            os.chdir("/")


def exists(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
