"""Run a run again in a clean place and compare everything it makes.

Code, arguments, configuration and seeds are those of the run. Each output is identical, equal in
content, or different and where; what differs between the runs is named, the likeliest cause first.
Exit status 0 only if all of it was reproduced.
"""

from __future__ import annotations

import sys

from .._catalog._text import clean_block
from ._options import add_places, add_run
from ._outline import json_text
from ._unpacked import directory_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "id")
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="run today's code where it lies, and keep the new run beside the old one",
    )
    parser.add_argument(
        "--scratch", metavar="PATH", help="a new directory for the rerun (default: a temporary one)"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="R",
        help="relative difference up to which numbers count as equal (default: 0)",
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="give up after so long (default: never)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the scratch place even if all was reproduced"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_places(parser)


def run(options: Namespace) -> int:
    """Run again and compare."""
    from .._reproduce._rerun import rerun

    comparison = rerun(
        directory_of(options.id, options.places),
        in_place=options.in_place,
        scratch=options.scratch,
        tolerance=options.tolerance,
        timeout=options.timeout,
        keep=options.keep,
    )
    if options.json:
        text = json_text(comparison.to_dict(), indent=2)
    else:
        text = clean_block(comparison.text())
    sys.stdout.write(text + "\n")
    return 0 if comparison.reproduced else 1
