"""Waiting for descriptors, in the order in which something happened on them."""

from __future__ import annotations

import select

__all__ = ["Poller"]


class Poller:
    """`select.epoll` where it exists: it reports in the order of arrival; else `select.poll`."""

    def __init__(self) -> None:
        self.known: dict[int, bool] = {}
        if hasattr(select, "epoll"):
            self.epoll = True
            self.poller: select.epoll | select.poll = select.epoll()
        else:
            self.epoll = False
            self.poller = select.poll()

    def close(self) -> None:
        """Let the other process's poller be."""
        if isinstance(self.poller, select.epoll):
            self.poller.close()

    def watch(self, fd: int, *, reading: bool, on: bool = True) -> None:
        """Watch `fd`, or watch it no more."""
        if on == self.known.get(fd, False):
            return
        self.known[fd] = on
        try:
            if on:
                self.poller.register(fd, select.POLLIN if reading else select.POLLOUT)
            else:
                self.poller.unregister(fd)
        except OSError:
            pass  # closed descriptors leave by themselves; plain files are always ready

    def wait(self, seconds: float | None) -> list[int]:
        """Return descriptors that are ready."""
        if seconds is not None and not self.epoll:
            seconds *= 1000
        return [fd for fd, _ in self.poller.poll(seconds)]
