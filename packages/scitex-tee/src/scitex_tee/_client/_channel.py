"""One captured descriptor: put a pipe or pseudo-terminal there, and put back what was there."""

from __future__ import annotations

import fcntl
import os

_HIGH = 20  # above the numbers under which the keeper inherits its descriptors
_PIPE = 1 << 20


def dup_high(fd: int) -> int:
    """Move a new descriptor away from 0, 1 and 2, which may be closed; never inherited."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    finally:
        os.close(fd)


def exists(fd: int) -> bool:
    """Return whether `fd` is open."""
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


class Channel:
    """A captured descriptor.

    Parameters
    ----------
    fd
        1 or 2, or -1 for a channel that replaces no descriptor, only a text stream.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.saved = self.reader = self.writer = -1
        self.terminal = False
        self._pipe = 0  # inode of the pipe
        if fd >= 0 and exists(fd):
            self.saved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
            self.terminal = os.isatty(fd)
        try:
            if self.terminal:
                self._open_terminal()
            else:
                self._open_pipe()
        except OSError:
            self.close()
            raise

    def _open_pipe(self) -> None:
        self.reader, self.writer = map(dup_high, os.pipe())
        self._pipe = os.fstat(self.reader).st_ino
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            try:
                fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, _PIPE)
            except OSError:
                pass  # the user has many pipes already; the usual size does, a little slower

    def _open_terminal(self) -> None:
        import termios

        self.reader, self.writer = map(dup_high, os.openpty())
        settings = termios.tcgetattr(self.writer)
        settings[1] &= ~termios.OPOST  # the real terminal does this, once
        termios.tcsetattr(self.writer, termios.TCSANOW, settings)
        try:
            size = fcntl.ioctl(self.saved, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(self.writer, termios.TIOCSWINSZ, size)
        except OSError:
            pass  # a terminal without a size

    def divert(self) -> None:
        """Let the descriptor lead to the keeper.

        From here on this process has no reading end, so that a writer meets a broken pipe, and
        does not block for ever, when every keeper is gone.
        """
        if self.fd >= 0:
            os.dup2(self.writer, self.fd, inheritable=True)
            os.close(self.writer)
            self.writer = -1
        os.close(self.reader)
        self.reader = -1

    def reopen(self) -> int:
        """Open a reading end of the pipe; return -1 if the descriptor does not lead there (now).

        Raises
        ------
        OSError
            If the system has no ``/proc``.
        """
        reader = os.open(f"/proc/self/fd/{self.fd}", os.O_RDONLY | os.O_NONBLOCK)
        if self._pipe and os.fstat(reader).st_ino == self._pipe:
            return reader
        os.close(reader)
        return -1

    def restore(self) -> None:
        """Let the descriptor lead to where it led before."""
        if self.fd >= 0:
            if self.saved >= 0:
                os.dup2(self.saved, self.fd, inheritable=True)
            elif exists(self.fd):
                os.close(self.fd)
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        for fd in (self.saved, self.reader, self.writer):
            if fd >= 0:
                os.close(fd)
        self.saved = self.reader = self.writer = -1


class PipeSink:
    """Writes what a text stream gets to the pipe of a channel that replaces no descriptor."""

    def __init__(self, channel: Channel) -> None:
        self._fd, channel.writer = channel.writer, -1

    def write(self, data: bytes) -> None:
        """Write all of `data`; nothing is raised when the keeper is gone."""
        view = memoryview(data)
        while view and self._fd >= 0:
            try:
                view = view[os.write(self._fd, view) :]
            except BrokenPipeError:
                self.close()

    def close(self) -> None:
        """Close the pipe."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
