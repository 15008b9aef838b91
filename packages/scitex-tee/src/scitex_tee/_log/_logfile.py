"""One log on disk: text for reading, and beside it the raw bytes where cleaning removed some."""

from __future__ import annotations

import os
import zlib

from ._renderer import Renderer
from ._screen import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._renderer import Edit

SMALL = 1 << 19  # raw bytes up to here are compressed before a capture reports that it is done
_STEP = 1 << 20
_GZIP = 31  # zlib's name for "gzip header, 32 kB window"
_HAS_DIR_FD = os.open in os.supports_dir_fd  # not on Windows
_BINARY = getattr(os, "O_BINARY", 0)  # Windows alone has it, and needs it


class LogFile:
    """A log that takes bytes as a program wrote them.

    Everything is written at known offsets, so that a process that takes over after a crash can
    write the same bytes again.

    Parameters
    ----------
    fd, directory, name
        What `open_log` returned. The raw bytes go to the same name ending in ``.raw``.
    raw
        Whether to keep raw bytes.
    columns
        Width of the terminal.

    Attributes
    ----------
    problem
        Why the log lacks bytes; None if it lacks none.
    """

    def __init__(
        self, fd: int, directory: int, name: str, *, raw: bool = True, columns: int = COLUMNS
    ) -> None:
        self.fd = fd
        self.directory = directory
        self.name = name
        self.raw_name = raw_name(name)
        self.raw_fd = -1
        self.raw_end = _size(self.raw_name, directory)  # an earlier run may have left some
        self.problem: str | None = None
        self._keep_raw = raw
        self._renderer = Renderer(columns)
        self.start = self.end = self.size = os.lseek(fd, 0, os.SEEK_END)
        self._floor = self.start  # nothing in front of it is ever written again
        self._lost = 0

    def write(self, data: bytes) -> None:
        """Take bytes; a full disk is noted in `problem`, not raised."""
        renderer, end = self._renderer, self.end
        was_lossy = renderer.lossy
        before = b"" if was_lossy else renderer.held
        edit = renderer.feed(data)
        if renderer.lossy and self._keep_raw:
            if not was_lossy:
                self._begin_raw(end, before)
            self._write_raw(data)
        self._apply(edit)

    def show_all(self) -> None:
        """Show everything as it stands now, also a line that is being redrawn."""
        self._apply(self._renderer.settle(shrink=True))

    def finish(self) -> None:
        """Write what is left. Nothing may be written afterwards."""
        self._apply(self._renderer.finish())
        if self.end < self.size:
            os.ftruncate(self.fd, self.end)
            self.size = self.end

    def note_in_file(self, count: int) -> None:
        """Note that the next `count` bytes to be written stand at the end of the file already."""
        self.size = max(self.size, self.end + count)

    def compress(self, limit: int | None = None, *, sync: bool = True) -> None:
        """Turn the raw file into a gzip file, unless it is larger than `limit`.

        With `sync` the result is on the disk before the raw file is removed.
        """
        if self.raw_fd < 0 or (limit is not None and self.raw_end > limit):
            return
        try:
            _compress(self.raw_fd, self.raw_name, self.directory, sync=sync)
            os.close(self.raw_fd)  # first, for the sake of Windows
            self.raw_fd = -1
            os.unlink(self.raw_name, dir_fd=_dir_fd(self.directory))
        except OSError as error:
            self._fail(error)

    def sync(self) -> None:
        """Wait until everything that was written is on the disk."""
        for fd in (self.fd, self.raw_fd):
            if fd >= 0:
                try:
                    os.fsync(fd)
                except OSError as error:
                    self._fail(error)

    def release(self) -> None:
        """Close all descriptors and leave the files as they are."""
        for fd in (self.fd, self.raw_fd, self.directory):
            if fd >= 0:
                os.close(fd)
        self.fd = self.raw_fd = self.directory = -1

    def close(self) -> None:
        """Complete the log and close it. Harmless if it is closed."""
        if self.fd >= 0:
            self.finish()
            self.compress()
            self.release()

    # -- the text ------------------------------------------------------------------------

    def _apply(self, edit: Edit) -> None:
        back, data = edit
        if not back and not data:
            return
        if self._lost and not self._mark_gap():
            self._lost += len(data)
            return
        start = max(self._floor, self.end - back)
        written = self._write_at(self.fd, data, start)
        self.end = start + written
        self._lost += len(data) - written
        if self.end < self.size:
            os.ftruncate(self.fd, self.end)
        self.size = self.end

    def _mark_gap(self) -> bool:
        """Write the line that stands where bytes are missing; return whether it was written."""
        line = f"\n[scitex-tee: {self._lost} bytes are missing here: {self.problem}]\n".encode()
        written = self._write_at(self.fd, line, self.end)
        if written < len(line):
            os.ftruncate(self.fd, self.end)
            return False
        self._lost = 0
        self.end += written
        self.size = self._floor = self.end
        return True

    def _write_at(self, fd: int, data: bytes, offset: int) -> int:
        """Write at `offset`; return how many bytes were written."""
        view = memoryview(data)
        done = 0
        try:
            os.lseek(fd, offset, os.SEEK_SET)  # Windows has no pwrite
            while done < len(data):
                done += os.write(fd, view[done:])
        except OSError as error:
            self._fail(error)
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
            os.lseek(self.fd, offset, os.SEEK_SET)
            part = os.read(self.fd, min(_STEP, end - offset))
            if not part:
                break
            offset += len(part)
            self._write_raw(part)
        self._write_raw(held)

    def _open_raw(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | _BINARY
        try:
            self.raw_fd = os.open(self.raw_name, flags, 0o666, dir_fd=_dir_fd(self.directory))
        except OSError as error:
            self._fail(error)
            self._keep_raw = False

    def _write_raw(self, data: bytes) -> None:
        if self.raw_fd >= 0:
            self.raw_end += self._write_at(self.raw_fd, data, self.raw_end)


def open_log(path: str, *, append: bool) -> tuple[int, int, str]:
    """Open a log, making its directory; without `append` also remove what an earlier run left.

    Returns
    -------
    tuple of int, int and str
        Descriptor of the file; descriptor of its directory, which may be renamed meanwhile; name
        in that directory. On Windows the directory is -1 and the name a full path.

    Raises
    ------
    OSError
        If that cannot be; also if raw bytes of an earlier run cannot be removed, which would be
        taken for those of this one.
    """
    folder, name = os.path.split(os.path.abspath(path))
    directory = -1
    if _HAS_DIR_FD:
        try:
            directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    else:
        os.makedirs(folder, exist_ok=True)
        name = os.path.join(folder, name)
    fd = -1
    try:
        flags = os.O_RDWR | os.O_CREAT | _BINARY | (0 if append else os.O_TRUNC)
        fd = os.open(name, flags, 0o666, dir_fd=_dir_fd(directory))
        if not append:
            _remove_raw(directory, name)
    except OSError:
        for opened in (fd, directory):
            if opened >= 0:
                os.close(opened)
        raise
    return fd, directory, name


def raw_name(name: str) -> str:
    """Name of the raw file beside a log."""
    return name.removesuffix(".log") + ".raw"


def _remove_raw(directory: int, name: str) -> None:
    for stale in (raw_name(name), raw_name(name) + ".gz"):
        try:
            os.unlink(stale, dir_fd=_dir_fd(directory))
        except FileNotFoundError:
            pass  # as it should be


def _dir_fd(directory: int) -> int | None:
    return directory if directory >= 0 else None


def _size(name: str, directory: int) -> int:
    try:
        return os.stat(name, dir_fd=_dir_fd(directory)).st_size
    except OSError:
        return 0


def _compress(source: int, name: str, directory: int, *, sync: bool) -> None:
    """Write what descriptor `source` has to ``name.gz``, which appears whole.

    An existing ``name.gz`` is continued: a gzip file may have several members.
    """
    at = _dir_fd(directory)
    final = name + ".gz"
    folder, last = os.path.split(final)
    staged = os.path.join(folder, f".{last}.{os.getpid()}")
    target = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666, dir_fd=at)
    try:
        try:
            _copy_existing(final, directory, target)
            packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
            os.lseek(source, 0, os.SEEK_SET)
            while part := os.read(source, _STEP):
                _write_all(target, packer.compress(part))
            _write_all(target, packer.flush())
            if sync:
                os.fsync(target)
        finally:
            os.close(target)
        os.replace(staged, final, src_dir_fd=at, dst_dir_fd=at)
    except OSError:
        os.unlink(staged, dir_fd=at)
        raise


def _copy_existing(name: str, directory: int, target: int) -> None:
    try:
        fd = os.open(name, os.O_RDONLY | _BINARY, dir_fd=_dir_fd(directory))
    except FileNotFoundError:
        return
    try:
        while part := os.read(fd, _STEP):
            _write_all(target, part)
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
