"""From what a user typed to runs: filters, and IDs that may be shortened."""

from __future__ import annotations

import json
import os

from .._run._liveness import is_alive
from ..errors import SessionError, UsageError
from ._index import Found, Index
from ._query import Condition, both, expression, moment
from ._refresh import storable
from ._row import UNKNOWN
from ._text import clean
from ._walk import find_roots, is_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

STATUSES = ("running", "success", "error", "finished", "dead", UNKNOWN)
_SHOWN = 10  # candidates of an ambiguous ID


class NoSuchRunError(SessionError):
    """No run, or more than one, has the ID that was asked for."""


def open_index(places: Sequence[str] | None) -> Index:
    """Open the index of the chosen places, or of all registered output directories.

    Raises
    ------
    UsageError
        If a place does not exist.
    """
    if not places:
        return Index()
    try:
        return Index(find_roots(list(places)))
    except FileNotFoundError as error:
        raise UsageError(f"{clean(str(error.filename))}: {error.strerror}") from error


def living_status(found: Found) -> str:
    """Return the status of a run, with the word for one under RUNNING decided by its process.

    Returns
    -------
    str
        ``running`` if the process is alive, ``dead`` if it is not (``recover`` files it), and
        ``unknown`` where this machine cannot tell.
    """
    if found.status != "running":
        return found.status
    return word_of_life(json.loads(found.head)["process"])


def word_of_life(process: dict[str, Any]) -> str:
    """Return ``running``, ``dead`` or ``unknown`` for the process section of a record."""
    alive = is_alive(process)
    return UNKNOWN if alive is None else ("running" if alive else "dead")


def filters(
    *,
    expressions: Sequence[str] = (),
    script: str | None = None,
    since: str | None = None,
    before: str | None = None,
) -> Condition:
    """Translate the filters that the commands share.

    Parameters
    ----------
    expressions : sequence of str
        Conditions on parameters; see `_query`.
    script : str or None
        A script's path, or a part of its path.
    since, before : str or None
        Dates or ages that the start has to lie behind or before.
    """
    conditions = [expression(text) for text in expressions]
    if script is not None:
        wanted = os.path.realpath(script) if os.path.exists(script) else script
        conditions.append(Condition("instr(json_extract(head, '$.run.script'), ?) > 0", (wanted,)))
    if since is not None:
        conditions.append(Condition("start >= ?", (moment(since, option="--since"),)))
    if before is not None:
        conditions.append(Condition("start < ?", (moment(before, option="--older-than"),)))
    return both(conditions)


def resolve(index: Index, wanted: str) -> Found:
    """Return the run that an ID, a part of one, or a path means.

    Parameters
    ----------
    index : Index
        The runs to choose from.
    wanted : str
        An ID or a run's name, any prefix or suffix that only one run has, or the path of a run
        directory.

    Raises
    ------
    NoSuchRunError
        If no run is meant, or several are; the message lists them.
    """
    if not wanted:
        raise NoSuchRunError("an empty ID means no run")
    if os.sep in wanted and os.path.isdir(wanted) and is_run(os.path.realpath(wanted)):
        return _at(os.path.realpath(wanted))
    name = storable(wanted)
    found = list(index.find("name = ? OR id = ?", (name, name)))
    if not found:
        size = len(wanted)
        # The cast is for names that are no UTF-8 and therefore stored as bytes.
        ends = "substr(CAST({0} AS TEXT), 1, ?) = ? OR substr(CAST({0} AS TEXT), -?) = ?"
        where = f"{ends.format('id')} OR {ends.format('name')}"
        found = list(index.find(where, (size, wanted, size, wanted) * 2, "ORDER BY start DESC"))
    if not found:
        raise NoSuchRunError(f"no run is called {clean(wanted)!r}; `scitex-session ls` lists them")
    if len(found) > 1:
        names = [f"  {clean(run.name)}  {clean(run.entry.path)}" for run in found[:_SHOWN]]
        more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        listed = "\n".join([*names, *more])
        raise NoSuchRunError(f"{clean(wanted)!r} means {len(found)} runs; say more:\n{listed}")
    return found[0]


def _at(path: str) -> Found:
    """Return the run whose directory this is, registered or not."""
    with Index(find_roots([path])) as index:
        for run in index.find():
            if run.entry.path == path:
                return run
    raise NoSuchRunError(f"{clean(path)}: holds no run")
