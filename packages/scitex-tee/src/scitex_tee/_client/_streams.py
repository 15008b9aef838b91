"""``sys.stdout`` and ``sys.stderr`` while the descriptors under them lead elsewhere."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from .._log._logfile import LogFile
    from .._tee import Sink, Tee

# How a standard stream is related to its descriptor.
NO_STREAM = "there is no stream"
SAME = "it writes to that descriptor"
SAME_FILE = "it writes to another descriptor of the same file"
ELSEWHERE = "it writes to something else"

_COMPILED = (".so", ".pyd", ".dylib")
_OF_PYTHON = f"{os.sep}lib-dynload{os.sep}"


def flush(*, everything: bool = False) -> None:
    """Flush the text streams, and C's own if something in C may have written.

    Parameters
    ----------
    everything
        Flush C's streams also where `ctypes` has not been imported.
    """
    for stream in _streams():
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # closed, or nobody reads it: then there is nothing to be flushed
    # What belongs to Python does not use C's streams, and importing ctypes for nothing takes 3 ms.
    if "ctypes" in sys.modules or (everything and _has_foreign_code()):
        _flush_c()


def _flush_c() -> None:
    if os.name != "posix":
        return
    try:
        import ctypes

        ctypes.CDLL(None).fflush(None)
    except (ImportError, AttributeError, OSError):
        return  # a Python without ctypes: C code then flushes when the process ends


def _has_foreign_code() -> bool:
    """Return whether there is compiled code here that does not belong to Python."""
    for module in list(sys.modules.values()):
        file = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(file, str) and file.endswith(_COMPILED) and _OF_PYTHON not in file:
            return True
    return "LD_PRELOAD" in os.environ or not _is_python()


def _is_python() -> bool:
    """Return whether this is no program of its own in which Python is embedded."""
    try:
        return os.path.samefile("/proc/self/exe", sys.executable)
    except OSError:
        return False


_at_fork: list[bool] = []


def flush_at_fork(active: Callable[[], bool]) -> None:
    """Keep children from inheriting, and writing again, what their parent has not yet written.

    Parameters
    ----------
    active
        Tells whether output is captured.
    """
    if not _at_fork and hasattr(os, "register_at_fork"):  # not on Windows
        _at_fork.append(True)
        os.register_at_fork(before=lambda: flush() if active() else None)


def relation(name: str, fd: int) -> str:
    """Return how the stream ``"stdout"`` or ``"stderr"`` is related to its descriptor."""
    stream = getattr(sys, name, None)
    if stream is None:
        return NO_STREAM
    number = _descriptor(stream)
    if number == fd:
        return SAME
    try:
        same_file = number >= 0 and os.path.samestat(os.fstat(number), os.fstat(fd))
    except OSError:
        same_file = False  # one of the two is closed
    return SAME_FILE if same_file else ELSEWHERE


class Swap:
    """Make the standard streams write to what was captured, each line at once; and undo that.

    Parameters
    ----------
    plan
        For each stream, by name: its descriptor; its relation to that; where it leads elsewhere,
        what takes the bytes for its log.
    """

    def __init__(self, plan: dict[str, tuple[int, str, Sink | None]]) -> None:
        self._buffered: list[io.TextIOWrapper] = []
        self._replaced: dict[str, tuple[TextIO, TextIO | Tee]] = {}
        fds = [fd for fd, how, _ in plan.values() if how == SAME]
        for stream in _streams():
            if (
                isinstance(stream, io.TextIOWrapper)
                and _descriptor(stream) in fds
                and not stream.line_buffering
            ):
                self._buffered.append(stream)
                stream.reconfigure(line_buffering=True)
        for name, (fd, how, sink) in plan.items():
            old = getattr(sys, name)
            if how == SAME_FILE:
                self._replace(name, old, _open_like(old, fd))
            elif how == ELSEWHERE and sink is not None:
                from .._tee import Tee

                self._replace(name, old, Tee(old, sink))

    def _replace(self, name: str, old: TextIO, new: TextIO | Tee) -> None:
        self._replaced[name] = (old, new)
        setattr(sys, name, new)

    def undo(self) -> None:
        """Put the streams back as they were."""
        for stream in self._buffered:
            try:
                stream.reconfigure(line_buffering=False)
            except (OSError, ValueError):
                continue  # closed meanwhile
        for name, (old, new) in self._replaced.items():
            if getattr(sys, name, None) is new:
                setattr(sys, name, old)
            if not isinstance(new, io.TextIOWrapper):
                new.close()


class StreamCapture:
    """Capture of the text streams alone, where descriptors cannot be captured (Windows).

    Parameters
    ----------
    paths
        Log of stdout, log of stderr; None for a stream that is left alone.
    append, raw
        As in `Capture`.
    """

    def __init__(self, paths: Sequence[str | None], *, append: bool, raw: bool) -> None:
        from .._log._logfile import LogFile, open_log

        self.problem: str | None = None
        flush()
        self._logs: dict[str, LogFile] = {}
        plan: dict[str, tuple[int, str, Sink | None]] = {}
        for name, path in zip(("stdout", "stderr"), paths, strict=True):
            if path is not None:
                if path not in self._logs:
                    self._logs[path] = LogFile(*open_log(path, append=append), raw=raw)
                plan[name] = (-1, ELSEWHERE, self._logs[path])
        self._swap = Swap(plan)

    def stop(self) -> None:
        """Put everything back and complete the logs."""
        self._swap.undo()
        for log in self._logs.values():
            log.close()
        self.problem = "; ".join(log.problem for log in self._logs.values() if log.problem) or None


def _streams() -> Iterator[TextIO]:
    """Yield each standard text stream once."""
    seen: set[int] = set()
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        if stream is not None and id(stream) not in seen:
            seen.add(id(stream))
            yield stream


def _open_like(stream: TextIO, fd: int) -> TextIO:
    """Open a text stream like `stream` on a descriptor."""
    return open(
        fd,
        "w",
        buffering=1,
        encoding=getattr(stream, "encoding", None) or "utf-8",
        errors=getattr(stream, "errors", None) or "backslashreplace",
        closefd=False,
    )


def _descriptor(stream: TextIO) -> int:
    """Return the descriptor of a text stream, -1 if it has none."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return -1
