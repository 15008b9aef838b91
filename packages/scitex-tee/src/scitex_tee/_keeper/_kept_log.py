"""A log as the keeper writes it: in time, and so that its standby can go on at any instant."""

from __future__ import annotations

import os

from .._log._logfile import LogFile
from .._log._renderer import Renderer
from .._log._screen import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._protocol import Log
    from ._shared_state import SharedState

_SETTLE = 0.2  # seconds after which a line that is being redrawn is shown as it is
_SHRINK = 1.0  # seconds after which it is shown even if the file becomes shorter


class KeptLog(LogFile):
    """A log whose state is shared with a standby.

    Parameters
    ----------
    log
        The log as it was inherited.
    number
        Its number.
    state
        Where its state is kept for the standby.
    columns
        Width of the terminal, 0 if there is none.
    """

    def __init__(self, log: Log, number: int, state: SharedState, columns: int) -> None:
        super().__init__(log.fd, log.directory, log.name, raw=log.raw, columns=columns or COLUMNS)
        self._number = number
        self._state = state
        self._written = 0.0  # when something was written last
        self.turns = [-1] * len(state.slots)  # the last bytes of each source that are in the log
        self.dirty = False  # whether something was written since the last `sync`

    def take(self, data: bytes, now: float, source: int, turn: int) -> None:
        """Write bytes; `turn` is their number in that `source`."""
        self.write(data)
        self._written = now
        self.dirty = True
        self.turns[source] = turn
        self.commit()

    def commit(self) -> None:
        """Keep the state for the standby."""
        self._state.save(self._number, (
            self._renderer.state(), self.end, self.size, self._floor, self._lost, self.problem,
            self.raw_end, self.raw_fd >= 0, self._keep_raw, self.turns,
        ))  # fmt: skip

    def resume(self) -> None:
        """Go on where a killed keeper stopped."""
        state = self._state.load(self._number)
        if state is None:
            self.continue_at_end()
            return
        renderer, self.end, self.size, self._floor, self._lost, self.problem = state[:6]
        self.raw_end, raw_open, self._keep_raw, self.turns = state[6:]
        self._renderer = Renderer.from_state(renderer)
        self.size = max(self.size, os.lseek(self.fd, 0, os.SEEK_END))
        if raw_open and self.raw_fd < 0:
            self._open_raw()
        elif not raw_open and self.raw_fd >= 0:
            os.close(self.raw_fd)
            self.raw_fd = -1

    def continue_at_end(self) -> None:
        """Go on behind what another process wrote, of which no more is known."""
        self.end = self.size = self._floor = os.lseek(self.fd, 0, os.SEEK_END)

    def settle(self, now: float) -> float | None:
        """Show what has not moved for a while; return the seconds until the next call, or None."""
        if not self._renderer.unsettled:
            return None
        rest = now - self._written
        if rest < _SETTLE:
            return _SETTLE - rest
        self._apply(self._renderer.settle(shrink=rest >= _SHRINK))
        self.commit()
        return max(_SHRINK - rest, 0.01) if rest < _SHRINK else None

    def sync(self) -> None:
        """Wait until everything that was written is on the disk."""
        super().sync()
        self.dirty = False

    def sync_for_keeper(self) -> None:
        """Wait until what another process, the keeper, wrote is on the disk."""
        if self.raw_fd < 0 and self._keep_raw:
            try:
                self.raw_fd = os.open(self.raw_name, os.O_RDWR, dir_fd=self.directory)
            except OSError:
                pass  # no raw bytes until now
        self.sync()
