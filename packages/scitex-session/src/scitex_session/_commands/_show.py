"""Show what is known of one run.

How it ended, its arguments and configuration, and the record of its inputs, outputs, code,
environment and randomness.
"""

from __future__ import annotations

import sys

from .._catalog._reader import read_record
from .._catalog._select import living_status, open_index, resolve
from .._catalog._text import clean
from ._options import add_places, add_run
from ._outline import json_text, outline, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from .._catalog._index import Found

_MOST = 20
_RUN_FIELDS = (
    ("exit status", "exit_status"),
    ("exit reason", "exit_reason"),
    ("message", "message"),
    ("started", "start_time"),
    ("ended", "end_time"),
    ("duration", "run_time"),
    ("script", "script"),
    ("function", "function"),
    ("working directory", "cwd"),
    ("parent", "parent"),
)
_TOP = ("args", "overrides", "config", "seed", "warnings")
_LATER = ("inputs", "outputs", "commands", "randomness", "code", "environment", "process", "argv")


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "id")
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    parser.add_argument(
        "--all", action="store_true", help=f"show every item of lists longer than {_MOST}"
    )
    add_places(parser)


def run(options: Namespace) -> int:
    """Show one run."""
    with open_index(options.places) as index:
        found = resolve(index, options.id)
    record = read_record(found.entry)
    if options.json:
        sys.stdout.write(json_text(record, indent=2) + "\n")
        return 0
    lines = [*_head(found, record["run"]), *_sections(record, None if options.all else _MOST)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _head(found: Found, about: Any) -> list[str]:
    status = living_status(found) + (" (archived)" if found.entry.archived else "")
    pairs = [("ID", clean(found.id)), ("status", status)]
    for label, key in _RUN_FIELDS:
        value = about.get(key)
        if value is not None:
            pairs.append((label, plain(value)))
    pairs.append(("directory", clean(found.entry.path)))
    width = max(len(label) for label, _ in pairs)
    return [f"{label:{width}}  {value}" for label, value in pairs]


def _sections(record: dict[str, object], most: int | None) -> list[str]:
    lines = []
    known = {"schema", "schema_version", "run", *_TOP, *_LATER}
    others = [key for key in record if key not in known]
    for name in (*_TOP, *_LATER, *others):
        value = record.get(name)
        if value is None or value in ({}, []):
            continue
        if isinstance(value, list | dict):
            count = f" ({len(value)})" if isinstance(value, list) else ""
            lines += ["", f"{clean(name)}{count}", *outline(value, most=most, indent=1)]
        else:
            lines += ["", f"{clean(name)}: {plain(value)}"]
    return lines
