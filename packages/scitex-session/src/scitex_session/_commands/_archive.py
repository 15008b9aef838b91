"""Pack runs into one tar file each, in the place of their directories.

A run of a thousand files then takes one inode. It stays in `ls`, and `show`, `logs` and `diff` read
it as before. Each file is read back and compared before its directory is deleted; SHA-256 digests
of all members are the last member (`sha256sum -c` reads them). `restore` unpacks.
"""

from __future__ import annotations

import sys

from .._catalog._archive import pack
from .._catalog._claim import tidy
from .._catalog._select import open_index
from .._catalog._text import clean
from ._chosen import chosen, each
from ._options import ENDED_STATUSES, add_filters, add_older_than, add_places, add_run
from ._words import count, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_FAILED = 4


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "ids", many=True)
    add_filters(parser, ENDED_STATUSES)
    add_older_than(parser, "runs started")
    parser.add_argument(
        "--where",
        dest="expressions",
        action="append",
        default=[],
        metavar="EXPRESSION",
        help="only runs with such a parameter, as in `ls` (repeatable)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only list the runs")
    add_places(parser)


def run(options: Namespace) -> int:
    """Archive runs."""
    with open_index(options.places) as index:
        runs = chosen(index, options, options.ids, None)
        roots = index.roots
    runs = [one for one in runs if not one.entry.archived]
    if options.dry_run:
        for one in runs:
            sys.stdout.write(f"{clean(one.name)}\t{clean(one.entry.path)}\n")
        return 0
    for root in roots:
        tidy(root)
    done, failed = each(runs, "archive", lambda one: pack(one.entry))
    say(f"{count(done, 'run')} archived\n")
    return _FAILED if failed else 0
