"""Find which ended runs depend on an input or on code that has changed since."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from .._provenance._digest import Cache, describe
from .._provenance._late import read_completed
from .._record._record import run_directories
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._record._record import Record


@dataclass(frozen=True)
class Staleness:
    """What a run rests on that is not as it was."""

    run_id: str
    run_dir: str
    reasons: list[str] = field(default_factory=list)  # one for each input or file of code

    @property
    def stale(self) -> bool:
        """Whether anything has changed."""
        return bool(self.reasons)


def stale(run_dirs: Iterable[str | os.PathLike[str]]) -> list[Staleness]:
    """Judge of each run that has ended whether its inputs and its code are still as they were.

    `run_dirs` are run directories, or output directories with runs in them. Fresh runs are listed
    too, in the order of their names. Each file is digested once however many runs rest on it.
    """
    found = []
    with Cache() as cache:
        digests = _Digests(cache)
        for run_dir in run_directories([os.fspath(path) for path in run_dirs]):
            try:
                record = read_completed(run_dir)
            except SessionError as error:
                name = os.path.basename(run_dir)
                found.append(Staleness(name, run_dir, [f"no record: {error}"]))
                continue
            if not record.is_running:
                found.append(Staleness(record.id, run_dir, _reasons(record, digests)))
    return found


class _Digests(dict[str, object]):
    """Digests of today's files by path, each taken once."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self._cache = cache

    def __missing__(self, path: str) -> object:
        self[path] = describe(path, cache=self._cache)["sha256"]
        return self[path]


def _reasons(record: Record, digests: _Digests) -> list[str]:
    """Return what has changed under a run."""
    found = [("code", entry) for entry in record.section("code").get("files", ())]
    # What the run itself changed or removed is its doing, not a change since.
    found += [
        ("input", entry)
        for entry in record.entries("inputs")
        if entry.get("path") and not entry.get("written_too") and not entry.get("removed")
    ]
    reasons = []
    for kind, entry in found:
        path, digest = str(entry["path"]), entry.get("sha256")
        if not os.path.exists(path):
            reasons.append(f"{kind} {path}: is not there any more")
        elif digest is not None:
            if digests[path] != digest:
                reasons.append(f"{kind} {path}: has changed")
        elif entry.get("size") not in {None, os.path.getsize(path)}:
            reasons.append(f"{kind} {path}: has changed")
    return reasons
