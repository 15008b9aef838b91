"""The order among two streams that end up on one terminal.

Each stream has a pseudo-terminal of its own, and the system does not tell when bytes were written
to which. So Python's streams say it: before something is written to the one, what the other one
wrote has to be on the terminal. That costs some 0.05 ms, but only where a script changes between
its streams, and only at a terminal.
"""

from __future__ import annotations

import os
import select
from _io import BufferedWriter, FileIO, TextIOWrapper
from _thread import allocate_lock
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

__all__ = ["Turns", "put_in_order"]

_LONGEST = (
    0.1  # seconds that a stream waits: a stuck terminal or log keeper must not stop the script
)


class Turns:
    """Whose turn it is to write.

    Parameters
    ----------
    orders, answers
        Descriptors: to the relay, from the relay.
    """

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = orders
        self._answers = answers
        self._lock = allocate_lock()
        self._due = 0
        self._owner = os.getpid()
        self.last = -1

    def take(self, fd: int) -> None:
        """Wait until what was written elsewhere is where it belongs."""
        if not self._lock.acquire(blocking=False):
            return  # two threads at once: then there is no order
        try:
            first, self.last = self.last < 0, fd
            if not first and os.getpid() == self._owner:
                self._wait()
        finally:
            self._lock.release()

    def _wait(self) -> None:
        os.write(self._orders, b"o")
        self._due += 1
        deadline = monotonic() + _LONGEST
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while self._due and (left := deadline - monotonic()) > 0:
            if poll.poll(left * 1000):
                answer = os.read(self._answers, 64)
                self._due -= len(answer) or self._due
                if not answer:
                    self.last = -1


class _OrderedFile(FileIO):
    """A descriptor that asks for its turn before it writes."""

    def __init__(self, fd: int, name: object, turns: Turns) -> None:
        super().__init__(fd, "w", closefd=False)
        self.name = name
        self._fd = fd
        self._turns = turns

    def write(self, data: Any, /) -> int | None:  # type: ignore[override] # as io.RawIOBase has it
        if self._turns.last != self._fd:
            self._turns.take(self._fd)
        return super().write(data)


def put_in_order(stream: TextIO | None, fd: int, turns: Turns) -> Callable[[], None] | None:
    """Let a standard stream wait for its turn, in place: all references to it stay good.

    Returns
    -------
    callable or None
        What puts everything back; None if that stream is no ordinary one.
    """
    if type(stream) is not TextIOWrapper or stream.fileno() != fd:
        return None
    old = stream.buffer
    raw = _OrderedFile(fd, getattr(old, "name", fd), turns)
    new = BufferedWriter(raw) if isinstance(old, BufferedWriter) else raw

    def change(buffer: Any) -> None:
        stream.flush()
        options = {name: getattr(stream, name) for name in _OPTIONS}
        stream.__init__(buffer, newline="\n", **options)  # type: ignore[misc] # in place, see above

    change(new)
    return lambda: change(old) if stream.buffer is new else None


_OPTIONS = ("encoding", "errors", "line_buffering", "write_through")
