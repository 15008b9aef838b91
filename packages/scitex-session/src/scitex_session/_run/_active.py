"""A run as one object, and the one that is active in this process."""

from __future__ import annotations

import os

from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scitex_dotdict import DotDict

    from .._provenance._collector import Collector
    from .._record._record import Record
    from .._record._run_directory import RunDir
    from ._signals import SignalGuard

OPENING, OPEN, CLOSING, CLOSED = "opening", "open", "closing", "closed"
_ORDER = (OPENING, OPEN, CLOSING, CLOSED)


class Run:
    """A run: its record, what its session has activated, and its phase.

    Attributes
    ----------
    record : Record
        Directory, CONFIG and PROVENANCE.json.
    config : DotDict
        What the script sees as ``CONFIG``.
    phase : str
        ``opening``, ``open``, ``closing`` or ``closed``, in this order only.
    pid : int
        The process that opened the run; a forked child never closes it.
    cleanups : list of callable
        What undoes the session's changes to the process, called last first.
    """

    def __init__(self, record: Record, config: DotDict) -> None:
        self.record = record
        self.config = config
        self.phase = OPENING
        self.pid = os.getpid()
        self.cleanups: list[Callable[[], object]] = []
        self.capture: Any = None
        self.collector: Collector | None = None
        self.signals: SignalGuard | None = None
        self.objects: dict[str, Any] = {}

    @property
    def directory(self) -> RunDir:
        """Every path of the run."""
        return self.record.directory

    def advance(self, phase: str) -> None:
        """Go to the next phase; going back or skipping one is a programming error."""
        if _ORDER.index(phase) != _ORDER.index(self.phase) + 1:
            raise SessionError(f"a session that is {self.phase} cannot become {phase}")
        self.phase = phase

    @property
    def is_ours(self) -> bool:
        """Whether this process opened the run, and not one that it was forked from."""
        return self.pid == os.getpid()


class _Process:
    """What a session is for the whole process; there is one."""

    run: Run | None = None


def active() -> Run | None:
    """Return the run that is open in this process, None in its forked children."""
    run = _Process.run
    return run if run is not None and run.is_ours else None


def active_or_inherited() -> Run | None:
    """Return the run that is open in this process or in the one it was forked from."""
    return _Process.run


def set_active(run: Run | None) -> None:
    """Set the run that is open in this process."""
    _Process.run = run


def refuse_second() -> None:
    """Refuse to open a session inside a session."""
    run = active()
    if run is not None:
        raise SessionError(
            f"session {run.config['ID']} is still open: a session inside a session is refused; "
            "close it first, or call the decorated function with arguments to run it plainly"
        )
