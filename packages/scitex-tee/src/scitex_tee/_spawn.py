"""Start the relay process."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import errno
import os
import sys

from scitex_tee._descriptors import aloft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Start", "dismiss"]

_SHELL = "/bin/sh"
# A shell that puts it in the background is the quickest way to hand a process to init. It waits to
# be told, or for its teller's death, before it begins: it would take the processor that the teller
# was on and, where there are few of them, keep it for 3 ms.
_HAND_OVER = '{ read _ <&2; exec "$@" 2>/dev/null; } >/dev/null & echo $!'
_HERE = os.path.dirname(os.path.abspath(__file__))
_PROGRAM = os.path.join(_HERE, "_relay.py")
# Of the relay's modules the one that is imported last, compiled.
_LAST = os.path.join(_HERE, "__pycache__", f"_source.{sys.implementation.cache_tag}.pyc")


class Start:
    """A relay that is being started, with `descriptors` as its 3, 4, 5 and so on.

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

    def __init__(self, arguments: Sequence[str], descriptors: Sequence[int]) -> None:
        self._said, say = map(aloft, os.pipe())
        heard, self._go = map(aloft, os.pipe())
        self._ours = [self._said, heard, self._go]
        command = [sys.executable, "-I", "-S", "-E", _PROGRAM, *arguments]
        actions: list[tuple[int, int, str, int, int] | tuple[int, int, int]] = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, say, 1),
            (os.POSIX_SPAWN_DUP2, heard, 2),
        ]
        actions += [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(descriptors)]
        shell = [_SHELL, "-c", _HAND_OVER, "scitex-tee", *command]
        try:
            self._shell = _spawn(shell, actions)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(say)

    def finish(self) -> int:
        """Wait for the shell, which takes a millisecond.

        Returns
        -------
        int
            A descriptor of the relay for `dismiss`; -1 where there is no such thing.

        Raises
        ------
        OSError
            If the shell could not start it.
        """
        pid = os.read(self._said, 64)
        process = _open_process(pid)  # while the shell is on its way out
        self._reap()
        if not pid.strip():
            raise OSError(errno.EAGAIN, "no process for the logs could be started")
        os.write(self._go, b"\n")
        self._close()
        return process

    def abandon(self) -> None:
        """End it before it begins, if `finish` was not reached or has failed."""
        if self._shell:
            if pid := os.read(self._said, 64).strip():
                os.kill(int(pid), signal.SIGKILL)
            self._reap()
        self._close()

    def _reap(self) -> None:
        shell, self._shell = self._shell, 0
        try:
            os.waitpid(shell, 0)
        except ChildProcessError:
            pass  # the script ignores SIGCHLD, so that children vanish by themselves

    def _close(self) -> None:
        while self._ours:
            os.close(self._ours.pop())


def _spawn(command: list[str], actions: Sequence[Any]) -> int:
    environment = dict(os.environb)  # as bytes it takes the system half the time
    try:
        return os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
    except NotImplementedError:
        return os.posix_spawn(command[0], command, environment, file_actions=actions)


def _open_process(pid: bytes) -> int:
    try:
        return aloft(os.pidfd_open(int(pid)))
    except (AttributeError, OSError, ValueError):
        return -1


def dismiss(process: int) -> bool:
    """End a relay that has not begun and has nothing to do; return whether that was possible.

    It would end by itself, but until it has started it keeps the original descriptors open, and
    who reads this process's output through a pipe would wait for that.
    """
    # While its modules are compiled for the first time it is left alone: it is writing them down.
    if process < 0 or not os.path.exists(_LAST):
        return False
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:
        return False
    return True
