"""The end of a capture that was over before its relay had begun.

An interpreter takes 20 ms to start, and many a script is done by then. What it wrote still stands
in the pipes: the captured process completes its logs itself and does not wait. A token in a pipe
decides who does it, for only one can take it. Bytes go from the pipe straight into the log, inside
the kernel, so that whoever is killed on the way leaves them in one of the two.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys

from scitex_tee._descriptors import aloft
from scitex_tee._files import forget_raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_tee._log import LogFile

__all__ = ["Brief"]

_PAGE = 4096  # a pipe that is said to be writable takes this much without blocking
_AT_ONCE = 1 << 16
_COLUMNS = 1000
# How much is in a pipe; a few processors give it another number. `termios` alone takes 1 ms.
_FIONREAD = 0x541B
_PLAIN = bytes((*b"\t\n", *range(32, 127)))  # what stands in a log as it came


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
        self._ended = 0

    def add_log(self, fd: int, place: int, name: str, *, raw: bool) -> None:
        """Take over the descriptors of an open log and of its directory."""
        self._logs.append((fd, place, name, raw))

    def forget_raw(self) -> None:
        """Remove the raw bytes that earlier runs have left beside the logs."""
        for _, place, name, _ in self._logs:
            forget_raw(place, name)

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

    def is_drained(self) -> bool:
        """Whether the pipes, once reopened, are empty, and nobody is left who could write there."""
        poller = select.poll()
        for reader in self._readers:
            poller.register(reader, select.POLLIN)
        found = poller.poll(0)
        return len(found) == len(self._readers) and all(e == select.POLLHUP for _, e in found)

    def complete(self) -> list[str] | None:
        """Complete the logs and pass the bytes on, once the descriptors lead where they did before.

        Returns
        -------
        list of str or None
            What went wrong; None if the relay has begun, or is needed for what there is to do.
        """
        if not os.read(self.token, 1):
            return None
        sinks = [fd for fd, _, _ in self._pipes]
        if not all(map(_is_short, self._readers, sinks)):
            return None
        texts = [_Text(*log, sources=len(self._pipes)) for log in self._logs]
        problems = []
        for number, (sink, _, log) in enumerate(self._pipes):
            while data := texts[log].take(self._readers[number], number):
                problems += _pass_on(sink, data)
            self._ended += data is not None
        for text in texts:
            problems += text.finish()
        return problems

    def is_everything(self) -> bool:
        """Whether nobody was left who could write into the pipes when they were empty."""
        return self._ended == len(self._readers)

    def close(self) -> None:
        """Close all descriptors."""
        for fd in [self.token, *self._readers, *(fd for log in self._logs for fd in log[:2])]:
            os.close(fd)
        self._readers.clear()
        self._logs.clear()


class _Text:
    """A log that is completed here. What cleans it is loaded once there is something to clean."""

    def __init__(self, fd: int, place: int, name: str, raw: bool, *, sources: int) -> None:
        self._fd = fd
        self._place = place
        self._name = name
        self._raw = raw
        self._sources = sources
        self._end = os.lseek(fd, 0, os.SEEK_END)
        self._taken = False
        self._log: LogFile | None = None

    def take(self, reader: int, number: int) -> bytes | None:
        """Move something of what is in a pipe into the log, and clean it there.

        Returns
        -------
        bytes or None
            What was moved: no bytes at the end of the pipe, None if more may come.
        """
        start = self._end if self._log is None else self._log.end
        try:
            count = os.splice(reader, self._fd, _AT_ONCE, offset_dst=start)
            data = os.pread(self._fd, count, start) if count else b""
        except BlockingIOError:
            return None
        except OSError:  # this file system cannot: the bytes make a detour
            try:
                data = os.read(reader, _AT_ONCE)
            except BlockingIOError:
                return None
            count = 0
        if not data:
            return data
        self._taken = True
        if self._log is None and count and not data.translate(None, _PLAIN):
            self._end += count
            return data
        if self._log is None:
            self._log = self._open_log()
        self._log.size = max(self._log.size, start + count)
        self._log.feed(data, 0.0, number, 0)
        return data

    def _open_log(self) -> LogFile:
        from scitex_tee._log import LogFile

        log = LogFile(
            self._fd, self._place, self._name, raw=self._raw, columns=_COLUMNS,
            sources=self._sources, save=lambda _state: None,
        )  # fmt: skip
        log.go_back(self._end)
        return log

    def finish(self) -> list[str]:
        """Complete the log; return what went wrong."""
        problem = None
        if self._log is not None:
            self._log.finish()
            self._log.compress(small=True)
            os.ftruncate(self._fd, self._log.end)
            problem = self._log.problem
        if self._taken:
            # Has the system begin to write, and waits for nothing; fsync takes 10 ms.
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return [] if problem is None else [f"{self._name}: {problem}"]


def _is_short(reader: int, sink: int) -> bool:
    """Whether what is in the pipe can be passed on without waiting."""
    try:
        size = int.from_bytes(fcntl.ioctl(reader, _FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return False
    if not size:
        return True
    kind = os.fstat(sink)
    if stat.S_ISREG(kind.st_mode) or os.path.samestat(kind, os.stat(os.devnull)):
        return True
    poller = select.poll()
    poller.register(sink, select.POLLOUT)
    return size <= _PAGE and bool(poller.poll(0))


def _pass_on(sink: int, data: bytes) -> list[str]:
    try:
        os.write(sink, data)
    except OSError as error:
        import errno

        if error.errno not in {errno.EPIPE, errno.EIO, errno.ENXIO}:
            return [f"output could not be passed on: {error.strerror}; it is in the log"]
    return []
