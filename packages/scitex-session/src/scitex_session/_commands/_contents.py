"""Where two outputs of the same name differ, for those that are still in their run directories."""

from __future__ import annotations

import os

from .._catalog._reader import open_below, open_run
from .._catalog._select import living_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._catalog._index import Found

    Change = tuple[str, Any, Any]

ABSENT = object()  # stands for what one of two runs has not


def look_inside(a: Found, b: Found, changes: list[Change]) -> list[Change]:
    """Say where outputs differ; drop those that differ in dates and internal names only.

    Parameters
    ----------
    a, b : Found
        Two runs; archived and running ones are left at what their records say.
    changes : list
        The outputs that differ by their digests.
    """
    if any(one.entry.archived or living_status(one) == "running" for one in (a, b)):
        return changes
    from .._provenance._late import read_completed
    from .._reproduce._compare_outputs import aliases, compare_files
    from .._reproduce._verdict import Rules

    rules = Rules(aliases(read_completed(a.entry.path), read_completed(b.entry.path)))
    kept: list[Change] = []
    for name, left, right in changes:
        if ABSENT in (left, right) or not (_holds(a, name) and _holds(b, name)):
            kept.append((name, left, right))
            continue
        old, new = (os.path.join(one.entry.path, name) for one in (a, b))
        result = compare_files(old, new, name, rules)
        if not result.same:
            kept.append((name, left, f"{right} ({result.detail})" if result.detail else right))
    return kept


def _holds(found: Found, name: str) -> bool:
    """Whether a run has such a file, reached through no link and not above the run."""
    if any(step in ("", ".", "..") for step in name.split("/")):
        return False
    try:
        folder = open_run(found.entry.path)
    except OSError:
        return False
    try:
        os.close(open_below(folder, name))
    except OSError:
        return False
    finally:
        os.close(folder)
    return True
