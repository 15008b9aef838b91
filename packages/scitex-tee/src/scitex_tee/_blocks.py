"""Whole blocks instead of single lines, while a script prints lines by the ten thousand.

To write each line at once costs 0.5 microseconds a line: nothing, until a script prints a million
of them. So the process that keeps the logs, which sees how fast they come, then asks for blocks,
and asks for the rest as soon as no more come: no line waits longer than some 0.02 seconds. It asks
by SIGURG, which does nothing where nobody handles it.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import os
import sys

from scitex_tee._descriptors import aloft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import TextIOWrapper

__all__ = ["Blocks"]

_present: list[Blocks] = []


class Blocks:
    """A stream that can be asked for blocks.

    Parameters
    ----------
    stream
        Standard output, which writes each line at once.
    orders
        Descriptor for the answers: ``b`` blocks from now on, ``l`` lines, ``x`` ask again.
    """

    def __init__(self, stream: TextIOWrapper, orders: int) -> None:
        self._stream = stream
        self._orders = orders
        self._owner = os.getpid()
        self._later = b"l"
        self._reader, self.wishes = map(aloft, os.pipe())
        os.set_blocking(self._reader, False)
        signal.signal(signal.SIGURG, self._obey)
        signal.siginterrupt(signal.SIGURG, False)
        _present.append(self)

    @staticmethod
    def possible() -> bool:
        """Whether this is the main thread, and nobody uses that signal."""
        if not hasattr(signal, "pidfd_send_signal") or signal.getsignal(signal.SIGURG) != 0:
            return False
        try:
            signal.signal(signal.SIGURG, signal.SIG_DFL)
        except ValueError:
            return False  # not the main thread
        return True

    def _obey(self, _number: int, _frame: object) -> None:
        try:
            wish = os.read(self._reader, 64)[-1:]
        except OSError:
            return  # nothing is wished any more
        if not self._do(wish):
            # It came while the stream was writing, as most do. The next call is a better moment.
            self._later = wish
            if sys.getprofile() is None:
                sys.setprofile(self._at_next_event)
            else:
                os.write(self._orders, b"x")

    def _at_next_event(self, _frame: object, _event: str, _argument: object) -> None:
        if self._do(self._later):
            sys.setprofile(None)

    def _do(self, wish: bytes) -> bool:
        """Do as wished and say so; return false if the stream is busy."""
        try:
            self._stream.reconfigure(line_buffering=wish != b"b")
        except RuntimeError:
            return False
        except (OSError, ValueError):
            wish = b"l"  # nobody reads, or it is closed: the next print will say so
        os.write(self._orders, wish)
        return True

    def end(self) -> None:
        """Be asked no more."""
        _present.remove(self)
        try:
            if signal.getsignal(signal.SIGURG) == self._obey:
                signal.signal(signal.SIGURG, signal.SIG_DFL)
        except ValueError:
            pass  # not the main thread: a handler is left that does nothing
        os.close(self._reader)
        self._reader = -1

    def lines_again(self) -> None:
        """Write single lines, in a forked child, which nobody asks."""
        if os.getpid() != self._owner:
            self._stream.reconfigure(line_buffering=True)


def lines_in_child() -> None:
    """See to it that a forked child writes single lines."""
    for one in _present:
        one.lines_again()
