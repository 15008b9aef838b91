"""Pseudo-terminals that stand for a real one: the same size, the same modes, the same keys."""

from __future__ import annotations

import fcntl
import os
import sys
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._poller import Poller

_INPUT, _LOCAL, _CHARACTERS = 0, 3, 6  # in what `termios.tcgetattr` returns
# What decides how keys reach a program: by the line or one by one, shown or not, as a signal.
_KEY_MODES = {
    _INPUT: termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON | termios.ISTRIP,
    _LOCAL: termios.ICANON | termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN,
}
_COUNTS = (termios.VMIN, termios.VTIME)
_AT_ONCE = 4096


class Terminals:
    """The streams of the captured process that are at a terminal.

    Parameters
    ----------
    poller
        What waits.
    pid
        The process.
    terminals
        For each master of a pseudo-terminal the terminal behind it.
    """

    def __init__(self, poller: Poller, pid: int, terminals: dict[int, int]) -> None:
        self._poller = poller
        self._pid = pid
        self._terminals = [_Terminal(pty, real) for pty, real in terminals.items()]

    def __bool__(self) -> bool:
        return bool(self._terminals)

    def follow(self, *, keys: bool) -> bool:
        """Copy window sizes and modes from one side to the other; return whether a size changed.

        Parameters
        ----------
        keys
            Whether to pass on modes and keys, too: not any more when the process is over.
        """
        resized = False
        for terminal in list(self._terminals):
            try:
                resized |= terminal.follow_size()
                if keys:
                    terminal.follow_modes()
                    self._listen(terminal)
            except OSError:  # nobody is left at the pseudo-terminal, or the terminal is gone
                self._leave(terminal)
                self._terminals.remove(terminal)
        return resized

    def _listen(self, terminal: _Terminal) -> None:
        if terminal.keys >= 0 and not terminal.wants_keys():
            self._poller.watch(terminal.keys, reading=True, on=False)
            terminal.close_keys()
        elif terminal.keys < 0 and terminal.wants_keys() and terminal.is_read(self._pid):
            terminal.open_keys()
            self._poller.watch(terminal.keys, reading=True)

    def pass_on(self, ready: int) -> None:
        """Pass keys on, if `ready` is a descriptor that has some."""
        for terminal in self._terminals:
            if ready == terminal.keys >= 0:
                terminal.pass_on()

    def restore(self) -> None:
        """Restore terminal modes that a program changed and did not restore."""
        for terminal in self._terminals:
            self._leave(terminal)

    def _leave(self, terminal: _Terminal) -> None:
        if terminal.keys >= 0:
            self._poller.watch(terminal.keys, reading=True, on=False)
            terminal.close_keys()
        terminal.restore()


class _Terminal:
    """The two sides of one stream at a terminal.

    Pagers and full-screen programs ask the descriptor that they print to for single keys. That is
    the pseudo-terminal, while the keys come from the real one: so it is asked, too, and put back
    when they put theirs back. And some, like `less`, open the terminal that they print to for
    reading: then keys are passed on to it.
    """

    def __init__(self, pty: int, real: int) -> None:
        self._pty = pty
        self._real = real
        self._size: bytes | None = None
        # Not those that this one has now: a program may already have changed them.
        self._usual = _modes_of_new_terminal()
        self._asked = self._usual
        self._saved: list[Any] | None = None  # the terminal's modes, while they are changed
        self.keys = -1

    def follow_size(self) -> bool:
        """Copy the size of the real terminal; return whether it changed."""
        size = fcntl.ioctl(self._real, termios.TIOCGWINSZ, b"\0" * 8)
        if self._size is None:  # the window may have changed while this one started
            self._size = fcntl.ioctl(self._pty, termios.TIOCGWINSZ, b"\0" * 8)
        if size == self._size:
            return False
        self._size = size
        fcntl.ioctl(self._pty, termios.TIOCSWINSZ, size)
        return True

    def follow_modes(self) -> None:
        """Ask of the terminal what a program has asked of the pseudo-terminal."""
        try:
            self._asked = _modes_of_keys(self._pty)
            if self._asked == self._usual:
                self.restore()
                return
            now = termios.tcgetattr(self._real)
            if self._saved is None:
                self._saved = now
            wanted = [*now[:_CHARACTERS], list(now[_CHARACTERS])]
            for field, mask in _KEY_MODES.items():
                wanted[field] = now[field] & ~mask | self._asked[field]
            for index, count in self._asked[_CHARACTERS].items():
                wanted[_CHARACTERS][index] = count
            if wanted != now:
                termios.tcsetattr(self._real, termios.TCSANOW, wanted)
        except termios.error:
            return  # one of the two is gone

    def restore(self) -> None:
        """Put the terminal's own modes back."""
        if self._saved is None:
            return
        saved, self._saved = self._saved, None
        try:
            termios.tcsetattr(self._real, termios.TCSANOW, saved)
        except termios.error:
            return  # the terminal is gone

    def wants_keys(self) -> bool:
        """Whether a program has asked for single keys."""
        return not self._asked[_LOCAL] & termios.ICANON

    def is_read(self, pid: int) -> bool:
        """Whether a child of process `pid` has opened the pseudo-terminal to read there."""
        if sys.platform != "linux":
            return False
        name = f"/dev/pts/{_fdinfo('self', self._pty).get('tty-index')}"
        return any(_has_open_to_read(child, name) for child in _children(pid))

    def open_keys(self) -> None:
        """Begin to read keys from the real terminal."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        self.keys = os.open(f"/proc/self/fd/{self._real}", flags)

    def close_keys(self) -> None:
        """Leave the keys to others."""
        os.close(self.keys)
        self.keys = -1

    def pass_on(self) -> None:
        """Pass the keys on that were pressed."""
        try:
            os.write(self._pty, os.read(self.keys, _AT_ONCE))
        except OSError:
            return  # somebody else has read them


def _modes_of_keys(terminal: int) -> dict[int, Any]:
    """Return those modes of a terminal that are about keys, by their index in its attributes."""
    found = termios.tcgetattr(terminal)
    modes: dict[int, Any] = {field: found[field] & mask for field, mask in _KEY_MODES.items()}
    by_line = modes[_LOCAL] & termios.ICANON  # then these mean something else, or nothing
    modes[_CHARACTERS] = {} if by_line else {i: found[_CHARACTERS][i] for i in _COUNTS}
    return modes


def _modes_of_new_terminal() -> dict[int, Any]:
    """Return the modes that are about keys, as a pseudo-terminal has them at first."""
    ends = os.openpty()
    try:
        return _modes_of_keys(ends[0])
    finally:
        for end in ends:
            os.close(end)


def _fdinfo(pid: int | str, fd: int | str) -> dict[str, str]:
    """Return what Linux tells of an open descriptor."""
    with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
        pairs = (line.partition(":") for line in file)
        return {name: value.strip() for name, _, value in pairs}


def _children(pid: int) -> Iterator[int]:
    """Yield the descendants of a process."""
    pending = [str(pid)]
    while pending:
        tasks = f"/proc/{pending.pop()}/task"
        try:
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/children", encoding="ascii") as file:
                    found = file.read().split()
                pending += found
                yield from map(int, found)
        except OSError:
            continue  # it has just ended


def _has_open_to_read(pid: int, name: str) -> bool:
    """Whether a process has a file of that name open for reading only."""
    fds = f"/proc/{pid}/fd"
    try:
        for fd in os.listdir(fds):
            if os.readlink(f"{fds}/{fd}") == name:
                flags = _fdinfo(pid, fd).get("flags", "2")
                if int(flags, 8) & os.O_ACCMODE == os.O_RDONLY:
                    return True
    except OSError:
        return False  # it has just ended, or is somebody else's
    return False


def width(terminal: int) -> int:
    """Return the number of columns of a terminal, 0 if unknown."""
    try:
        return os.get_terminal_size(terminal).columns
    except OSError:
        return 0
