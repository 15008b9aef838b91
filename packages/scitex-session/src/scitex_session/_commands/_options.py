"""Options that several sub-commands share, the runs they choose, and exit statuses."""

from __future__ import annotations

from .._catalog._query import Condition, expression, of_script, started, with_status
from .._record._status import STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DONE, NO, USAGE_ERROR, NO_RUN, FAILED, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 4, 130, 141


def add_paths(parser: ArgumentParser) -> None:
    """Add ``--in``."""
    parser.add_argument(
        "--in",
        dest="paths",
        action="append",
        metavar="PATH",
        help="look in this output directory, beside this script, or anywhere below this directory "
        "(repeatable; by default in all output directories known on this machine)",
    )


def add_run(parser: ArgumentParser, name: str, *, many: bool = False) -> None:
    """Add a run's ID, or several."""
    text = "ID of the run, or any part of its beginning or end that no other run shares"
    if many:
        parser.add_argument(name, metavar="ID", nargs="*", help=text)
    else:
        parser.add_argument(name, metavar=name.upper(), help=text)


def add_filters(parser: ArgumentParser, statuses: tuple[str, ...] = STATUSES) -> None:
    """Add ``--status`` and ``--script``."""
    parser.add_argument(
        "--status",
        action="append",
        choices=statuses,
        help="only runs of this status (repeatable)",
    )
    parser.add_argument(
        "--script", metavar="TEXT", help="only runs of this script: a path, or a part"
    )


def add_older_than(parser: ArgumentParser, what: str) -> None:
    """Add ``--older-than``."""
    parser.add_argument(
        "--older-than",
        metavar="WHEN",
        help=f"only {what} before this date (2026-11-20) or age (12h, 30d, 4w)",
    )


def condition_of(options: Namespace) -> Condition:
    """Return the condition that the shared filters amount to; empty if there are none."""
    condition = with_status(options.status)
    for text in getattr(options, "expressions", ()):
        condition &= expression(text)
    if options.script:  # an empty text would choose every run
        condition &= of_script(options.script)
    if (since := getattr(options, "since", None)) is not None:
        condition &= started(">=", since, option="--since")
    if (before := getattr(options, "older_than", None)) is not None:
        condition &= started("<", before, option="--older-than")
    return condition
