"""Complete the logs of a capture that stops before its keeper has started.

An interpreter takes 20 ms to start, and many a script is done by then. What it wrote still stands
in the pipes, so the captured process moves it to the logs itself and does not wait. A token in a
pipe decides who does it, for only one process can read it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
import sys
import termios

from ._channel import dup_high

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._log._logfile import LogFile
    from ._channel import Channel

_PAGE = 4096  # a pipe that is said to be writable takes this much without blocking


class EarlyStop:
    """Decides whether this process completes the logs, and does so.

    Attributes
    ----------
    token
        Reading end of the pipe with the token: one byte, then the end.
    """

    def __init__(self) -> None:
        self.token, writer = map(dup_high, os.pipe())
        os.write(writer, b"t")
        os.close(writer)
        self._readers: list[int] = []
        self._sizes: list[int] = []

    def reopen(self, channels: Sequence[Channel]) -> None:
        """Open the pipes for reading while the descriptors still lead there."""
        try:
            if all(channel.fd >= 0 and channel.saved >= 0 for channel in channels):
                self._readers += [channel.reopen() for channel in channels]
        except OSError:
            pass  # no Linux

    def take_token(self, channels: Sequence[Channel]) -> bool:
        """Return whether this process is to complete the logs: all others then leave them alone.

        It is where the keeper has not begun, and what stands in the pipes can be passed on to the
        original descriptors, restored by now, without waiting.
        """
        if not self._readers or -1 in self._readers or not hasattr(os, "splice"):
            return False
        self._sizes = [_bytes_in(reader) for reader in self._readers]
        if not all(_takes(c.fd, size) for c, size in zip(channels, self._sizes, strict=True)):
            return False
        return bool(os.read(self.token, 1))

    def complete(
        self, channels: Sequence[Channel], numbers: Sequence[int], logs: Sequence[LogFile]
    ) -> list[str]:
        """Write what the pipes have to the logs and pass it on; return what went wrong.

        Parameters
        ----------
        channels
            The captured descriptors, restored by now.
        numbers
            For each of them, the number of its log.
        logs
            The logs.
        """
        problems: list[str] = []
        for channel, number, reader, size in zip(
            channels, numbers, self._readers, self._sizes, strict=True
        ):
            for data in _move(reader, size, logs[number]):
                problems += _pass_on(channel.fd, data)
        for log in logs:
            log.finish()
            log.compress(sync=False)
            # Has the system begin to write to the disk; to wait for that takes 10 ms.
            os.posix_fadvise(log.fd, 0, 0, os.POSIX_FADV_DONTNEED)
            if log.problem is not None:
                problems.append(f"{log.name}: {log.problem}")
        return problems

    def nobody_writes(self) -> bool:
        """Return whether no child of the script has the pipes open, and they are empty."""
        poller = select.poll()
        for reader in self._readers:
            poller.register(reader, select.POLLIN)
        found = poller.poll(0)
        return len(found) == len(self._readers) and all(e == select.POLLHUP for _, e in found)

    def close(self) -> None:
        """Close all descriptors."""
        for fd in (self.token, *self._readers):
            if fd >= 0:
                os.close(fd)
        self.token = -1
        self._readers = []


def _bytes_in(reader: int) -> int:
    return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)


def _takes(sink: int, size: int) -> bool:
    """Return whether a descriptor takes so many bytes without blocking."""
    kind = os.fstat(sink)
    if not size or stat.S_ISREG(kind.st_mode) or os.path.samestat(kind, os.stat(os.devnull)):
        return True
    poller = select.poll()
    poller.register(sink, select.POLLOUT)
    return size <= _PAGE and bool(poller.poll(0))


def _move(reader: int, size: int, log: LogFile) -> list[bytes]:
    """Move `size` bytes from a pipe to a log; return them.

    They go there inside the kernel first and are cleaned in place, so that at every instant a
    killed process leaves them in one of the two.
    """
    moved = []
    while size:
        count = 0
        try:
            count = os.splice(reader, log.fd, size, offset_dst=log.end)
            data = os.pread(log.fd, count, log.end)
        except OSError:  # this file system cannot, or is full: by way of this process
            data = os.read(reader, size)
        if not data:
            break
        log.note_in_file(count)
        log.write(data)
        moved.append(data)
        size -= len(data)
    return moved


def _pass_on(sink: int, data: bytes) -> list[str]:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(sink, view) :]
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.EIO, errno.ENXIO}:
            return [f"output could not be passed on: {error.strerror}; it is in the log"]
    return []
