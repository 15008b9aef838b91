"""``sys.stdout`` and ``sys.stderr`` while the descriptors under them lead elsewhere."""

from __future__ import annotations

import os
import sys
from _io import TextIOWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from scitex_tee._tee import Sink, Tee

__all__ = ["Swap", "flush", "flush_at_fork", "flushes_c", "in_blocks", "leads_to"]

_COMPILED = (".so", ".pyd", ".dylib")


def _streams() -> Iterator[TextIO]:
    """Yield each standard text stream once."""
    seen: set[int] = set()
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        if stream is not None and id(stream) not in seen:
            seen.add(id(stream))
            yield stream


def flush(*, everything: bool = False) -> None:
    """Flush the text streams, and C's own if something in C may have written.

    Parameters
    ----------
    everything
        Flush C's streams also where that is unlikely.
    """
    for stream in _streams():
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # closed, or nobody reads it: then there is nothing to be flushed
    if "_ctypes" in sys.modules or (everything and flushes_c()):
        _flush_c()


_pure: set[str] = set()  # names of modules that were looked at and have no C of their own
_looked_at: list[tuple[int, str]] = []  # how many modules there were then, and the newest
_program: list[bool] = []  # whether this is the program that Python says it is


def flushes_c() -> bool:
    """Whether there is code here that is neither Python nor a part of Python.

    What belongs to Python does not write by ``printf``; to load `_ctypes` for nothing takes 1 ms.
    """
    newest = len(sys.modules), next(reversed(sys.modules))  # another one would be the last
    if newest not in _looked_at:
        for name in sys.modules.keys() - _pure:
            if _is_compiled(sys.modules.get(name)):
                return True
            _pure.add(name)
        _looked_at[:] = [newest]
    if not _program:
        _program.append(_is_python())
    return "LD_PRELOAD" in os.environ or not _program[0]


def _is_compiled(module: object) -> bool:
    """Whether a module is compiled and does not belong to Python."""
    file = getattr(getattr(module, "__spec__", None), "origin", None)
    own = f"{os.sep}lib-dynload{os.sep}"
    return isinstance(file, str) and file.endswith(_COMPILED) and own not in file


def _is_python() -> bool:
    """Whether this is no program of its own in which Python is embedded."""
    try:
        return os.path.samefile("/proc/self/exe", sys.executable)
    except OSError:
        return False


def _flush_c() -> None:
    """Call ``fflush(NULL)``; `_ctypes` costs a tenth of `ctypes`."""
    try:
        import _ctypes

        program = _ctypes.dlopen(None, os.RTLD_NOW)  # type: ignore[arg-type] # None: all of it
        address = _ctypes.dlsym(program, "fflush")
        _ctypes.call_function(address, (None,))
    except (ImportError, AttributeError, OSError):
        return  # a Python without it: C code then flushes when the process ends


def leads_to(name: str, fd: int) -> str:
    """Tell how a standard stream is related to its descriptor.

    Parameters
    ----------
    name
        ``"stdout"`` or ``"stderr"``.
    fd
        Its descriptor, before anything is diverted.

    Returns
    -------
    str
        ``"none"``: there is no stream; ``"same"``: it writes to that descriptor; ``"alike"``: to
        another descriptor of the same file; ``"apart"``: to something else.
    """
    stream = getattr(sys, name, None)
    if stream is None:
        return "none"
    number = _number(stream)
    if number == fd:
        return "same"
    if number >= 0 and _exists(fd) and os.path.samestat(os.fstat(number), os.fstat(fd)):
        return "alike"
    return "apart"


def in_blocks(name: str, fd: int) -> TextIOWrapper | None:
    """Return a standard stream if it is an ordinary one that writes to `fd` in blocks."""
    stream = getattr(sys, name, None)
    if type(stream) is TextIOWrapper and _number(stream) == fd:
        return None if stream.line_buffering or stream.write_through else stream
    return None


_at_fork: list[bool] = []


def flush_at_fork(active: Callable[[], bool]) -> None:
    """See to it that no child inherits, and writes again, what its parent has not yet written.

    Parameters
    ----------
    active
        Tells whether output is captured.
    """
    if not _at_fork:
        _at_fork.append(True)
        os.register_at_fork(
            before=lambda: flush() if active() else None, after_in_child=_be_a_child
        )


def _be_a_child() -> None:
    blocks = sys.modules.get("scitex_tee._blocks")
    if blocks is not None:
        blocks.lines_in_child()


class Swap:
    """Make the standard streams write to what was captured, each line at once; and undo that.

    Parameters
    ----------
    plan
        For each stream, by name: its descriptor, how it is related to that, and, if it is apart,
        what takes the bytes for its log.
    """

    def __init__(self, plan: dict[str, tuple[int, str, Sink | None]]) -> None:
        self._changed: list[TextIOWrapper] = []  # those that did not write each line at once
        self._replaced: dict[str, tuple[TextIO, TextIO | Tee]] = {}
        fds = [fd for fd, how, _ in plan.values() if how == "same"]
        for stream in _streams():
            if (
                isinstance(stream, TextIOWrapper)
                and _number(stream) in fds
                and not stream.line_buffering
            ):
                self._changed.append(stream)
                stream.reconfigure(line_buffering=True)
        for name, (fd, how, sink) in plan.items():
            old = getattr(sys, name)
            if how == "alike":
                self._replace(name, old, _twin(old, fd))
            elif how == "apart" and sink is not None:
                from scitex_tee._tee import Tee

                self._replace(name, old, Tee(old, sink))

    def _replace(self, name: str, old: TextIO, new: TextIO | Tee) -> None:
        self._replaced[name] = (old, new)
        setattr(sys, name, new)

    def undo(self) -> None:
        """Put the streams back as they were."""
        for stream in self._changed:
            try:
                stream.reconfigure(line_buffering=False)
            except (OSError, ValueError):
                continue  # closed meanwhile
        for name, (old, new) in self._replaced.items():
            if getattr(sys, name, None) is new:
                setattr(sys, name, old)
            if not isinstance(new, TextIOWrapper):
                new.close()


def _twin(stream: TextIO, fd: int) -> TextIO:
    """Open a text stream like `stream` on the descriptor."""
    return open(
        fd,
        "w",
        buffering=1,
        encoding=getattr(stream, "encoding", None) or "utf-8",
        errors=getattr(stream, "errors", None) or "backslashreplace",
        closefd=False,
    )


def _exists(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _number(stream: TextIO) -> int:
    """Descriptor of a text stream, -1 if it has none."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return -1
