"""Capture through a relay process: the way of POSIX systems."""

from __future__ import annotations

import os
import sys

from scitex_tee import _sign, _spawn
from scitex_tee._blocks import Blocks
from scitex_tee._brief import Brief
from scitex_tee._descriptors import Channel, aloft
from scitex_tee._files import open_log
from scitex_tee._streams import Swap, flush, flushes_c, in_blocks, leads_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scitex_tee._tee import Sink

__all__ = ["Relayed"]

_NAMES = {1: "stdout", 2: "stderr"}
_STOP, _DONE = b"s", b"d"


class Relayed:
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
        self._given: list[int] = []
        self._undo: list[Callable[[], None]] = []
        self._borrowed: list[int] = []
        self._channels: list[Channel] = []
        self._plan: dict[str, tuple[int, str, Sink | None]] = {}
        # Its reading end stays open here, too: an order to nobody must not raise SIGPIPE.
        self._order_reader, self._orders = map(aloft, os.pipe())
        self._answers, answer_writer = map(aloft, os.pipe())
        self._borrowed.append(answer_writer)
        self._give(self._order_reader)
        self._give(answer_writer)
        self._targets: list[int] = []  # for each channel, the number of its log
        self._brief = Brief()
        self._sign = _sign.Sign(_sign.make())
        self._relay = -1
        self._swap: Swap | None = None
        start: _spawn.Start | None = None
        try:
            arguments = self._describe(paths, append=append, raw=raw)
            arguments += self._offer_blocks()
            start = _spawn.Start(
                [*arguments, *(["--", *if_killed] if if_killed else [])], self._given
            )
            # From here on the shell takes its time: what can wait until now costs nothing.
            flush()
            if not append:
                self._brief.forget_raw()
            for channel, log in zip(self._channels, self._targets, strict=True):
                channel.divert()
                if channel.fd >= 0:
                    self._brief.add_pipe(channel.fd, log)
            self._swap = Swap(self._plan)
            flushes_c()  # the end asks that again
            self._relay = start.finish()
        except BaseException:
            if start is not None:
                start.abandon()
            self._release_streams()
            for channel in self._channels:
                channel.restore()
            self._close_all()
            raise
        finally:
            for fd in self._borrowed:
                os.close(fd)
        if len(self._channels) == len(paths) and all(c.terminal for c in self._channels):
            self._keep_order()

    def _give(self, fd: int) -> int:
        """Have a descriptor passed on; return its number over there."""
        if fd < 0:
            return fd
        self._given.append(fd)
        return len(self._given) + 2

    def _describe(self, paths: Sequence[str | None], *, append: bool, raw: bool) -> list[str]:
        """Open everything and describe it on the relay's command line."""
        try:
            process = aloft(os.pidfd_open(os.getpid()))
            self._borrowed.append(process)
        except (AttributeError, OSError):
            process = -1  # not Linux: the relay asks for the process from time to time
        self._give(process if process >= 0 else self._order_reader)
        self._give(self._brief.token)
        arguments = ["--pid", str(os.getpid()), "--cwd", _cwd(), "--watch", str(int(process >= 0))]
        arguments += ["--sign", str(self._give(self._sign.fd))]
        known: dict[str, int] = {}
        for number, path in zip((1, 2), paths, strict=True):
            if path is None:
                continue
            if path not in known:
                known[path] = len(known)
                log, place, name = open_log(path, append=append)
                log, place = aloft(log), aloft(place)
                self._brief.add_log(log, place, name, raw=raw)
                arguments += ["--log", f"{self._give(log)},{self._give(place)},{int(raw)},{name}"]
            how = leads_to(_NAMES[number], number)
            arguments += self._channel(number, known[path])
            sink = None
            if how == "apart":
                arguments += self._channel(-1, known[path])
                from scitex_tee._tee import PipeSink

                sink = PipeSink(self._channels[-1].take_writer())
            self._plan[_NAMES[number]] = (number, how, sink)
        return arguments

    def _offer_blocks(self) -> list[str]:
        """Let the relay ask for blocks where standard output, by itself, writes blocks."""
        stream = in_blocks("stdout", 1)
        channel = self._channels[0]
        if stream is None or channel.fd != 1 or channel.terminal or not Blocks.possible():
            return []
        blocks = Blocks(stream, self._orders)
        self._undo.append(blocks.end)
        self._borrowed.append(blocks.wishes)
        return ["--wishes", str(self._give(blocks.wishes))]

    def _channel(self, number: int, log: int) -> list[str]:
        channel = Channel(number)
        self._channels.append(channel)
        self._targets.append(log)
        reader, saved = self._give(channel.reader), self._give(channel.saved)
        return ["--stream", f"{log},{reader},{saved},{int(channel.terminal)}"]

    def _keep_order(self) -> None:
        """Have the two streams take turns at the terminal."""
        from scitex_tee._order import Turns, put_in_order

        turns = Turns(self._orders, self._answers)
        for fd, name in _NAMES.items():
            undo = put_in_order(getattr(sys, name), fd, turns)
            if undo is not None:
                self._undo.append(undo)

    # -- the end -------------------------------------------------------------------------

    def stop(self) -> None:
        """Put everything back and complete the logs."""
        self._release_streams()
        alone = all(channel.fd >= 0 and channel.saved >= 0 for channel in self._channels)
        may_be_brief = alone and self._brief.reopen()
        for channel in self._channels:
            channel.restore()
        try:
            if may_be_brief and self._is_dealt_with():
                os.write(self._orders, _STOP)  # which leaves it nothing to do but to end
                return
            problems = self._brief.complete() if may_be_brief else None
            if problems is None:
                os.write(self._orders, _STOP)
                self.problem = self._answer()
            else:
                if not self._brief.is_everything() or not _spawn.dismiss(self._relay):
                    os.write(self._orders, _DONE)
                self.problem = "; ".join(problems) or None
        finally:
            self._close_all()

    def _release_streams(self) -> None:
        """Put the text streams back as they were."""
        for undo in self._undo:
            undo()
        if self._swap is not None:
            self._swap.undo()

    def _is_dealt_with(self) -> bool:
        """Whether the relay has completed the logs and nothing can come any more."""
        # Looked at first because it is quicker, and last because only then it counts.
        return self._sign.is_up() and self._brief.is_drained() and self._sign.is_up()

    def _answer(self) -> str | None:
        """Wait until the relay has written everything; return what went wrong."""
        answer = b""
        while not answer.endswith(b"\0"):
            part = os.read(self._answers, 4096)
            if not part:
                return "the process that keeps the logs was killed"
            answer += part
        words = answer[:-1].lstrip(b"o")  # late answers to those who waited for their turn
        _, *problems = words.decode("utf-8", "replace").split("\n")
        return "; ".join(problems) or None

    def _close_all(self) -> None:
        for channel in self._channels:
            channel.forget()
        self._brief.close()
        for fd in (self._orders, self._order_reader, self._answers, self._relay, self._sign.fd):
            if fd >= 0:
                os.close(fd)


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"  # removed meanwhile
