"""To be told that something is in a pipe, at no cost to whoever writes there.

Linux wakes the pollers of a pipe at every write once it has been polled, for good, and that is a
tenth of what writing a line costs. So a pipe is not polled but, while it is in use, looked into
from time to time; and once it rests, the next write is asked to send a signal.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import fcntl
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from scitex_tee._poller import Poller

__all__ = ["Doorbell"]

_MANY = 4096


class Doorbell:
    """One bell for some pipes, rung by signals; by the poller where a system has no such signals.

    Parameters
    ----------
    poller
        What waits.
    pipes
        Descriptors to read from, which nobody listens to yet.
    """

    def __init__(self, poller: Poller, pipes: Collection[int]) -> None:
        self._poller = poller
        self._pipes = frozenset(pipes)
        self._of_signal: dict[int, int] = {}
        self._ends: tuple[int, ...] = ()
        if pipes and sys.platform == "linux":
            self._hang(sorted(pipes))

    def _hang(self, pipes: list[int]) -> None:
        self._ends = os.pipe()
        for end in self._ends:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._ends[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGIO, _do_nothing)  # comes in place of the others if they are many
        if not self._is_heard():
            signal.set_wakeup_fd(-1)
            self.close()
            self._ends = ()
            return
        for number, fd in enumerate(pipes, start=signal.SIGRTMIN):
            signal.signal(number, _do_nothing)
            self._of_signal[number] = fd
            _address(fd, number)
            self.listen(fd, on=False)  # a killed predecessor may have listened
        self._poller.watch(self._ends[0], reading=True)

    def _is_heard(self) -> bool:
        """Whether the system sends these signals: some that are taken for Linux do not."""
        reader, writer = os.pipe()
        signal.signal(signal.SIGRTMIN, _do_nothing)
        try:
            _address(reader, signal.SIGRTMIN)
            self.listen(reader, on=True)
            os.write(writer, b"x")
            heard = bool(os.read(self._ends[0], _MANY))
            self.listen(reader, on=False)
        except OSError:
            return False
        finally:
            os.close(writer)
            os.close(reader)
        return heard

    def listen(self, fd: int, *, on: bool) -> None:
        """Have the bell rung, or no more, when something is written into a pipe or it ends."""
        if not self._ends:
            self._poller.watch(fd, reading=True, on=on)
            return
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_ASYNC if on else flags & ~os.O_ASYNC)

    def rung(self, ready: int) -> list[int]:
        """Return the pipes for which a ready descriptor speaks, first come first.

        Parameters
        ----------
        ready
            A descriptor that the poller has found.
        """
        if not self._ends:
            return [ready] if ready in self._pipes else []
        if ready != self._ends[0]:
            return []
        numbers = dict.fromkeys(os.read(ready, _MANY))
        if signal.SIGIO in numbers:
            return list(self._pipes)
        return [self._of_signal[n] for n in numbers if n in self._of_signal]

    def close(self) -> None:
        """Let go of what is heard in another process."""
        for end in self._ends:
            os.close(end)


def _address(fd: int, number: int) -> None:
    """Have the signals of a pipe sent to this process."""
    fcntl.fcntl(fd, fcntl.F_SETSIG, number)
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())


def _do_nothing(_number: int, _frame: object) -> None:
    """Be a handler: the signal's number has gone into the pipe."""
