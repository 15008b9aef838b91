"""Ask for blocks while lines rush in, and for the rest when they cease: the relay's side."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import os

__all__ = ["Pace"]

_SPAN = 0.01  # seconds over which the pace is measured
_FAST = 1 << 15  # bytes in that time
_IDLE = 0.02  # seconds without any after which a rush is over
_SHORT = 1024  # mean size of the writes that are lines
_LONG = 2048  # mean size of those that are blocks
_PATIENCE = 50  # times that blocks are asked for until it is given up


class Pace:
    """The pace of one source.

    Parameters
    ----------
    pid
        The captured process.
    process
        Its descriptor.
    wishes
        Where a wish is written before it is signalled.
    """

    def __init__(self, pid: int, process: int, wishes: int) -> None:
        self._path = f"/proc/{pid}/io"
        self._process = process
        self._wishes = wishes
        self._asked = 0
        self._begin = 0.0
        self._bytes = 0
        self._before: tuple[int, int] | None = None
        self.last = 0.0
        self.state = "lines"  # or "asking", "blocks", "ending", "off"

    def seen(self, count: int, now: float) -> None:
        """Note that `count` bytes came."""
        idle, self.last = now - self.last >= _IDLE, now
        if self.state == "off":
            return
        if idle:
            self._begin, self._bytes, self._before = now, 0, self._count()
        self._bytes += count
        if now - self._begin >= _SPAN:
            if self.state in {"lines", "blocks"}:
                self._judge(fast=self._bytes >= _FAST)
            self._begin, self._bytes = now, 0

    def _judge(self, *, fast: bool) -> None:
        before, self._before = self._before, self._count() if fast else None
        if before is None or self._before is None:
            return
        calls = self._before[0] - before[0]
        written = self._before[1] - before[1]
        # Most of it has to be of the process itself: its children are not asked.
        if self.state == "lines" and calls * _SHORT > written > self._bytes // 2:
            self.state = "asking"
            self._wish(b"b")
        elif self.state == "blocks" and calls * _LONG > max(written, self._bytes // 2):
            self.give_up()  # the lines do not come from the stream that was asked

    def answered(self, answers: bytes) -> None:
        """Note what the process answered."""
        if self.state == "off":
            return
        answer = answers[-1:]
        if answer == b"b":
            self.state, self._before = "blocks", None
        elif answer == b"l":
            self.state = "lines" if self._asked < _PATIENCE else "off"
            self._before = None
        elif self.state in {"asking", "ending"}:
            self._wish(b"b" if self.state == "asking" else b"l")

    def due(self, now: float) -> float | None:
        """Seconds until `rest` has something to do."""
        if self.state not in {"asking", "blocks"}:
            return None
        return max(0.0, self.last + _IDLE - now)

    def rest(self, now: float) -> None:
        """Ask for what is left when no more has come for a while."""
        if self.state in {"asking", "blocks"} and now - self.last >= _IDLE:
            self.state = "ending"
            self._wish(b"l")

    def give_up(self) -> None:
        """Have single lines from now on."""
        self._asked = _PATIENCE
        self.state = "ending"
        self._wish(b"l")

    def _wish(self, wish: bytes) -> None:
        if wish == b"b":
            self._asked += 1
            if self._asked > _PATIENCE:
                self.state = "off"
                return
        try:
            os.write(self._wishes, wish)
            signal.pidfd_send_signal(self._process, signal.SIGURG)
        except OSError:
            self.state = "off"

    def _count(self) -> tuple[int, int] | None:
        """Count the writing calls of the process itself, and the bytes it wrote."""
        try:
            with open(self._path, encoding="ascii") as file:
                values = dict(line.split(": ") for line in file)
            return int(values["syscw"]), int(values["wchar"])
        except (OSError, KeyError, ValueError):
            return None
