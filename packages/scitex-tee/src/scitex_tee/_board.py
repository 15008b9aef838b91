"""Memory that relay and deputy share, so that one can go on where the other was killed."""

from __future__ import annotations

import marshal
import mmap
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["STEP", "Board", "Slot"]

STEP = 1 << 17  # bytes taken at once: they stay in the processor's cache between log and terminal
_STATE = 1 << 18  # room for the state of one log
_MARK = 16  # bytes that tell whether a read has happened
_FLAGS = 64  # of which the second half is for the number of deputies
_COUNT = 32
_NUMBER = struct.Struct("=Q")
_FIELDS = 5  # turn, intended, got, passed, place in the original
_SLOT = _FIELDS * 8 + STEP
_PAIR = 8 + 2 * _STATE


class Slot:
    """The bytes that a source has taken and not yet dealt with."""

    def __init__(self, memory: mmap.mmap, offset: int) -> None:
        self._memory = memory
        self._offset = offset
        self._start = offset + _FIELDS * 8
        self._view = memoryview(memory)[self._start : self._start + STEP]
        self._mark = os.urandom(_MARK)

    def _get(self, field: int) -> int:
        return int(_NUMBER.unpack_from(self._memory, self._offset + 8 * field)[0])

    def _set(self, field: int, value: int) -> None:
        _NUMBER.pack_into(self._memory, self._offset + 8 * field, value)

    @property
    def turn(self) -> int:
        """Number of the present bytes."""
        return self._get(0)

    def read(self, fd: int, available: int) -> int:
        """Read from `fd`, in such a way that a successor can tell what was read."""
        self._view[:_MARK] = self._mark
        self._set(1, available + 1)
        count = os.readv(fd, [self._view[: available or STEP]])
        self._set(2, count)
        return count

    def read_more(self, fd: int, count: int) -> int:
        """Read behind the `count` bytes that are here, as much as there is; return how many now."""
        try:
            while count < STEP and (more := os.readv(fd, [self._view[count:]])):
                count += more
                self._set(2, count)
        except OSError:
            pass  # nothing now, or the end, which the next read tells
        return count

    def content(self, count: int) -> bytes:
        """Return the first `count` bytes."""
        return bytes(self._view[:count])

    def passed(self, count: int) -> None:
        """Note that so many bytes need not be passed on any more."""
        self._set(3, count)

    @property
    def place(self) -> int:
        """Where in the original file these bytes begin; -1 if it is no file."""
        return self._get(4) - 1

    @place.setter
    def place(self, place: int) -> None:
        self._set(4, place + 1)

    def clear(self) -> None:
        """Note that the bytes have been dealt with."""
        self._set(2, 0)  # first of all: without it the rest is not looked at
        self._set(4, 0)
        self._set(1, 0)
        self._set(3, 0)
        self._set(0, self.turn + 1)

    def rescue(self) -> tuple[bytes, int, bool]:
        """Return what a killed predecessor was dealing with.

        Returns
        -------
        tuple of bytes, int and bool
            The bytes, how many of them had been passed on, and whether there were bytes of which
            nobody knows how many they were.
        """
        count, intended = self._get(2), self._get(1)
        unknown = False
        if not count and intended and self._view[:_MARK] != self._mark:
            # Killed right after reading: the bytes seen in a pipe are those that a read gets.
            count = intended - 1
            unknown = not count
        return self.content(count), self._get(3), unknown


class Board:
    """Shared memory for some sources and logs.

    Parameters
    ----------
    sources, logs
        How many of each.
    """

    def __init__(self, sources: int, logs: int) -> None:
        size = _FLAGS + sources * _SLOT + logs * _PAIR
        self._memory = mmap.mmap(-1, size)
        self.slots = [Slot(self._memory, _FLAGS + i * _SLOT) for i in range(sources)]
        first = _FLAGS + sources * _SLOT
        self._pairs = [first + i * _PAIR for i in range(logs)]

    def save(self, log: int, state: Any) -> None:
        """Keep the state of a log; the former one stands until the new one is complete."""
        data = marshal.dumps(state)
        if len(data) > _STATE:
            data = b""
        offset = self._pairs[log]
        active = _NUMBER.unpack_from(self._memory, offset)[0] >> 32
        start = offset + 8 + (1 - active) * _STATE
        self._memory[start : start + len(data)] = data
        _NUMBER.pack_into(self._memory, offset, (1 - active) << 32 | len(data))

    def load(self, log: int) -> Any:
        """Return the state of a log, None if there is none."""
        offset = self._pairs[log]
        number = _NUMBER.unpack_from(self._memory, offset)[0]
        active, size = number >> 32, number & 0xFFFFFFFF
        start = offset + 8 + active * _STATE
        return marshal.loads(self._memory[start : start + size]) if size else None  # noqa: S302 - our own

    def flag(self, index: int) -> bool:
        """Whether something has happened: see the constants of `_pump`."""
        return bool(self._memory[index])

    def set(self, index: int) -> None:
        """Note that it has happened."""
        self._memory[index] = 1

    def count(self, most: int) -> bool:
        """Count one more deputy; return whether there may be one."""
        hired = _NUMBER.unpack_from(self._memory, _COUNT)[0]
        _NUMBER.pack_into(self._memory, _COUNT, hired + 1)
        return bool(hired < most)
