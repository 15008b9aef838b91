"""List runs, newest first.

An expression restricts the list to runs with such a parameter: threshold>0.4, data_path=a.csv,
EXPERIMENT.lr<=1e-3, run.exit_status!=0, or name~text for a part of a text. NAME is an option of
the script, a key of its configuration, or a field of the run. Quote it: the shell reads < and >.
"""

from __future__ import annotations

import json
import os
import sys

from .._catalog._query import Condition, both
from .._catalog._refresh import text_of
from .._catalog._select import open_index, word_of_life
from .._catalog._text import clean
from ._options import add_filters, add_places, condition_of
from ._outline import json_text
from ._table import on_terminal, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from .._catalog._index import Index

HEADINGS = ("ID", "STATUS", "START", "TIME", "SCRIPT", "REASON", "ARGS")
_ON_A_TERMINAL = 50


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "expressions", metavar="EXPRESSION", nargs="*", help="such as 'threshold>0.4'"
    )
    add_filters(parser)
    parser.add_argument(
        "--since",
        metavar="WHEN",
        help="only runs started since a date (2026-11-20) or age (12h, 7d)",
    )
    parser.add_argument(
        "-n",
        "--limit",
        type=int,
        metavar="N",
        help=f"at most N runs; 0 for all (default: {_ON_A_TERMINAL} on a terminal, all when piped)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array of objects")
    parser.add_argument("--trash", action="store_true", help="list what lies in the trash instead")
    add_places(parser)


def run(options: Namespace) -> int:
    """List runs."""
    if options.limit is None:
        options.limit = _ON_A_TERMINAL if on_terminal() and not options.json else 0
    with open_index(options.places) as index:
        if options.trash:
            return _list_trash(index)
        condition = condition_of(options)
        if options.json:
            _print_json(index, condition, options)
        else:
            _print_lines(index, condition, options)
    return 0


def _print_lines(index: Index, condition: Condition, options: Namespace) -> None:
    """Print the lines as the index has them; only who is running is decided now."""
    lines = _ended(index, condition, options.limit)
    lines += _open(index, condition, frozenset(options.status or ()))
    lines.sort(reverse=True)
    if options.limit:
        del lines[options.limit :]
    if not on_terminal():
        sys.stdout.write("\n".join(["\t".join(HEADINGS), *[line for _, line in lines], ""]))
        return
    cells = [line.split("\t") for _, line in lines]
    print_table(
        (*HEADINGS[:2], *HEADINGS[3:]),
        [(*row[:2], *row[3:]) for row in cells],  # the ID says the start
    )
    if options.limit and len(lines) == options.limit:
        sys.stdout.write(f"the newest {options.limit}; --limit 0 lists all\n")


def _ended(index: Index, condition: Condition, limit: int) -> list[tuple[float, str]]:
    """Return start and line of the runs that are over, the newest of them if there is a limit."""
    where = both([condition, Condition("status <> 'running'", ())])
    # Without a limit sorting is left to Python, which is twice as fast as SQLite at it.
    tail = f"ORDER BY start DESC, line DESC LIMIT {limit:d}" if limit else ""
    return index.select("start, line", *where, tail).fetchall()


def _open(
    index: Index, condition: Condition, wanted: frozenset[str]
) -> Iterator[tuple[float, str]]:
    """Yield start and line of the runs that are not over, as far as they are of a wanted status."""
    where = both([condition, Condition("status = 'running'", ())])
    for run, start, line in index.select("run, start, line", *where):
        word = word_of_life(index.head(run)["process"])
        if not wanted or word in wanted:
            name, _, columns = line.split("\t", 2)
            yield start, f"{name}\t{word}\t{columns}"


def _print_json(index: Index, condition: Condition, options: Namespace) -> None:
    """Print objects: name, id, status, path, archived, run, args, config."""
    columns = "dir, file, name, id, status, head"
    rows = index.select(columns, *condition, "ORDER BY start DESC, name DESC")
    wanted = frozenset(options.status or ())
    found = []
    for key, file, name, identifier, stored, head in rows:
        record = json.loads(head)
        status = word_of_life(record["process"]) if stored == "running" else stored
        if wanted and status not in wanted:
            continue
        path = os.path.join(*index.place(key), text_of(file)).rstrip(os.sep)
        entry = {
            "name": text_of(name),
            "id": text_of(identifier),
            "status": status,
            "path": path,
            "archived": path.endswith(".tar"),
            **{section: record[section] for section in ("run", "args", "config")},
        }
        found.append(json_text(entry))
        if len(found) == options.limit:
            break
    sys.stdout.write("[" + ",\n ".join(found) + "]\n")


def _list_trash(index: Index) -> int:
    from .._catalog._trash import contents

    rows = [
        (clean(entry.name), clean(stamp), clean(entry.path))
        for root in index.roots
        for stamp, entry in contents(root)
    ]
    print_table(("ID", "PRUNED", "PATH"), rows)
    return 0
