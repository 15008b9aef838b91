"""Capture descriptors 1 and 2 of this process, and everything that leads there."""

from __future__ import annotations

import os
import sys

from ._client import _streams

if os.name == "posix":
    from ._client._descriptor_capture import DescriptorCapture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Protocol, Self

    class Backend(Protocol):
        """What does the capturing."""

        problem: str | None

        def stop(self) -> None:
            """Put everything back and complete the logs."""


_running: list[Capture] = []


def active() -> bool:
    """Return whether this process captures its output at present."""
    return any(one.running for one in _running)


class Capture:
    """Log what this process and its children write to their standard output and standard error.

    The output also goes where it went before. Where descriptors 1 and 2 cannot be captured
    (Windows), and for a ``sys.stdout`` that does not lead to a descriptor (a notebook), the text
    streams are captured instead.

    Parameters
    ----------
    stdout
        File for the text written to standard output; None leaves that stream alone.
    stderr
        The same for standard error. It may be the same file.
    append
        Continue existing logs instead of emptying them.
    raw
        Keep the raw bytes beside a log from which cleaning took something away: as ``stdout.raw``
        for ``stdout.log`` while it runs, as ``stdout.raw.gz`` afterwards.
    if_killed
        Command to be run, by the process that keeps the logs, when this process has ended without
        `stop`: a list of program and arguments. It gets this process's environment and working
        directory.

    Raises
    ------
    OSError
        From `start`, if a log cannot be opened or no process started.
    RuntimeError
        From `start` and `stop`, if called in the wrong order.

    Examples
    --------
    >>> capture = Capture("out.log", "err.log")
    >>> capture.start()
    >>> print("to the terminal and to out.log")
    to the terminal and to out.log
    >>> capture.stop()
    """

    def __init__(
        self,
        stdout: str | os.PathLike[str] | None = None,
        stderr: str | os.PathLike[str] | None = None,
        *,
        append: bool = False,
        raw: bool = True,
        if_killed: Sequence[str] | None = None,
    ) -> None:
        if stdout is None and stderr is None:
            raise ValueError("nothing to capture: give a file for stdout, for stderr, or both")
        if isinstance(if_killed, (str, bytes)):
            raise TypeError(f"if_killed is a list of program and arguments, not {if_killed!r}")
        self._paths = [
            None if p is None else os.path.abspath(os.fspath(p)) for p in (stdout, stderr)
        ]
        self._append = append
        self._raw = raw
        self._if_killed = [os.fspath(word) for word in if_killed or ()]
        self._state = "new"
        self._owner = 0
        self._backend: Backend | None = None
        self._problem: str | None = None

    # -- public --------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether output of this process is captured now."""
        return self._state == "running" and self._owner == os.getpid()

    @property
    def incomplete(self) -> str | None:
        """Why bytes are missing from a log, known after `stop`; None if none are missing."""
        return self._problem

    def start(self) -> None:
        """Begin. Harmless while it is running."""
        if self._state == "running":
            return
        if self._state != "new":
            raise RuntimeError("this capture is over; make a new Capture to capture again")
        self._owner = os.getpid()
        self._backend = self._make_backend()
        self._state = "running"
        _running.append(self)
        _streams.flush_at_fork(active)

    def stop(self) -> None:
        """Put everything back and complete the logs.

        Harmless when it is over, and in a forked child.
        """
        if self._state == "new":
            raise RuntimeError("this capture has not been started; call start() before stop()")
        if not self.running or self._backend is None:
            return
        if _running[-1] is not self:
            raise RuntimeError(f"stop {_running[-1]!r} first: it was started inside this capture")
        self._state = "stopped"
        _running.remove(self)
        _streams.flush(everything=True)
        try:
            self._backend.stop()
        finally:
            self._problem = self._backend.problem

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Capture {self._state}: {', '.join(p for p in self._paths if p)}>"

    # -- private -------------------------------------------------------------------------

    def _make_backend(self) -> Backend:
        """Start the kind of capture that this system allows."""
        if os.name == "posix" and sys.executable:
            return DescriptorCapture(
                self._paths, append=self._append, raw=self._raw, if_killed=self._if_killed
            )
        return _streams.StreamCapture(self._paths, append=self._append, raw=self._raw)


def capture(
    stdout: str | os.PathLike[str] | None = None,
    stderr: str | os.PathLike[str] | None = None,
    *,
    append: bool = False,
    raw: bool = True,
    if_killed: Sequence[str] | None = None,
) -> Capture:
    """Capture the output of a block: ``with capture("out.log", "err.log"): ...``.

    The parameters are those of `Capture`, which is what it returns.
    """
    return Capture(stdout, stderr, append=append, raw=raw, if_killed=if_killed)
