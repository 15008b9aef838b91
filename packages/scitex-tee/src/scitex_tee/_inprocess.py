"""Capture of the text streams alone: the way where descriptors cannot be captured."""

from __future__ import annotations

from scitex_tee._filelog import FileLog
from scitex_tee._streams import Swap, flush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scitex_tee._tee import Sink

__all__ = ["InProcess"]


class InProcess:
    """The running capture of this process's text streams.

    Parameters
    ----------
    paths
        Log of stdout, log of stderr; None for a stream that is left alone.
    append, raw
        As in `Capture`.
    """

    def __init__(self, paths: Sequence[str | None], *, append: bool, raw: bool) -> None:
        self.problem: str | None = None
        flush()
        self._logs: dict[str, FileLog] = {}
        plan: dict[str, tuple[int, str, Sink | None]] = {}
        for name, path in zip(("stdout", "stderr"), paths, strict=True):
            if path is not None:
                if path not in self._logs:
                    self._logs[path] = FileLog(path, append=append, raw=raw)
                plan[name] = (-1, "apart", self._logs[path])
        self._swap = Swap(plan)

    def stop(self) -> None:
        """Put everything back and complete the logs."""
        self._swap.undo()
        for log in self._logs.values():
            log.close()
        self.problem = "; ".join(log.problem for log in self._logs.values() if log.problem) or None
