"""``ls`` and ``show``: the list of runs, and all that is known of one."""

from __future__ import annotations

import json
import sys

from .._catalog._printable import clean
from .._catalog._query import Condition, open_index, resolve
from .._catalog._run_files import read_record, status_of_process
from .._catalog._trash import in_trash
from ._options import DONE, add_filters, add_paths, add_run, condition_of
from ._printing import json_text, nested_lines, on_terminal, one_line, print_json, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from .._catalog._index import Found, Index

_HEADINGS = ("ID", "STATUS", "START", "TIME", "SCRIPT", "REASON", "ARGS")
_ON_A_TERMINAL = 50
_MOST = 20
_RUN_FIELDS = {
    "exit status": "exit_status",
    "exit reason": "exit_reason",
    "message": "message",
    "started": "start_time",
    "ended": "end_time",
    "duration": "run_time",
    "script": "script",
    "function": "function",
    "working directory": "cwd",
    "parent": "parent",
}
_SECTIONS = (
    *("args", "overrides", "config", "seed", "warnings"),
    *("inputs", "outputs", "commands", "randomness", "code", "environment", "process", "argv"),
)


def add_ls(parser: ArgumentParser) -> None:
    """Describe the command line of ``ls``."""
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
    add_paths(parser)


def ls(options: Namespace) -> int:
    """List runs, newest first.

    An expression restricts the list to runs with such a parameter: threshold>0.4, data_path=a.csv,
    EXPERIMENT.lr<=1e-3, run.exit_status!=0, or name~text for a part of a text. NAME is an option
    of the script, a key of its configuration, or a field of the run. Quote it: the shell reads <
    and >.
    """
    if options.limit is None:
        options.limit = _ON_A_TERMINAL if on_terminal() and not options.json else 0
    with open_index(options.paths) as index:
        if options.trash:
            _list_trash(index)
        elif options.json:
            _list_json(index, condition_of(options), options)
        else:
            _list_lines(index, condition_of(options), options)
    return DONE


def _list_lines(index: Index, condition: Condition, options: Namespace) -> None:
    """Print the lines that the index holds; only the status of running ones is decided now."""
    ended = condition & Condition("status <> 'running'")
    # Without a limit sorting is left to Python, which is twice as fast as SQLite at it.
    tail = f"ORDER BY start DESC, line DESC LIMIT {options.limit:d}" if options.limit else ""
    lines = index.select("start, line", *ended, tail).fetchall()
    running = condition & Condition("status = 'running'")
    for start, line, head in index.select("start, line, head", *running):
        status = status_of_process(json.loads(head)["process"])
        if not options.status or status in options.status:
            name, _, columns = line.split("\t", 2)
            lines.append((start, f"{name}\t{status}\t{columns}"))
    lines.sort(reverse=True)
    if options.limit:
        del lines[options.limit :]
    if not on_terminal():
        sys.stdout.write("\n".join(["\t".join(_HEADINGS), *[line for _, line in lines], ""]))
        return
    rows = [line.split("\t") for _, line in lines]
    # The start is left out: the ID says it.
    print_table((*_HEADINGS[:2], *_HEADINGS[3:]), [(*row[:2], *row[3:]) for row in rows])
    if options.limit and len(lines) == options.limit:
        sys.stdout.write(f"the newest {options.limit}; --limit 0 lists all\n")


def _list_json(index: Index, condition: Condition, options: Namespace) -> None:
    """Print objects: name, id, status, path, archived, run, args, config."""
    texts: list[str] = []
    for found in index.find(*condition, "ORDER BY start DESC, name DESC"):
        status = found.current_status()
        if options.status and status not in options.status:
            continue
        head = json.loads(found.head)
        described = {
            "name": found.name,
            "id": found.id,
            "status": status,
            "path": found.entry.path,
            "archived": found.entry.archived,
            **{section: head[section] for section in ("run", "args", "config")},
        }
        texts.append(json_text(described))
        if len(texts) == options.limit:
            break
    sys.stdout.write("[" + ",\n ".join(texts) + "]\n")


def _list_trash(index: Index) -> None:
    rows = [
        (clean(entry.name), clean(batch), clean(entry.path))
        for root in index.roots
        for batch, entry in in_trash(root)
    ]
    print_table(("ID", "PRUNED", "PATH"), rows)


def add_show(parser: ArgumentParser) -> None:
    """Describe the command line of ``show``."""
    add_run(parser, "id")
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    parser.add_argument(
        "--all", action="store_true", help=f"show every item of lists longer than {_MOST}"
    )
    add_paths(parser)


def show(options: Namespace) -> int:
    """Show what is known of one run.

    How it ended, its arguments and configuration, and the record of its inputs, outputs, code,
    environment and randomness.
    """
    with open_index(options.paths) as index:
        found = resolve(index, options.id)
    record = read_record(found.entry)
    if options.json:
        print_json(record)
    else:
        lines = [*_about(found, record["run"]), *_sections(record, None if options.all else _MOST)]
        sys.stdout.write("\n".join(lines) + "\n")
    return DONE


def _about(found: Found, run: dict[str, Any]) -> list[str]:
    status = found.current_status() + (" (archived)" if found.entry.archived else "")
    values = {"ID": clean(found.id), "status": status}
    for label, key in _RUN_FIELDS.items():
        if run.get(key) is not None:
            values[label] = one_line(run[key])
    values["directory"] = clean(found.entry.path)
    width = max(map(len, values))
    return [f"{label:{width}}  {value}" for label, value in values.items()]


def _sections(record: dict[str, Any], most: int | None) -> list[str]:
    lines = []
    known = {"schema", "schema_version", "run", *_SECTIONS}
    for name in (*_SECTIONS, *(key for key in record if key not in known)):
        value = record.get(name)
        if value is None or value in ({}, []):
            continue
        if isinstance(value, list | dict):
            count = f" ({len(value)})" if isinstance(value, list) else ""
            lines += ["", f"{clean(name)}{count}", *nested_lines(value, most=most, indent=1)]
        else:
            lines += ["", f"{clean(name)}: {one_line(value)}"]
    return lines
