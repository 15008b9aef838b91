"""List runs, newest first.

An expression restricts the list to runs with such a parameter: threshold>0.4, data_path=a.csv,
EXPERIMENT.lr<=1e-3, run.exit_status!=0, or name~text for a part of a text. NAME is an option of
the script, a key of its configuration, or a field of the run. Quote it: the shell reads < and >.
"""

from __future__ import annotations

import json
import os
import sys

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
    from .._catalog._query import Condition

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
    """Print the columns as the index has them; only who is running is decided now."""
    columns = "run, name, status, line, substr(file, -4)"
    rows = index.select(columns, *condition, "ORDER BY start DESC, name DESC")
    wanted = frozenset(options.status or ())
    lines = list(_lines(index, rows, wanted, options.limit))
    if on_terminal():
        short = [(line[0], line[1], *line[2].split("\t")[1:]) for line in lines]  # the ID has START
        print_table((*HEADINGS[:2], *HEADINGS[3:]), short)
        if options.limit and len(lines) == options.limit:
            sys.stdout.write(f"the newest {options.limit}; --limit 0 lists all\n")
        return
    text = "\n".join(["\t".join(HEADINGS), *["\t".join(line) for line in lines], ""])
    sys.stdout.write(text)


def _lines(
    index: Index, rows: object, wanted: frozenset[str], limit: int
) -> Iterator[tuple[str, str, str]]:
    count = 0
    for run, name, status, line, ending in rows:  # type: ignore[attr-defined]  # a cursor
        word = word_of_life(index.head(run)["process"]) if status == "running" else status
        if wanted and word not in wanted:
            continue
        shown = word if ending != ".tar" else word + " (archived)"
        yield clean(text_of(name)), shown, line
        count += 1
        if count == limit:
            return


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
