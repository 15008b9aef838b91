"""Capture of the descriptors 1 and 2 by way of a keeper process: on POSIX systems."""

from __future__ import annotations

import os
import sys

from .._log._logfile import LogFile, open_log
from .._protocol import DONE, FIRST, STOP, Log, Setup, Stream, is_answer_to_stop, problems_in
from ._channel import Channel, PipeSink, dup_high
from ._early_stop import EarlyStop
from ._launch import kill, launch, process_fd
from ._streams import ELSEWHERE, Swap, flush, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._tee import Sink

_NAMES = {1: "stdout", 2: "stderr"}


class DescriptorCapture:
    """The running capture of this process.

    Parameters
    ----------
    paths
        Log of descriptor 1, log of descriptor 2; None for a descriptor that is left alone.
    append, raw, if_killed
        As in `Capture`.
    """

    def __init__(
        self,
        paths: Sequence[str | None],
        *,
        append: bool,
        raw: bool,
        if_killed: Sequence[str],
    ) -> None:
        self.problem: str | None = None
        self._raw = raw
        self._logs: list[tuple[int, int, str]] = []
        self._channels: list[Channel] = []
        self._numbers: list[int] = []  # for each channel, the number of its log
        self._plan: dict[str, tuple[int, str, Sink | None]] = {}
        self._undo: list[Callable[[], None]] = []
        self._swap: Swap | None = None
        self._keeper = -1
        # The reading end stays open here, too: an order to nobody must not raise SIGPIPE.
        self._order_reader, self._orders = map(dup_high, os.pipe())
        self._answers, answer_writer = map(dup_high, os.pipe())
        process = process_fd(os.getpid())
        self._early = EarlyStop()
        self._inherited = [
            self._order_reader,
            answer_writer,
            process if process >= 0 else self._order_reader,
            self._early.token,
        ]
        setup = Setup(os.getpid(), _cwd(), list(if_killed), has_process_fd=process >= 0)
        try:
            self._open(paths, setup, append=append)
            flush()
            self._keeper = launch(setup.to_arguments(), self._inherited)
            for channel in self._channels:
                channel.divert()
            self._swap = Swap(self._plan)
        except BaseException:
            os.write(self._orders, STOP)
            self._restore_streams()
            for channel in self._channels:
                channel.restore()
            self._close_all()
            raise
        finally:
            for fd in (answer_writer, process):
                if fd >= 0:
                    os.close(fd)
        if len(self._channels) == len(paths) and all(c.terminal for c in self._channels):
            self._take_turns()

    def _open(self, paths: Sequence[str | None], setup: Setup, *, append: bool) -> None:
        """Open logs and channels and describe them to the keeper."""
        known: dict[str, int] = {}
        for number, path in zip((1, 2), paths, strict=True):
            if path is None:
                continue
            if path not in known:
                known[path] = len(known)
                log, directory, name = open_log(path, append=append)
                self._logs.append((dup_high(log), dup_high(directory), name))
                log, directory, _ = self._logs[-1]
                setup.logs.append(
                    Log(self._inherit(log), self._inherit(directory), name, raw=self._raw)
                )
            how = relation(_NAMES[number], number)
            self._add_channel(number, known[path], setup)
            sink = None
            if how == ELSEWHERE:
                self._add_channel(-1, known[path], setup)
                sink = PipeSink(self._channels[-1])
            self._plan[_NAMES[number]] = (number, how, sink)

    def _add_channel(self, fd: int, log: int, setup: Setup) -> None:
        channel = Channel(fd)
        self._channels.append(channel)
        self._numbers.append(log)
        source, sink = self._inherit(channel.reader), self._inherit(channel.saved)
        setup.streams.append(Stream(log, source, sink, terminal=channel.terminal))

    def _inherit(self, fd: int) -> int:
        """Have the keeper inherit a descriptor; return its number over there."""
        if fd < 0:
            return -1
        self._inherited.append(fd)
        return FIRST + len(self._inherited) - 1

    def _take_turns(self) -> None:
        """Have the two streams take turns at the terminal."""
        from ._turns import Turns, put_in_order

        turns = Turns(self._orders, self._answers)
        for fd, name in _NAMES.items():
            undo = put_in_order(getattr(sys, name), fd, turns)
            if undo is not None:
                self._undo.append(undo)

    # -- the end -------------------------------------------------------------------------

    def stop(self) -> None:
        """Put everything back and complete the logs."""
        self._restore_streams()
        self._early.reopen(self._channels)
        for channel in self._channels:
            channel.restore()
        try:
            if self._early.take_token(self._channels):
                problems = self._complete()
            else:
                problems = self._ask_keeper()
            self.problem = "; ".join(problems) or None
        finally:
            self._close_all()

    def _restore_streams(self) -> None:
        """Put the text streams back as they were."""
        for undo in self._undo:
            undo()
        if self._swap is not None:
            self._swap.undo()

    def _complete(self) -> list[str]:
        """Complete the logs instead of the keeper, which has not begun."""
        logs = [LogFile(*log, raw=self._raw) for log in self._logs]
        problems = self._early.complete(self._channels, self._numbers, logs)
        if not (self._early.nobody_writes() and kill(self._keeper)):
            os.write(self._orders, DONE)
        return problems

    def _ask_keeper(self) -> list[str]:
        """Wait until the keeper has written everything."""
        os.write(self._orders, STOP)
        answer = b""
        while not is_answer_to_stop(answer):
            part = os.read(self._answers, 4096)
            if not part:
                return ["the process that keeps the logs was killed"]
            answer += part
        return problems_in(answer)

    def _close_all(self) -> None:
        for channel in self._channels:
            channel.close()
        self._early.close()
        logs = [fd for log in self._logs for fd in log[:2]]
        for fd in (self._orders, self._order_reader, self._answers, self._keeper, *logs):
            if fd >= 0:
                os.close(fd)


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"  # removed meanwhile
