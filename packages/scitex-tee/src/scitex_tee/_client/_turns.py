"""The order among two streams that end up on one terminal.

Each stream has a pseudo-terminal of its own, and the system does not tell to which of them bytes
were written first. So Python's streams take turns: before something is written to one of them, what
the other one wrote has to be on the terminal. That costs some 0.05 ms, but only where a script
changes between its streams, and only at a terminal.
"""

from __future__ import annotations

import io
import os
import select
import threading
import time

from .._protocol import TURN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

_LONGEST = 0.1  # seconds that a write waits: a stuck terminal or keeper must not stop the script


class Turns:
    """Which stream writes at present.

    Parameters
    ----------
    orders, answers
        Descriptors: to the keeper, from the keeper.
    """

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = orders
        self._answers = answers
        self._lock = threading.Lock()
        self._unanswered = 0
        self._owner = os.getpid()
        self.last = -1

    def take(self, fd: int) -> None:
        """Wait until what was written to the other stream is where it belongs."""
        if not self._lock.acquire(blocking=False):
            return  # two threads at once: then there is no order
        try:
            first, self.last = self.last < 0, fd
            if not first and os.getpid() == self._owner:
                self._wait()
        finally:
            self._lock.release()

    def _wait(self) -> None:
        os.write(self._orders, TURN)
        self._unanswered += 1
        deadline = time.monotonic() + _LONGEST
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while self._unanswered and (left := deadline - time.monotonic()) > 0:
            if poll.poll(left * 1000):
                answer = os.read(self._answers, 64)
                self._unanswered -= len(answer) or self._unanswered
                if not answer:
                    self.last = -1


class _OrderedFile(io.FileIO):
    """A descriptor that takes its turn before it writes."""

    def __init__(self, fd: int, name: object, turns: Turns) -> None:
        super().__init__(fd, "w", closefd=False)
        self.name = name
        self._fd = fd
        self._turns = turns

    def write(self, data: Any, /) -> int | None:  # type: ignore[override] # as io.RawIOBase has it
        if self._turns.last != self._fd:
            self._turns.take(self._fd)
        return super().write(data)


_OPTIONS = ("encoding", "errors", "line_buffering", "write_through")


def put_in_order(stream: TextIO | None, fd: int, turns: Turns) -> Callable[[], None] | None:
    """Let a standard stream take turns, in place: all references to it stay good.

    Returns
    -------
    callable or None
        What puts everything back; None if that stream is no ordinary one.
    """
    if type(stream) is not io.TextIOWrapper or stream.fileno() != fd:
        return None
    old = stream.buffer
    raw = _OrderedFile(fd, getattr(old, "name", fd), turns)
    new = io.BufferedWriter(raw) if isinstance(old, io.BufferedWriter) else raw

    def change(buffer: Any) -> None:
        stream.flush()
        options = {name: getattr(stream, name) for name in _OPTIONS}
        stream.__init__(buffer, newline="\n", **options)  # type: ignore[misc] # as said above

    change(new)
    return lambda: change(old) if stream.buffer is new else None
