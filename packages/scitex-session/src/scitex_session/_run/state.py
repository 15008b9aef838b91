"""One run as one object, and the one that is active in this process."""

from __future__ import annotations

import os

from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from scitex_dotdict import DotDict

    from .._rundir import RunDir

CREATED, RUNNING, FINISHING, FINISHED = "created", "running", "finishing", "finished"
_ORDER = (CREATED, RUNNING, FINISHING, FINISHED)


class Run:
    """A run: its directory, its configuration, what is open, and how far it is.

    Attributes
    ----------
    directory : RunDir
        Every path of the run.
    config : DotDict
        What the script sees as ``CONFIG``.
    record : dict
        What PROVENANCE.json holds.
    state : str
        ``created``, ``running``, ``finishing`` or ``finished``, in this order only.
    pid : int
        The process that opened the run; a forked child never closes it.
    undo : list of callable
        What has to be put back when the run is over, last first.
    """

    def __init__(self, directory: RunDir, config: DotDict, record: dict[str, Any]) -> None:
        self.directory = directory
        self.config = config
        self.record = record
        self.state = CREATED
        self.pid = os.getpid()
        self.started: datetime = config["START_DATETIME"]
        self.undo: list[Callable[[], object]] = []
        self.capture: Any = None
        self.collector: Any = None
        self.signals: Any = None
        self.objects: dict[str, Any] = {}
        self.warnings: list[str] = []

    def advance(self, state: str) -> None:
        """Go on to the next state; going back or leaving one out is a fault of the caller."""
        if _ORDER.index(state) != _ORDER.index(self.state) + 1:
            raise SessionError(f"a {self.state} session cannot become {state}")
        self.state = state

    @property
    def is_ours(self) -> bool:
        """Whether this process opened the run, and not one that it was forked from."""
        return self.pid == os.getpid()


class _Active:
    """The one session of this process."""

    run: Run | None = None


def active() -> Run | None:
    """Return the run that is open in this process, None in its forked children."""
    run = _Active.run
    return run if run is not None and run.is_ours else None


def set_active(run: Run | None) -> None:
    """Remember the run that is open in this process."""
    _Active.run = run


def refuse_second() -> None:
    """Refuse to open a session inside a session."""
    run = active()
    if run is not None:
        raise SessionError(
            f"session {run.config['ID']} is still open: a session inside a session is refused; "
            "close it first, or call the decorated function with arguments to run it plainly"
        )
