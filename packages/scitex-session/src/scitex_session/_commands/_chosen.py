"""Which runs `prune` and `archive` mean, and doing something to each of them."""

from __future__ import annotations

import sys

from .._catalog._select import resolve
from .._catalog._text import clean
from ..errors import SessionError, UsageError
from ._options import condition_of
from ._words import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from .._catalog._index import Found, Index

_OVER = "status IN ('success', 'error', 'finished')"


def chosen(index: Index, options: Namespace, ids: Iterable[str], keep: int | None) -> list[Found]:
    """Return the runs that are over and meant by IDs or by filters, oldest first.

    Parameters
    ----------
    index : Index
        The runs to choose from.
    options : argparse.Namespace
        The filters.
    ids : iterable of str
        Runs that are named one by one; filters then do not apply.
    keep : int or None
        How many of the newest runs of each script the filters leave alone.

    Raises
    ------
    UsageError
        If neither a run nor a filter is given, since that would mean every run.
    """
    named = [resolve(index, wanted) for wanted in ids]
    if named:
        return named
    filters = (options.status, options.script, options.older_than, options.expressions)
    if not any(filters) and keep is None:
        raise UsageError("name runs, or say which: --older-than, --keep-last, --status, --script")
    if keep is not None and keep < 0:
        raise UsageError("--keep-last takes a number that is not negative")
    condition = condition_of(options)
    where = f"({_OVER}) AND ({condition.sql})" if condition.sql else _OVER
    newest_first = index.find(where, condition.values, "ORDER BY start DESC, name DESC")
    seen: dict[str, int] = {}
    found = []
    for run in newest_first:
        seen[run.entry.root] = seen.get(run.entry.root, 0) + 1
        if run.entry.state and seen[run.entry.root] > (keep or 0):
            found.append(run)
    return found[::-1]


def each(runs: Iterable[Found], verb: str, work: Callable[[Found], str | None]) -> tuple[int, int]:
    """Do something to each run; a run that refuses does not stop the others.

    Parameters
    ----------
    runs : iterable of Found
        The runs.
    verb : str
        The sub-command, for messages.
    work : callable
        ``work(run)`` returns where the run is now, None if another tool has moved it meanwhile.

    Returns
    -------
    (int, int)
        How many were done, and how many failed.
    """
    done = failed = 0
    for run in runs:
        try:
            target = work(run)
        except (OSError, SessionError) as error:
            where = "" if run.entry.path in str(error) else f"{run.entry.path}: "
            say(clean(f"scitex-session {verb}: {where}{error}") + "\n")
            failed += 1
            continue
        if target is not None:
            sys.stdout.write(f"{clean(run.name)}\t{clean(target)}\n")
            done += 1
    return done, failed
