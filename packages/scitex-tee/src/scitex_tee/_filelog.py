"""A cleaned log written by this process itself, on any system."""

from __future__ import annotations

import os

from scitex_tee._render import Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["FileLog"]


class FileLog:
    """A log for one stream.

    Parameters
    ----------
    path
        The log. Its directory is made.
    append
        Continue an existing log.
    raw
        Keep the raw bytes when cleaning takes something away.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, append: bool = False, raw: bool = True
    ) -> None:
        path = os.path.abspath(os.fspath(path))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not append or not os.path.exists(path):
            open(path, "wb").close()
        self._file: BinaryIO | None = open(path, "r+b", buffering=0)  # noqa: SIM115 - kept
        self._start = self._end = self._file.seek(0, os.SEEK_END)
        self._raw_path = (path.removesuffix(".log") + ".raw") if raw else None
        self._raw: BinaryIO | None = None
        self._renderer = Renderer()
        self.problem: str | None = None

    def write(self, data: bytes) -> None:
        """Take bytes; a full disk is noted in `problem`, not raised."""
        if self._file is None:
            return
        renderer = self._renderer
        was_lossy, held, end = renderer.lossy, renderer.held, self._end
        edit = renderer.feed(data)
        try:
            if renderer.lossy and self._raw_path is not None:
                if not was_lossy:
                    self._begin_raw(self._raw_path, end, held)
                if self._raw is not None:
                    self._raw.write(data)
            self._apply(*edit)
        except OSError as error:
            self.problem = self.problem or error.strerror or str(error)

    def _begin_raw(self, path: str, end: int, held: bytes) -> None:
        assert self._file is not None  # noqa: S101 - the caller looked
        self._raw = open(path, "wb", buffering=0)  # noqa: SIM115 - closed in close()
        self._file.seek(self._start)
        self._raw.write(self._file.read(end - self._start) + held)

    def _apply(self, back: int, data: bytes) -> None:
        if self._file is None or not (back or data):
            return
        self._file.seek(self._end - back)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._end = self._file.tell()
        if back > len(data):
            self._file.truncate(self._end)

    def close(self) -> None:
        """Complete the log."""
        if self._file is None:
            return
        try:
            self._apply(*self._renderer.finish())
            if self._raw is not None and self._raw_path is not None:
                self._raw.close()
                _pack(self._raw_path)
        except OSError as error:
            self.problem = self.problem or error.strerror or str(error)
        self._file.close()
        self._file = None


def _pack(path: str) -> None:
    """Turn a raw file into a gzip file."""
    import gzip
    import shutil

    aside = f"{path}.gz.{os.getpid()}"
    with open(path, "rb") as source, gzip.open(aside, "wb", 6) as target:
        shutil.copyfileobj(source, target)
    os.replace(aside, path + ".gz")
    os.unlink(path)
