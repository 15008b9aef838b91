"""Find the run that made a file, and the runs that read it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .._provenance._digest import Cache, describe
from .._provenance._late import read_completed
from .._record._record import run_directories
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .._record._record import Record


@dataclass(frozen=True)
class Origin:
    """A run that made or read a file."""

    run_id: str
    run_dir: str | None  # None if the file names a run that is not on this machine
    role: str  # "output" or "input"
    by: str  # "metadata" (the file names the run) or "digest" (the run recorded this content)
    name: str | None = None  # the path under which the run recorded it
    changed: bool = False  # whether it was edited since, which its metadata survive

    def __str__(self) -> str:
        verb = "made by" if self.role == "output" else "read by"
        where = self.run_dir or "not on this machine"
        name = f" as {self.name}" if self.name else ""
        changed = ", edited since" if self.changed else ""
        return f"{verb} {self.run_id}{name} ({where}; by its {self.by}{changed})"


def whence(path: str | os.PathLike[str], roots: Iterable[str | os.PathLike[str]]) -> list[Origin]:
    """Return the runs that made a file, or read it; empty if none is known.

    The file may have been copied and renamed. `roots` are output directories (``script_out``) or
    run directories to look in. The run named in the file's own metadata comes first, then other
    runs that made it, then those that read it.

    Raises
    ------
    SessionError
        If there is no such file.
    """
    path = os.path.abspath(os.fspath(path))
    if not os.path.isfile(path):
        raise SessionError(f"{path}: there is no such file")
    with Cache() as cache:
        digest = describe(path, cache=cache)["sha256"]
    named = _named_in(path)
    made: list[Origin] = []
    read: list[Origin] = []
    for run_dir in run_directories([os.fspath(root) for root in roots]):
        try:
            record = read_completed(run_dir)
        except SessionError:
            continue  # a damaged record names no files
        made += _outputs(record, digest, named)
        read += [
            Origin(record.id, record.path, "input", "digest", entry.get("path"))
            for entry in _of_content(record, "inputs", digest)
        ]
    if named and not any(origin.by == "metadata" for origin in made):
        made.insert(0, Origin(named, None, "output", "metadata"))
    return sorted(made, key=lambda origin: origin.by != "metadata") + read


def _named_in(path: str) -> str | None:
    """Return the ID of the run that the file's own metadata name."""
    from scitex_io import read_stamp

    try:
        return read_stamp(path)
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({error.strerror})") from None


def _of_content(record: Record, section: str, digest: str | None) -> list[dict[str, Any]]:
    return [e for e in record.entries(section) if digest and e.get("sha256") == digest]


def _outputs(record: Record, digest: str | None, named: str | None) -> list[Origin]:
    names = [entry["path"] for entry in _of_content(record, "outputs", digest)]
    if named == record.id:
        name = names[0] if names else None
        return [Origin(record.id, record.path, "output", "metadata", name, changed=not names)]
    return [Origin(record.id, record.path, "output", "digest", name) for name in names]
