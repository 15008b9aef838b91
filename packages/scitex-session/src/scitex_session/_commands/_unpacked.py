"""The directory of a run that a tool needs to work in."""

from __future__ import annotations

from .._catalog._select import open_index, resolve
from ..errors import SessionError


def directory_of(wanted: str, places: list[str] | None) -> str:
    """Return the directory of the run that an ID means.

    Raises
    ------
    NoSuchRunError
        If no run is meant, or several are.
    SessionError
        If the run is packed into a tar file.
    """
    with open_index(places) as index:
        found = resolve(index, wanted)
    if found.entry.archived:
        raise SessionError(f"{found.name} is archived; run `scitex-session restore` on it first")
    return found.entry.path
