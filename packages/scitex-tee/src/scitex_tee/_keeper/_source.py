"""One captured stream inside the keeper: where bytes come from, and where else they go."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import termios

from ._shared_state import STEP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._protocol import Stream
    from ._kept_log import KeptLog
    from ._shared_state import Slot

_PAGE = 4096  # a pipe that is said to be writable takes this much without blocking
_BOUND = 1 << 18  # what a pseudo-terminal can hold, generously


class Source:
    """The reading end of a captured stream.

    Parameters
    ----------
    stream
        The stream as it was inherited.
    log
        Where its bytes are logged.
    slot
        Where bytes are kept, for a standby, until they have been dealt with.
    number
        Its number.

    Attributes
    ----------
    open
        Whether more can come.
    pending
        Bytes that are in the log and not yet passed on.
    problem
        Why bytes could not be passed on.
    """

    def __init__(self, stream: Stream, log: KeptLog | None, slot: Slot, number: int) -> None:
        self.fd = stream.source
        self.log = log
        self.number = number
        self.terminal = stream.terminal
        self.open = True
        self.pending = memoryview(b"")
        self.problem: str | None = None
        self.original = stream.sink
        self.sink, self._limit = _reopen_nonblocking(stream.sink)
        self.capacity = _BOUND if stream.terminal else _capacity(self.fd)
        self._slot = slot
        self._size = 0  # of the bytes of which some are pending
        self._is_file = self.sink >= 0 and stat.S_ISREG(os.fstat(self.sink).st_mode)
        # What comes from a terminal is passed on at once, for the sake of the order of its streams.
        self._round = STEP if stream.terminal else 8 * STEP
        os.set_blocking(self.fd, False)

    def pump(self, now: float) -> int:
        """Take what is there, but no more than the other streams can wait for; return how much."""
        taken = 0
        while taken < self._round:
            data = self._read()
            if data is None:
                break
            taken += len(data)
            self._take(data, now)
            if self.pending or not self.open or len(data) < STEP:
                break
        return taken

    def push(self) -> bool:
        """Pass pending bytes on; return whether any of them went."""
        view = self.pending
        size = len(view)
        while view:
            try:
                view = view[os.write(self.sink, view[: self._limit]) :]
            except BlockingIOError:
                break
            except OSError as error:
                view = memoryview(b"")
                self._lose_sink(error)
            else:
                if not self._is_file:
                    self._slot.passed(self._size - len(view))
            if self._limit:
                break  # a descriptor that may block is asked again before each page
        self.pending = view
        if not view:
            self._slot.clear()
        return len(view) < size

    def drain(self, now: float) -> bool:
        """Take what has been written until now, without waiting for the end.

        Returns
        -------
        bool
            Whether all is done; false while the original takes no more.
        """
        bound = self.capacity
        while self.open and bound > 0:
            if self.pending and not self.push():
                return False
            if self.pending:
                continue
            data = self._read()
            if data is None:
                break
            bound -= len(data)
            self._take(data, now)
        return not self.pending

    def drain_to_log(self, now: float) -> None:
        """Log what has been written until now, though the original takes no more at present.

        It stays pending, and only here: a standby would not pass it on.
        """
        bound = self.capacity
        while self.pending and self.log is not None and self.open and bound > 0:
            data = self._read()
            if data is None:
                break
            bound -= len(data)
            self.log.take(data, now, self.number, self._slot.turn)
            self.pending = memoryview(b"".join((self.pending, data)))
            self._size += len(data)

    def resume(self, now: float) -> bool:
        """Go on where a killed keeper stopped; return whether bytes may be missing."""
        data, passed, missing = self._slot.recover()
        if self._is_file and self._slot.offset >= 0:  # it may have been killed after writing
            passed = min(os.lseek(self.sink, 0, os.SEEK_CUR) - self._slot.offset, len(data))
        if data:
            if self.log is not None and self.log.turns[self.number] != self._slot.turn:
                self.log.take(data, now, self.number, self._slot.turn)
            self._pass_on(data, passed)
        else:
            self._slot.clear()
        return missing

    def close(self) -> None:
        """Close the reading end, so that writers meet a broken pipe."""
        self.open = False
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _read(self) -> bytes | None:
        """Read some bytes; None when there are none now. At the end, the source is not open."""
        try:
            count = self._slot.read(self.fd, min(_bytes_in(self.fd), STEP))
        except BlockingIOError:
            self._slot.clear()
            return None
        except OSError as error:
            # A pseudo-terminal says EIO when its last writer is gone.
            if error.errno not in {errno.EIO, errno.ENXIO}:
                self.problem = error.strerror
            count = 0
        if not count:
            self._slot.clear()
            self.open = False
            return None
        if self.terminal:  # which gives 4 kB at a time
            count = self._slot.read_more(self.fd, count)
        return self._slot.content(count)

    def _take(self, data: bytes, now: float) -> None:
        """Log bytes, then pass them on as far as the original takes them."""
        if self.log is not None:
            self.log.take(data, now, self.number, self._slot.turn)
        if self._is_file and self.sink >= 0:
            self._slot.offset = os.lseek(self.sink, 0, os.SEEK_CUR)
        self._pass_on(data, 0)

    def _pass_on(self, data: bytes, passed: int) -> None:
        self._size = len(data)
        self.pending = memoryview(data)[passed if self.sink >= 0 else len(data) :]
        if self.pending:
            self.push()
        else:
            self._slot.clear()

    def _lose_sink(self, error: OSError) -> None:
        if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
            self.problem = error.strerror
            return
        os.close(self.sink)
        self.sink = -1
        if error.errno == errno.EPIPE:
            # As without capture: whoever writes to a pipe that nobody reads is to know.
            self.pending = memoryview(b"")
            self._slot.clear()
            self.drain(0.0)
            self.open = False
        elif error.errno not in {errno.EIO, errno.ENXIO}:
            self.problem = error.strerror


def _bytes_in(fd: int) -> int:
    """Return how many bytes can be read, as far as the system knows."""
    try:
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return 0


def _capacity(fd: int) -> int:
    """Return how many bytes a pipe can hold."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    except (AttributeError, OSError):
        return _BOUND


def _reopen_nonblocking(sink: int) -> tuple[int, int | None]:
    """Make `sink` a descriptor that does not block; return it and the most to write at once.

    The flag belongs to the open file, which the user's process shares: hence a new open file for a
    terminal or a pipe. A plain file is never slow for long, and its offset has to stay shared.
    """
    if sink < 0:
        return sink, None
    mode = os.fstat(sink).st_mode
    if stat.S_ISREG(mode) or stat.S_ISBLK(mode):
        return sink, None
    try:
        path = f"/proc/self/fd/{sink}" if sys.platform == "linux" else os.ttyname(sink)
        own = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return sink, _PAGE
    os.dup2(own, sink, inheritable=False)
    os.close(own)
    return sink, None
