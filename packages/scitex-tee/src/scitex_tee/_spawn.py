"""Start the relay process."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["spawn"]

_SHELL = "/bin/sh"
_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_relay.py")


def spawn(arguments: Sequence[str], descriptors: Sequence[int]) -> None:
    """Start the relay with `descriptors` as its 3, 4, 5 and so on.

    It becomes nobody's child: scripts that wait for all their children, or end them, do not meet
    it.

    Parameters
    ----------
    arguments
        Its command line.
    descriptors
        What it gets; they need numbers above those that they get.

    Raises
    ------
    OSError
        If no process can be started.
    """
    command = [sys.executable, "-I", "-S", "-E", _PROGRAM, *arguments]
    actions: list[tuple[int, int, str, int, int] | tuple[int, int, int] | tuple[int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    actions += [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(descriptors)]
    # A shell that puts it in the background and ends is the quickest way to hand a process to init.
    through_shell = [_SHELL, "-c", '"$@" &', "scitex-tee", *command]
    try:
        pid = os.posix_spawn(_SHELL, through_shell, os.environ, file_actions=actions, setsid=True)
    except NotImplementedError:
        pid = os.posix_spawn(_SHELL, through_shell, os.environ, file_actions=actions)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # the script ignores SIGCHLD, so that children vanish by themselves
