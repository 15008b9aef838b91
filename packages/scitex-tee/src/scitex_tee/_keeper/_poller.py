"""Wait for descriptors of the keeper."""

from __future__ import annotations

import select


class Poller:
    """Waits for descriptors, by epoll where it exists: it reports them in the order of arrival."""

    def __init__(self) -> None:
        self._watched: set[int] = set()
        self._poller: select.epoll | select.poll
        if hasattr(select, "epoll"):
            self._poller, self._second = select.epoll(), 1
        else:
            self._poller, self._second = select.poll(), 1000

    def close(self) -> None:
        """Close what was inherited from the process that made it."""
        if self._second == 1:
            self._poller.close()  # type: ignore[union-attr]

    def watch(self, fd: int, *, reading: bool, on: bool = True) -> None:
        """Watch `fd`, or watch it no more."""
        if on == (fd in self._watched):
            return
        try:
            if on:
                self._watched.add(fd)
                self._poller.register(fd, select.POLLIN if reading else select.POLLOUT)
            else:
                self._watched.discard(fd)
                self._poller.unregister(fd)
        except OSError:
            pass  # closed descriptors leave by themselves; plain files are always ready

    def wait(self, seconds: float | None) -> list[int]:
        """Return descriptors that are ready."""
        timeout = None if seconds is None else seconds * self._second
        return [fd for fd, _ in self._poller.poll(timeout)]
