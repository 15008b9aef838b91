"""Launch the keeper, or kill it before it has started work."""

from __future__ import annotations

import errno
import os
import signal
import sys

from .. import _keeper
from .._protocol import FIRST
from ._channel import dup_high

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_SHELL = "/bin/sh"
# The shell starts the keeper in the background and exits, so that it becomes a child of init.
_HAND_OVER = '"$@" >/dev/null 2>&1 & echo $!'
_KEEPER = os.path.join(_keeper.__path__[0], "__main__.py")
# It is run by path, for with these options neither site-packages nor PYTHONPATH is searched:
# start-up takes half the time, and nothing that the user has installed there runs in the keeper.
_OPTIONS = ["-I", "-S"]


def launch(arguments: Sequence[str], descriptors: Sequence[int]) -> int:
    """Start the keeper, as nobody's child: a script that waits for all its children is not held up.

    Parameters
    ----------
    arguments
        Its command line.
    descriptors
        What it inherits, as descriptor `FIRST` and those that follow; they need numbers above
        those that they get there.

    Returns
    -------
    int
        A descriptor of the process, for `kill`; -1 where the system has no such thing.

    Raises
    ------
    OSError
        If no process can be started.
    """
    reader, writer = map(dup_high, os.pipe())
    try:
        actions: list[tuple[Any, ...]] = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            *((os.POSIX_SPAWN_DUP2, fd, FIRST + i) for i, fd in enumerate(descriptors)),
        ]
        try:
            keeper = [sys.executable, *_OPTIONS, _KEEPER, *arguments]
            shell = _spawn([_SHELL, "-c", _HAND_OVER, "scitex-tee", *keeper], actions)
        finally:
            os.close(writer)
        pid = os.read(reader, 64).strip()
        try:
            os.waitpid(shell, 0)
        except ChildProcessError:
            pass  # the script ignores SIGCHLD, so the kernel reaps children itself
    finally:
        os.close(reader)
    if not pid:
        raise OSError(errno.EAGAIN, "no process for the logs could be started")
    return process_fd(int(pid))


def _spawn(command: list[str], actions: Sequence[Any]) -> int:
    try:
        # In a session of its own from the first moment on: Ctrl-C is not for the keeper.
        return os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
    except NotImplementedError:
        return os.posix_spawn(command[0], command, os.environ, file_actions=actions)


def process_fd(pid: int) -> int:
    """Return a descriptor of a process; -1 where the system has no such thing."""
    try:
        return dup_high(os.pidfd_open(pid))
    except (AttributeError, OSError):
        return -1


def kill(process: int) -> bool:
    """Kill a keeper that has not begun and has nothing to do; return whether that was possible.

    It would end by itself, but until it has started it keeps the original descriptors open, and
    whoever reads this process's output through a pipe would wait for that, some 20 ms.
    """
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except (AttributeError, OSError):
        return False
    return True
