"""A second process that waits to go on where the keeper was killed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._kept_log import KeptLog
    from ._shared_state import SharedState
    from ._source import Source

_MOST = 100  # standbys; more kills than that are taken as deliberate
_CLOSE, _SYNC, _QUIT = b"c", b"s", b"q"  # messages of two bytes; the second is a source's number


class Promoted(Exception):  # noqa: N818 - no error: it unwinds to where a keeper begins
    """The keeper was killed, and this process is the keeper now."""


class Standby:
    """The keeper's view of its standby: each notices at once when the other one dies.

    Parameters
    ----------
    sources, logs
        What the standby has open, too.
    state
        What the two share.

    Attributes
    ----------
    life
        Reading end of a pipe that is at its end when the standby is; -1 without a standby.
    """

    def __init__(self, sources: list[Source], logs: list[KeptLog], state: SharedState) -> None:
        self._state = state
        self._sources = sources
        self._logs = logs
        self._messages = -1
        self.life = -1

    def start(self) -> None:
        """Start a standby, also to replace one that has died.

        Raises
        ------
        Promoted
            In the standby, once the keeper is gone.
        """
        self._close()
        if not self._state.count_standby(_MOST):
            return
        life, its_life = os.pipe()
        its_messages, messages = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            os.close(life)
            os.close(messages)
            if not self._wait(its_messages, its_life):
                os._exit(0)
            os.close(its_messages)
            os.close(its_life)
            raise Promoted
        os.close(its_messages)
        os.close(its_life)
        self.life, self._messages = life, messages

    def close_source(self, number: int) -> None:
        """Have it close a source that is over, so that writers get a broken pipe."""
        self._tell(_CLOSE + bytes([number]))

    def sync(self) -> bool:
        """Have it bring the logs to the disk, which may take long; return whether it can."""
        return self._tell(_SYNC + b"\0")

    def dismiss(self) -> None:
        """Have it end."""
        self._tell(_QUIT + b"\0")
        self._close()

    def _tell(self, message: bytes) -> bool:
        if self._messages < 0:
            return False
        try:
            os.write(self._messages, message)
        except OSError:
            return False  # it is gone; the loop sees that and starts another
        return True

    def _close(self) -> None:
        for fd in (self._messages, self.life):
            if fd >= 0:
                os.close(fd)
        self._messages = self.life = -1

    # -- in the standby ------------------------------------------------------------------

    def _wait(self, messages: int, life: int) -> bool:
        """Wait for messages; return whether the keeper was killed."""
        syncer = 0
        while message := os.read(messages, 2):
            kind = message[:1]
            if kind == _QUIT:
                return False
            if kind == _CLOSE:
                for source in self._sources:
                    if source.number == message[1]:
                        source.close()
            elif not syncer or not _runs(syncer):
                syncer = self._sync_apart(messages, life)
        return True

    def _sync_apart(self, messages: int, life: int) -> int:
        """Bring the logs to the disk in a third process, for a busy disk takes its time."""
        try:
            pid = os.fork()
        except OSError:
            return 0
        if pid == 0:
            for fd in (messages, life, *(source.fd for source in self._sources if source.open)):
                os.close(fd)
            for log in self._logs:
                log.sync_for_keeper()
            os._exit(0)
        return pid


def _runs(pid: int) -> bool:
    """Return whether a child is there, of a process that does not wait for children."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
