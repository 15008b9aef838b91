"""Memory that keeper and standby share, so that one can go on where the other was killed."""

from __future__ import annotations

import marshal
import mmap
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIED, STOPPING, ANSWERED = 0, 1, 2  # flags: the process died; it asked to stop; it was answered
STEP = 1 << 17  # bytes taken at once: they stay in the processor's cache between log and terminal
_LOG = 1 << 18  # bytes for the state of one log
_MARK = 16  # bytes that tell whether a read has happened
_HEADER = 64  # the flags, and behind them the number of standbys
_COUNT = 32
_NUMBER = struct.Struct("=Q")
_FIELDS = 5
_TURN, _INTENDED, _GOT, _PASSED, _OFFSET = range(_FIELDS)
_SLOT = _FIELDS * 8 + STEP
_PAIR = 8 + 2 * _LOG


class Slot:
    """The bytes that a source has taken and not yet dealt with."""

    def __init__(self, memory: mmap.mmap, start: int) -> None:
        self._memory = memory
        self._fields = start
        bytes_at = start + _FIELDS * 8
        self._view = memoryview(memory)[bytes_at : bytes_at + STEP]
        self._mark = os.urandom(_MARK)

    def _get(self, field: int) -> int:
        return int(_NUMBER.unpack_from(self._memory, self._fields + 8 * field)[0])

    def _set(self, field: int, value: int) -> None:
        _NUMBER.pack_into(self._memory, self._fields + 8 * field, value)

    @property
    def turn(self) -> int:
        """Number of the present bytes."""
        return self._get(_TURN)

    def read(self, fd: int, available: int) -> int:
        """Read from `fd` in such a way that a standby can tell what was read; return how much."""
        self._view[:_MARK] = self._mark
        self._set(_INTENDED, available + 1)
        count = os.readv(fd, [self._view[: available or STEP]])
        self._set(_GOT, count)
        return count

    def read_more(self, fd: int, count: int) -> int:
        """Read behind the `count` bytes that are here, as much as there is; return how many now."""
        try:
            while count < STEP and (more := os.readv(fd, [self._view[count:]])):
                count += more
                self._set(_GOT, count)
        except OSError:
            pass  # nothing now, or the end, which the next read tells
        return count

    def content(self, count: int) -> bytes:
        """Return the first `count` bytes."""
        return bytes(self._view[:count])

    def passed(self, count: int) -> None:
        """Note that so many bytes need not be passed on any more."""
        self._set(_PASSED, count)

    @property
    def offset(self) -> int:
        """Where in the original file these bytes begin; -1 if it is no file."""
        return self._get(_OFFSET) - 1

    @offset.setter
    def offset(self, offset: int) -> None:
        self._set(_OFFSET, offset + 1)

    def clear(self) -> None:
        """Note that the bytes have been dealt with."""
        self._set(_GOT, 0)  # first of all: without it the rest is not looked at
        self._set(_OFFSET, 0)
        self._set(_INTENDED, 0)
        self._set(_PASSED, 0)
        self._set(_TURN, self.turn + 1)

    def recover(self) -> tuple[bytes, int, bool]:
        """Return what a killed keeper was dealing with.

        Returns
        -------
        tuple of bytes, int and bool
            The bytes, how many of them had been passed on, and whether bytes were read whose number
            nobody knows how many they were.
        """
        count, intended = self._get(_GOT), self._get(_INTENDED)
        unknown = False
        if not count and intended and self._view[:_MARK] != self._mark:
            # Killed right after reading: the bytes seen in a pipe are those that a read gets.
            count = intended - 1
            unknown = not count
        return self.content(count), self._get(_PASSED), unknown


class SharedState:
    """Shared memory for some sources and logs.

    Parameters
    ----------
    sources, logs
        How many of each.
    """

    def __init__(self, sources: int, logs: int) -> None:
        first = _HEADER + sources * _SLOT
        self._memory = mmap.mmap(-1, first + logs * _PAIR)
        self.slots = [Slot(self._memory, _HEADER + i * _SLOT) for i in range(sources)]
        self._pairs = [first + i * _PAIR for i in range(logs)]

    def save(self, log: int, state: Any) -> None:
        """Keep the state of a log; the former one stands until the new one is complete."""
        data = marshal.dumps(state)
        if len(data) > _LOG:
            data = b""
        pair = self._pairs[log]
        active = _NUMBER.unpack_from(self._memory, pair)[0] >> 32
        start = pair + 8 + (1 - active) * _LOG
        self._memory[start : start + len(data)] = data
        _NUMBER.pack_into(self._memory, pair, (1 - active) << 32 | len(data))

    def load(self, log: int) -> Any:
        """Return the state of a log, None if there is none."""
        pair = self._pairs[log]
        number = _NUMBER.unpack_from(self._memory, pair)[0]
        active, size = number >> 32, number & 0xFFFFFFFF
        start = pair + 8 + active * _LOG
        return marshal.loads(self._memory[start : start + size]) if size else None  # noqa: S302 - our own

    def flag(self, flag: int) -> bool:
        """Return whether `DIED`, `STOPPING` or `ANSWERED` has happened."""
        return bool(self._memory[flag])

    def set_flag(self, flag: int) -> None:
        """Note that it has happened."""
        self._memory[flag] = 1

    def count_standby(self, most: int) -> bool:
        """Count one more standby; return whether there may be one."""
        count = _NUMBER.unpack_from(self._memory, _COUNT)[0]
        _NUMBER.pack_into(self._memory, _COUNT, count + 1)
        return bool(count < most)
