"""The end of a capture that was over before its relay had begun.

An interpreter takes 20 ms to start, and many a script is done by then. What it wrote still stands
in the pipes: the captured process completes its logs itself and does not wait. A token in a pipe
decides who does it, for only one can take it. Bytes go from the pipe straight into the log, inside
the kernel, so that whoever is killed on the way leaves them in one of the two.
"""

from __future__ import annotations

import os
import stat
import sys

from scitex_tee._descriptors import aloft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_tee._log import LogFile

__all__ = ["Brief"]

_PAGE = 4096  # a pipe that is said to be writable takes this much without blocking
_COLUMNS = 1000


class Brief:
    """What is needed to complete the logs of a short capture here.

    Attributes
    ----------
    token
        Reading end of the pipe with the token: one byte, then the end.
    """

    def __init__(self) -> None:
        self.token, writer = map(aloft, os.pipe())
        os.write(writer, b"t")
        os.close(writer)
        self._logs: list[tuple[int, int, str, bool]] = []
        self._pipes: list[tuple[int, int, int]] = []  # descriptor, inode of its pipe, log
        self._readers: list[int] = []

    def add_log(self, fd: int, place: int, name: str, *, raw: bool) -> None:
        """Take over the descriptors of an open log and of its directory."""
        self._logs.append((fd, place, name, raw))

    def add_pipe(self, fd: int, log: int) -> None:
        """Remember the pipe that descriptor `fd` leads to, and the number of its log."""
        self._pipes.append((fd, os.fstat(fd).st_ino, log))

    def reopen(self) -> bool:
        """Open the pipes for reading, while the descriptors lead there; return whether all are."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            for fd, inode, _ in self._pipes:
                found = os.fstat(fd)
                if not stat.S_ISFIFO(found.st_mode) or found.st_ino != inode:
                    return False
                self._readers.append(os.open(f"/proc/self/fd/{fd}", flags))
        except OSError:
            return False
        return hasattr(os, "splice")

    def complete(self) -> list[str] | None:
        """Complete the logs and pass the bytes on, once the descriptors lead where they did before.

        Returns
        -------
        list of str or None
            What went wrong; None if the relay has begun, or is needed for what there is to do.
        """
        sinks = [fd for fd, _, _ in self._pipes]
        if not all(map(_is_short, self._readers, sinks)) or not os.read(self.token, 1):
            return None
        from scitex_tee._log import LogFile

        problems = []
        files = [
            LogFile(
                fd, place, name, raw=raw, columns=_COLUMNS, sources=len(self._pipes),
                save=lambda _state: None,
            )
            for fd, place, name, raw in self._logs
        ]  # fmt: skip
        for number, (sink, _, log) in enumerate(self._pipes):
            data = _take(self._readers[number], files[log], number)
            if data:
                problems += _pass_on(sink, data)
        for file in files:
            file.finish()
            file.compress(small=True)
            if file.dirty:
                os.ftruncate(file.fd, file.end)
                # Has the system begin to write, and waits for nothing; fsync takes 10 ms.
                os.posix_fadvise(file.fd, 0, 0, os.POSIX_FADV_DONTNEED)
            if file.problem is not None:
                problems.append(f"{file.name}: {file.problem}")
        return problems

    def is_everything(self) -> bool:
        """Whether nobody is left who could write into the pipes."""
        import select

        poller = select.poll()
        for reader in self._readers:
            poller.register(reader, select.POLLIN)
        return [event for _, event in poller.poll(0)] == [select.POLLHUP] * len(self._readers)

    def close(self) -> None:
        """Close all descriptors."""
        for fd in [self.token, *self._readers, *(fd for log in self._logs for fd in log[:2])]:
            os.close(fd)
        self._readers.clear()
        self._logs.clear()


def _is_short(reader: int, sink: int) -> bool:
    """Whether what is in the pipe can be passed on without waiting."""
    import fcntl
    import select
    import termios

    size = int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)
    poller = select.poll()
    poller.register(sink, select.POLLOUT)
    return size <= _PAGE and bool(poller.poll(0))


def _take(reader: int, log: LogFile, number: int) -> bytes:
    """Move what is in the pipe into the log, then clean it there."""
    start = log.end
    try:
        count = os.splice(reader, log.fd, 16 * _PAGE, offset_dst=start)
        data = os.pread(log.fd, count, start)
        log.size = max(log.size, start + count)
    except BlockingIOError:  # nothing was written
        return b""
    except OSError:  # this file system cannot: the bytes make a detour
        try:
            data = os.read(reader, 16 * _PAGE)
        except BlockingIOError:
            return b""
    log.feed(data, 0.0, number, 0)
    return data


def _pass_on(sink: int, data: bytes) -> list[str]:
    try:
        os.write(sink, data)
    except OSError as error:
        import errno

        if error.errno not in {errno.EPIPE, errno.EIO, errno.ENXIO}:
            return [f"output could not be passed on: {error.strerror}; it is in the log"]
    return []
