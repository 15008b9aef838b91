"""A sign at the relay's door: all that it took in has been dealt with.

The captured process that finds it up, and its pipes empty, need not wait for the relay, which on a
busy machine may take its time to wake. The sign is down before anything is taken in; so whoever
sees first that the pipes are empty, and then that it is up, knows that the logs are complete.
"""

from __future__ import annotations

import os

from scitex_tee._descriptors import aloft

__all__ = ["Sign", "make"]

_UP, _DOWN = b"\1", b"\0"


def make() -> int:
    """Return a descriptor of a sign that is down; -1 where the system has none."""
    try:
        return aloft(os.memfd_create("scitex-tee"))
    except (AttributeError, OSError):
        return -1


class Sign:
    """One of the two views of a sign.

    Parameters
    ----------
    fd
        What `make` returned.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._last = b""

    def put(self, *, up: bool) -> None:
        """Put it up or down."""
        new = _UP if up else _DOWN
        if new != self._last and self.fd >= 0:
            os.pwrite(self.fd, new, 0)
            self._last = new

    def is_up(self) -> bool:
        """Whether it is up."""
        return self.fd >= 0 and os.pread(self.fd, 1, 0) == _UP
