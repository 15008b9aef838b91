"""List the finished runs that rest on an input or on code that has changed since.

Exit status 1 if there are any.
"""

from __future__ import annotations

import sys

from .._catalog._select import open_index, resolve
from .._catalog._text import clean
from ._options import ENDED_STATUSES, add_filters, add_places, add_run, condition_of
from ._outline import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .._catalog._index import Index


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "ids", many=True)
    add_filters(parser, ENDED_STATUSES)
    parser.add_argument("--since", metavar="WHEN", help="only runs started since a date or age")
    parser.add_argument("--all", action="store_true", help="list the fresh ones too")
    parser.add_argument("--json", action="store_true", help="print a JSON array of objects")
    add_places(parser)


def run(options: Namespace) -> int:
    """List stale runs."""
    from .._reproduce._stale import stale

    with open_index(options.places) as index:
        directories = _directories(index, options)
    found = [one for one in stale(directories) if one.stale or options.all]
    if options.json:
        listed = [
            {"run": one.run_id, "path": one.run_dir, "stale": one.stale, "reasons": one.reasons}
            for one in found
        ]
        sys.stdout.write(json_text(listed, indent=2) + "\n")
    else:
        for one in found:
            word = "stale" if one.stale else "fresh"
            lines = [f"{clean(one.run_id)}\t{word}\t{clean(one.run_dir)}"]
            lines += [f"  {clean(reason)}" for reason in one.reasons]
            sys.stdout.write("\n".join(lines) + "\n")
    return 1 if any(one.stale for one in found) else 0


def _directories(index: Index, options: Namespace) -> list[str]:
    """Return the directories of the chosen runs that are over and not packed."""
    if options.ids:
        chosen = [resolve(index, wanted) for wanted in options.ids]
    else:
        where, values = condition_of(options)
        over = "status IN ('success', 'error', 'finished')"
        chosen = list(index.find(f"{over} AND ({where})" if where else over, values))
    return [found.entry.path for found in chosen if not found.entry.archived]
