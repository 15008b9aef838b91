"""Which finished runs rest on something that has changed since."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scitex_session._provenance._digest import Cache, describe
from scitex_session._reproduce._records import Record, run_directories
from scitex_session.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Staleness:
    """
    What a run rests on that is not as it was.

    Attributes
    ----------
    run_id, run_dir : str
        The run.
    reasons : list of str
        One line for each input or file of code; empty for a run that is fresh.
    """

    run_id: str
    run_dir: str
    reasons: list[str] = field(default_factory=list)

    @property
    def stale(self) -> bool:
        """Whether anything has changed."""
        return bool(self.reasons)

    def __str__(self) -> str:
        said = "".join(f"\n  {reason}" for reason in self.reasons)
        return f"{self.run_id}: {'stale' if self.stale else 'fresh'}{said}"


def stale(run_dirs: Iterable[str | os.PathLike[str]]) -> list[Staleness]:
    """
    Say of each run that has ended whether its inputs and its code are still as they were.

    Parameters
    ----------
    run_dirs : iterable of str or os.PathLike
        Run directories, or output directories with runs in them.

    Returns
    -------
    list of Staleness
        One for each run, fresh ones too, in the order of their names. Each file is digested once
        however many runs rest on it.
    """
    directories = run_directories([os.fspath(path) for path in run_dirs])
    with Cache() as cache:
        look = _Look(cache)
        found = [_of_run(run_dir, look) for run_dir in directories]
    return [one for one in found if one is not None]


def _of_run(run_dir: str, look: _Look) -> Staleness | None:
    try:
        record = Record(run_dir)
    except SessionError as error:
        return Staleness(os.path.basename(run_dir), run_dir, [f"no record: {error}"])
    if record.run["status"] == "running":
        return None
    return Staleness(record.id, run_dir, look.reasons(record))


class _Look:
    """Digests of today's files, each taken once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._known: dict[str, dict[str, object]] = {}

    def _today(self, path: str) -> dict[str, object]:
        if path not in self._known:
            self._known[path] = describe(path, cache=self._cache)
        return self._known[path]

    def reasons(self, record: Record) -> list[str]:
        """Return what has changed under a run."""
        reasons = []
        for entry in record.section("code").get("files", ()):
            reasons += self._reason("code", entry)
        for entry in record.entries("inputs"):
            # What the run itself changed or removed is its doing, not a change since.
            if entry.get("path") and not entry.get("written_too") and not entry.get("removed"):
                reasons += self._reason("input", entry)
        return reasons

    def _reason(self, kind: str, entry: dict[str, object]) -> list[str]:
        path = str(entry["path"])
        if not os.path.exists(path):
            return [f"{kind} {path}: is not there any more"]
        digest = entry.get("sha256")
        if digest is not None:
            same = self._today(path)["sha256"] == digest
        else:
            same = entry.get("size") in {None, os.path.getsize(path)}
        return [] if same else [f"{kind} {path}: has changed"]
