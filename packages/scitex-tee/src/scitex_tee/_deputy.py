"""A second process that waits to go on where the relay was killed."""

from __future__ import annotations

import os

__all__ = ["Deputy", "Promoted"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_tee._board import Board
    from scitex_tee._log import LogFile
    from scitex_tee._source import Source

_MOST = 100  # deputies; somebody who kills them faster than that does not want them


class Promoted(Exception):  # noqa: N818 - no error: it unwinds to where a relay begins
    """The relay was killed, and this process is the relay now."""


class Deputy:
    """The relay's view of its deputy: each notices at once when the other one dies.

    Parameters
    ----------
    sources, logs
        What the deputy has open, too.
    board
        What the two share.
    """

    def __init__(self, sources: list[Source], logs: list[LogFile], board: Board) -> None:
        self._board = board
        self._sources = sources
        self._logs = logs
        self._line = -1  # messages to the deputy
        self.sign = -1  # at its end when the deputy is

    def hire(self) -> None:
        """Start a deputy.

        Raises
        ------
        Promoted
            In the deputy, once the relay is gone.
        """
        self._forget()
        if not self._board.count(_MOST):
            return
        sign, own_sign = os.pipe()
        own_line, line = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            os.close(sign)
            os.close(line)
            if not self._wait(own_line, own_sign):
                os._exit(0)
            os.close(own_line)
            os.close(own_sign)
            raise Promoted
        os.close(own_line)
        os.close(own_sign)
        self.sign, self._line = sign, line

    def close_source(self, number: int) -> None:
        """Have it close a source that is over, so that writers notice."""
        self._tell(b"c" + bytes([number]))

    def sync(self) -> bool:
        """Have it bring the logs to the disk, which may take long; return whether it can."""
        return self._tell(b"y\0")

    def dismiss(self) -> None:
        """Have it end."""
        self._tell(b"q\0")
        self._forget()

    def _tell(self, message: bytes) -> bool:
        if self._line < 0:
            return False
        try:
            os.write(self._line, message)
        except OSError:
            return False  # it is gone; the loop sees that and hires another
        return True

    def _forget(self) -> None:
        for fd in (self._line, self.sign):
            if fd >= 0:
                os.close(fd)
        self._line = self.sign = -1

    # -- in the deputy -------------------------------------------------------------------

    def _wait(self, line: int, sign: int) -> bool:
        """Wait for messages; return whether to take over."""
        syncer = 0
        while message := os.read(line, 2):
            order = message[:1]
            if order == b"q":
                return False
            if order == b"c":
                for source in self._sources:
                    if source.number == message[1]:
                        source.close()
            elif not syncer or not _runs(syncer):
                syncer = self._sync_apart(line, sign)
        return True

    def _sync_apart(self, line: int, sign: int) -> int:
        """Bring the logs to the disk in a third process, for a busy disk takes its time."""
        try:
            pid = os.fork()
        except OSError:
            return 0
        if pid == 0:
            for fd in (line, sign, *(source.fd for source in self._sources if source.open)):
                os.close(fd)
            for log in self._logs:
                log.sync_for_relay()
            os._exit(0)
        return pid


def _runs(pid: int) -> bool:
    """Whether a child is there, of one who does not wait for children."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
