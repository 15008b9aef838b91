"""Move old runs to the trash of their output directory (<script>_out/.trash), or empty it.

Nothing is moved or deleted without --yes: the runs are only listed. Live runs are never touched.
`restore` brings a run back from the trash.
"""

from __future__ import annotations

import sys

from .._catalog import _trash
from .._catalog._claim import tidy
from .._catalog._query import moment
from .._catalog._select import open_index
from .._catalog._text import clean
from ..errors import UsageError
from ._chosen import chosen, each
from ._options import ENDED_STATUSES, add_filters, add_older_than, add_places
from ._words import count, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .._catalog._index import Index

_FAILED = 4


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("expressions", metavar="EXPRESSION", nargs="*", help="as in `ls`")
    add_filters(parser, ENDED_STATUSES)
    add_older_than(parser, "runs started (with --empty-trash: pruned)")
    parser.add_argument(
        "--keep-last",
        type=int,
        metavar="N",
        help="leave the N newest of each script's runs that the other options choose",
    )
    parser.add_argument("--empty-trash", action="store_true", help="delete what lies in the trash")
    parser.add_argument("--yes", action="store_true", help="do it, instead of only listing")
    add_places(parser)


def run(options: Namespace) -> int:
    """Prune runs, or empty the trash."""
    with open_index(options.places) as index:
        if options.empty_trash:
            return _empty(index, options)
        runs = chosen(index, options, (), options.keep_last)
        roots = index.roots
    if not options.yes:
        for one in runs:
            sys.stdout.write(f"{clean(one.name)}\t{clean(one.entry.path)}\n")
        say(f"{count(len(runs), 'run')} would be moved to the trash; --yes moves them\n")
        return 0
    for root in roots:
        tidy(root)
    stamp = _trash.batch()
    done, failed = each(runs, "prune", lambda one: _trash.discard(one.entry, stamp))
    say(f"{count(done, 'run')} moved to the trash; `scitex-session restore ID` brings one back\n")
    return _FAILED if failed else 0


def _empty(index: Index, options: Namespace) -> int:
    if options.status or options.script or options.expressions or options.keep_last is not None:
        raise UsageError("--empty-trash goes with --older-than, --in and --yes only")
    before = None
    if options.older_than is not None:
        before = moment(options.older_than, option="--older-than")
    if not options.yes:
        lying = sum(1 for root in index.roots for _ in _trash.contents(root))
        say(f"{count(lying, 'run')} in the trash; --yes deletes those chosen for good\n")
        return 0
    deleted, errors = 0, []
    for root in index.roots:
        number, problems = _trash.empty(root, before)
        deleted += number
        errors += problems
    for problem in errors:
        say(clean(f"scitex-session prune: {problem}") + "\n")
    say(f"{count(deleted, 'run')} deleted\n")
    return _FAILED if errors else 0
