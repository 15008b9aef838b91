"""One log file: text for reading, and beside it raw bytes where cleaning took something away."""

from __future__ import annotations

import os

from scitex_tee._files import raw_name
from scitex_tee._render import Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scitex_tee._render import Edit

__all__ = ["LogFile"]

SETTLE = 0.2  # seconds after which a line that is being redrawn is shown as it is
_SHRINK = 1.0  # seconds after which it is shown even if the file becomes shorter
_COPY = 1 << 20
_INLINE = 1 << 19  # raw bytes up to here are compressed before the capture says it is done


def _size(name: str, place: int) -> int:
    try:
        return os.stat(name, dir_fd=place).st_size
    except OSError:
        return 0


class LogFile:
    """A log that bytes are fed to.

    The file is only ever written at known offsets, so that whoever takes over after a crash can
    write the same bytes again.

    Parameters
    ----------
    fd
        The open log.
    place
        Its open directory, which may be renamed meanwhile.
    name
        Its name in there; the raw bytes go to the same name ending in ``.raw``.
    raw
        Whether to keep raw bytes.
    columns
        Width of the terminal.
    sources
        How many sources there are.
    save
        Keeps the state for a successor.
    """

    def __init__(
        self,
        fd: int,
        place: int,
        name: str,
        *,
        raw: bool,
        columns: int,
        sources: int,
        save: Callable[[object], None],
    ) -> None:
        self.fd = fd
        self.place = place
        self.name = name
        self.raw_name = raw_name(name)
        self.keep_raw = raw
        self.raw_fd = -1
        self.raw_end = _size(self.raw_name, place)  # an earlier run may have left some
        self.turns = [-1] * sources  # the last bytes of each source that are in the log
        self._save = save
        self.renderer = Renderer(columns)
        self.start = self.end = self.size = os.lseek(fd, 0, os.SEEK_END)
        self._floor = self.start  # nothing in front of it is ever written again
        self.lost = 0
        self.problem: str | None = None
        self.touched = 0.0
        self.dirty = False

    def feed(self, data: bytes, now: float, source: int, turn: int) -> None:
        """Take bytes as they were written; `turn` is their number in that `source`."""
        before = b"" if self.renderer.lossy else self.renderer.held
        was_lossy, end = self.renderer.lossy, self.end
        edit = self.renderer.feed(data)
        if self.renderer.lossy and self.keep_raw:
            if not was_lossy:
                self._begin_raw(end, before)
            self._write_raw(data)
        self._apply(edit)
        self.touched = now
        self.dirty = True
        self.turns[source] = turn
        self.commit()

    def commit(self) -> None:
        """Keep the state for a successor."""
        self._save((
            self.renderer.state(), self.end, self.size, self._floor, self.lost, self.problem,
            self.raw_end, self.raw_fd >= 0, self.keep_raw, self.turns,
        ))  # fmt: skip

    def resume(self, state: Any) -> None:
        """Go on where a killed predecessor stopped."""
        if state is None:
            self.end = self.size = self._floor = os.lseek(self.fd, 0, os.SEEK_END)
            return
        renderer, self.end, self.size, self._floor, self.lost, self.problem = state[:6]
        self.raw_end, raw_open, self.keep_raw, self.turns = state[6:]
        self.renderer = Renderer.from_state(renderer)
        self.size = max(self.size, os.lseek(self.fd, 0, os.SEEK_END))
        if raw_open and self.raw_fd < 0:
            self._open_raw()
        elif not raw_open and self.raw_fd >= 0:
            os.close(self.raw_fd)
            self.raw_fd = -1

    def go_back(self, end: int) -> None:
        """Begin at `end`: what stands behind it in the file is about to be fed."""
        self.start = self.end = self._floor = end

    @property
    def is_complete(self) -> bool:
        """Whether the files say all that was fed, so that `finish` and `compress` do nothing."""
        return self.renderer.at_rest and self.raw_fd < 0 and self.problem is None

    def settle(self, now: float) -> float | None:
        """Show what is at rest; return the seconds after which to ask again, or None."""
        if not self.renderer.unsettled:
            return None
        rest = now - self.touched
        if rest < SETTLE:
            return SETTLE - rest
        self._apply(self.renderer.settle(shrink=rest >= _SHRINK))
        self.commit()
        return max(_SHRINK - rest, 0.01) if rest < _SHRINK else None

    def show_all(self) -> None:
        """Show everything as it stands now."""
        self._apply(self.renderer.settle(shrink=True))

    def finish(self) -> None:
        """Write what is left and close the files."""
        self._apply(self.renderer.finish())

    def sync(self) -> None:
        """Bring what was written to the disk."""
        for fd in (self.fd, self.raw_fd):
            if fd >= 0:
                try:
                    os.fsync(fd)
                except OSError as error:
                    self._fail(error)
        self.dirty = False

    def sync_for_relay(self) -> None:
        """Bring to the disk what another process wrote."""
        if self.raw_fd < 0 and self.keep_raw:
            try:
                self.raw_fd = os.open(self.raw_name, os.O_RDWR | os.O_CLOEXEC, dir_fd=self.place)
            except OSError:
                pass  # no raw bytes until now
        self.sync()

    def close(self) -> None:
        """Close all descriptors."""
        for fd in (self.fd, self.raw_fd, self.place):
            if fd >= 0:
                os.close(fd)
        self.fd = self.raw_fd = self.place = -1

    # -- the text ------------------------------------------------------------------------

    def _apply(self, edit: Edit) -> None:
        back, data = edit
        if not back and not data:
            return
        if self.lost and not self._mark_gap():
            self.lost += len(data)
            return
        start = max(self._floor, self.end - back)
        written = self._write(self.fd, data, start)
        self.end = start + written
        self.lost += len(data) - written
        if self.end < self.size:
            os.ftruncate(self.fd, self.end)
        self.size = self.end

    def _mark_gap(self) -> bool:
        """Write the line that stands where bytes are missing, if there is room again."""
        line = f"\n[scitex-tee: {self.lost} bytes are missing here: {self.problem}]\n".encode()
        written = self._write(self.fd, line, self.end)
        if written < len(line):
            os.ftruncate(self.fd, self.end)
            return False
        self.lost = 0
        self.end += written
        self.size = self._floor = self.end
        return True

    def _write(self, fd: int, data: bytes, offset: int) -> int:
        """Write at `offset`; return how many bytes found room."""
        view = memoryview(data)
        done = 0
        while done < len(data):
            try:
                done += os.pwrite(fd, view[done:], offset + done)
            except OSError as error:
                self._fail(error)
                break
        return done

    def _fail(self, error: OSError) -> None:
        if self.problem is None:
            self.problem = error.strerror or str(error)

    # -- the raw bytes -------------------------------------------------------------------

    def _begin_raw(self, end: int, held: bytes) -> None:
        """Make the raw file: until now the text was the raw bytes."""
        self._open_raw()
        if self.raw_fd < 0:
            return
        offset = self.start
        while offset < end:
            part = os.pread(self.fd, min(_COPY, end - offset), offset)
            if not part:
                break
            offset += len(part)
            self._write_raw(part)
        self._write_raw(held)

    def _open_raw(self) -> None:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self.raw_fd = os.open(self.raw_name, flags, 0o666, dir_fd=self.place)
        except OSError as error:
            self._fail(error)
            self.keep_raw = False

    def _write_raw(self, data: bytes) -> None:
        if self.raw_fd >= 0:
            self.raw_end += self._write(self.raw_fd, data, self.raw_end)

    def compress(self, *, small: bool) -> None:
        """Turn the raw file into a gzip file, if it is small or if `small` is false."""
        if self.raw_fd < 0 or (small and self.raw_end > _INLINE):
            return
        from scitex_tee._squeeze import squeeze

        try:
            squeeze(self.raw_fd, self.place, self.raw_name, sync=not small)
        except OSError as error:
            self._fail(error)
        os.close(self.raw_fd)
        self.raw_fd = -1
