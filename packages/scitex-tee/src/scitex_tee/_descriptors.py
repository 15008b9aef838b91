"""Descriptors 1 and 2: put something else there, and put back what was there."""

from __future__ import annotations

import fcntl
import os

__all__ = ["Channel", "aloft", "exists"]

_ALOFT = 20  # away from the numbers that the relay gets its descriptors under
_PIPE = 1 << 20


def exists(fd: int) -> bool:
    """Whether `fd` is open."""
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def aloft(fd: int) -> int:
    """Move a new descriptor out of the way of 0, 1 and 2, which may be closed; never inherited."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _ALOFT)
    os.close(fd)
    return moved


class Channel:
    """One captured descriptor.

    Parameters
    ----------
    fd
        1 or 2, or -1 for a channel that no descriptor is swapped for.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.saved = -1
        self.terminal = False
        if fd >= 0 and exists(fd):
            self.saved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _ALOFT)
            self.terminal = os.isatty(fd)
        try:
            self.reader, self.writer = self._open_terminal() if self.terminal else self._open_pipe()
        except OSError:
            self.forget()
            raise

    def _open_pipe(self) -> tuple[int, int]:
        reader, writer = map(aloft, os.pipe())
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            try:
                fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE)
            except OSError:
                pass  # the user has many pipes already; the usual size does, a little slower
        return reader, writer

    def _open_terminal(self) -> tuple[int, int]:
        import termios

        reader, writer = map(aloft, os.openpty())
        settings = termios.tcgetattr(writer)
        settings[1] &= ~termios.OPOST  # the real terminal does this, once
        termios.tcsetattr(writer, termios.TCSANOW, settings)
        try:
            size = fcntl.ioctl(self.saved, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(writer, termios.TIOCSWINSZ, size)
        except OSError:
            pass  # a terminal without a size
        return reader, writer

    def take_writer(self) -> int:
        """Hand the writing end over."""
        writer, self.writer = self.writer, -1
        return writer

    def divert(self) -> None:
        """Let the descriptor lead to the relay."""
        if self.fd >= 0:
            os.dup2(self.writer, self.fd, inheritable=True)
            os.close(self.writer)
            self.writer = -1
        os.close(self.reader)
        self.reader = -1

    def restore(self) -> None:
        """Let the descriptor lead to where it led before."""
        if self.fd >= 0:
            if self.saved >= 0:
                os.dup2(self.saved, self.fd, inheritable=True)
            elif exists(self.fd):
                os.close(self.fd)
        self.forget()

    def forget(self) -> None:
        """Close what was opened."""
        for name in ("saved", "reader", "writer"):
            fd = getattr(self, name, -1)
            if fd >= 0:
                os.close(fd)
            setattr(self, name, -1)
