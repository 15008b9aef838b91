"""A text stream that also goes to a log, for places that have no descriptors to capture."""

from __future__ import annotations

import io
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol, TextIO

    class Sink(Protocol):
        """Something that takes the bytes for a log."""

        def write(self, data: bytes, /) -> object:
            """Take bytes."""

        def close(self) -> None:
            """Take no more."""


class Tee(io.TextIOBase):
    r"""A text stream that writes to another one and to a log.

    Whatever is not about writing (``fileno``, ``isatty``, ``encoding``, and attributes that only
    that kind of stream has) is that of the stream underneath.

    Parameters
    ----------
    stream
        The text stream that output goes to as before.
    log
        A path, or an object with ``write(bytes)`` and ``close()``. A path gets cleaned text, as
        everywhere in this package.

    Examples
    --------
    >>> import io
    >>> screen = io.StringIO()
    >>> with Tee(screen, "progress.log") as out:
    ...     print("50%", end="\r", file=out)
    ...     print("100%", file=out)
    >>> screen.getvalue()
    '50%\r100%\n'
    """

    def __init__(self, stream: TextIO, log: str | os.PathLike[str] | Sink) -> None:
        self._stream = stream
        self._buffer: _BinaryTee | None = None
        if isinstance(log, (str, os.PathLike)):
            from ._log._logfile import LogFile, open_log

            log = LogFile(*open_log(os.fspath(log), append=False))
        self._log: Sink | None = log

    # -- writing -------------------------------------------------------------------------

    def write(self, text: str) -> int:
        """Write to the stream, then to the log."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._stream.write(text)
        self._log_bytes(text.encode("utf-8", "surrogateescape"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override] # text, not bytes
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream; the log never waits."""
        self._stream.flush()

    def close(self) -> None:
        """Stop logging. The stream underneath stays open: it is not this object's."""
        log, self._log = self._log, None
        if log is not None:
            log.close()

    def _log_bytes(self, data: bytes) -> None:
        if self._log is not None:
            self._log.write(data)

    # -- everything else is the stream's -------------------------------------------------

    @property
    def stream(self) -> TextIO:
        """The stream underneath."""
        return self._stream

    @property
    def closed(self) -> bool:
        """Whether the stream underneath is closed."""
        return bool(getattr(self._stream, "closed", False))

    @property
    def encoding(self) -> str:  # type: ignore[override] # an attribute there, read-only in fact
        """Encoding of the stream underneath."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override] # likewise
        """What the stream underneath does with characters it cannot encode."""
        return getattr(self._stream, "errors", None)

    @property
    def newlines(self) -> Any:  # type: ignore[override] # likewise
        """Line ends of the stream underneath."""
        return getattr(self._stream, "newlines", None)

    @property
    def line_buffering(self) -> bool:
        """Whether each line is passed on at once."""
        return bool(getattr(self._stream, "line_buffering", True))

    @property
    def write_through(self) -> bool:
        """Whether everything is passed on at once."""
        return bool(getattr(self._stream, "write_through", False))

    @property
    def buffer(self) -> Any:
        """The bytes below: what is written there is logged, too."""
        below = self._stream.buffer
        if self._buffer is None or self._buffer.stream is not below:
            self._buffer = _BinaryTee(below, self)
        return self._buffer

    def reconfigure(self, **options: Any) -> None:
        """Reconfigure the stream underneath."""
        if not isinstance(self._stream, io.TextIOWrapper):
            raise TypeError(f"{type(self._stream).__name__} cannot be reconfigured")
        self._stream.reconfigure(**options)

    def detach(self) -> Any:
        """Detach the bytes below, which are then no longer logged."""
        return self._stream.detach()  # type: ignore[attr-defined]

    def fileno(self) -> int:
        """Return the descriptor of the stream underneath."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the stream underneath is a terminal."""
        return self._stream.isatty()

    def readable(self) -> bool:
        """Return False: a tee is for writing."""
        return False

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return False: what was logged stays logged."""
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._stream, name)

    def __repr__(self) -> str:
        return f"<Tee of {self._stream!r}>"


class _BinaryTee:
    """The ``buffer`` of a `Tee`."""

    def __init__(self, stream: Any, tee: Tee) -> None:
        self.stream = stream
        self._tee = tee

    def write(self, data: Any) -> int:
        """Write bytes to the stream and to the log."""
        written = self.stream.write(data)
        self._tee._log_bytes(bytes(data))  # noqa: SLF001 - the two are one stream
        return len(data) if written is None else int(written)

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
