"""Options that several sub-commands share."""

from __future__ import annotations

from .._catalog._query import both
from .._catalog._select import STATUSES, filters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .._catalog._query import Condition

ENDED_STATUSES = ("success", "error", "finished")


def add_places(parser: ArgumentParser) -> None:
    """Add ``--in``."""
    parser.add_argument(
        "--in",
        dest="places",
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
    """Return the condition that the shared filters amount to."""
    found = filters(
        expressions=getattr(options, "expressions", ()),
        script=options.script,
        since=getattr(options, "since", None),
        before=getattr(options, "older_than", None),
    )
    if not options.status:
        return found
    wanted = {*options.status, *map(_stored, options.status)}
    marks = ", ".join("?" * len(wanted))
    from .._catalog._query import Condition

    return both([found, Condition(f"status IN ({marks})", tuple(sorted(wanted)))])


def _stored(status: str) -> str:
    """Return the status that the index has: who of those running is alive shows only now."""
    return status if status in ENDED_STATUSES else "running"
