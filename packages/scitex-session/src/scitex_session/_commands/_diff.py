"""``diff``: two records compared, and the outputs that differ looked into."""

from __future__ import annotations

import os
import sys

from .._catalog._printable import clean, cut
from .._catalog._query import open_index, resolve
from .._catalog._run_files import open_below, open_run, read_record
from .._record._record import is_pending
from .._record._status import RUNNING
from ._options import DONE, NO, add_paths, add_run
from ._printing import one_line, print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from .._catalog._index import Found

    Change = tuple[str, Any, Any]

_ABSENT = object()  # marks a value that one of the two runs lacks
_RUN = ("status", "exit_status", "exit_reason", "script", "function", "cwd")
_SECTIONS = (
    *("args", "overrides", "config", "seed", "inputs", "code", "environment", "randomness"),
    "outputs",
)
_BY_PATH = ("inputs", "outputs")
# What tells one process from another, and nothing about what it computed.
_INCIDENTAL = frozenset(
    {"command", "pid", "ppid", "start_ticks", "mtime_ns", "time", "load", "available", "free"}
)
_LONGEST = 100


def add_diff(parser: ArgumentParser) -> None:
    """Describe the command line of ``diff``."""
    add_run(parser, "a")
    add_run(parser, "b")
    parser.add_argument("--json", action="store_true", help="print an object of lists of changes")
    add_paths(parser)


def diff(options: Namespace) -> int:
    """Compare two runs. Exit status 0 if they are the same, 1 if not.

    Compared are how they ended, arguments, configuration, inputs, code, environment, randomness and
    outputs. What is different in any two runs is left out: times, process numbers, the run's own
    directory.
    """
    with open_index(options.paths) as index:
        a, b = resolve(index, options.a), resolve(index, options.b)
    changes = _compare(read_record(a.entry), read_record(b.entry))
    if outputs := _compare_outputs(a, b, changes.pop("outputs", [])):
        changes["outputs"] = outputs
    if options.json:
        _print_json(a, b, changes)
    else:
        _print_text(a, b, changes)
    return NO if changes else DONE


def _compare(a: dict[str, Any], b: dict[str, Any]) -> dict[str, list[Change]]:
    """Return the sections of two records that differ, with what differs in them."""
    found = {}
    for name in ("run", *_SECTIONS):
        left, right = _values(a, name), _values(b, name)
        changes = []
        for key in {**left, **right}:
            old, new = left.get(key, _ABSENT), right.get(key, _ABSENT)
            if old != new or type(old) is not type(new):
                changes.append((key, old, new))
        if changes:
            found[name] = changes
    return found


def _values(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what is compared of a section: single values by dotted name."""
    run = record["run"]
    own = (run.get("sdir_run"), run.get("id"))  # what stands for the run itself, longest first
    section = record.get(name)
    if name == "run":
        section = {key: run.get(key) for key in _RUN}
    elif is_pending(record, name):  # still being digested: there is nothing to compare yet
        section = None
    if name in _BY_PATH:
        section = _by_path(section)
    return dict(_flat(section, "", tuple(text for text in own if isinstance(text, str) and text)))


def _by_path(files: Any) -> dict[str, Any]:
    """Return files by their path, each with its size and digest."""
    found = {}
    for entry in files if isinstance(files, list) else ():
        if isinstance(entry, dict):
            digest = entry.get("sha256")
            shown = f"sha256 {digest[:12]}" if isinstance(digest, str) else "no digest"
            name = str(entry.get("path") or entry.get("url"))
            found[name] = f"{entry.get('size')} bytes, {shown}"
    return found


def _flat(value: Any, name: str, own: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield dotted names with single values; the run's own name in them counts as the same."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if key not in _INCIDENTAL:
                yield from _flat(item, f"{name}.{key}" if name else _neutral(str(key), own), own)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value):
            label = item.get("path") or item.get("name") if isinstance(item, dict) else None
            yield from _flat(item, f"{name}[{label or number}]", own)
    elif value is not None:
        yield name, _neutral(value, own) if isinstance(value, str) else value


def _neutral(text: str, own: tuple[str, ...]) -> str:
    for one in own:
        text = text.replace(one, "<run>")
    return text


def _compare_outputs(a: Found, b: Found, changes: list[Change]) -> list[Change]:
    """Say where outputs differ; drop those that differ in dates and internal names only.

    Archived and running runs are left at what their records say.
    """
    if not changes or any(
        found.entry.archived or found.current_status() == RUNNING for found in (a, b)
    ):
        return changes
    from .._provenance._late import read_completed
    from .._reproduce._compare_outputs import aliases, compare_files
    from .._reproduce._verdict import Rules

    rules = Rules(aliases(read_completed(a.entry.path), read_completed(b.entry.path)), 0.0)
    kept: list[Change] = []
    for name, left, right in changes:
        shown = right
        if _ABSENT not in (left, right) and _has_file(a, name) and _has_file(b, name):
            old, new = (os.path.join(found.entry.path, name) for found in (a, b))
            result = compare_files(old, new, name, rules)
            if result.same:
                continue
            shown = f"{right} ({result.detail})" if result.detail else right
        kept.append((name, left, shown))
    return kept


def _has_file(found: Found, name: str) -> bool:
    """Whether a run has such a file, reached through no link and not above the run."""
    if any(step in ("", ".", "..") for step in name.split("/")):
        return False
    try:
        folder = open_run(found.entry.path)
        try:
            os.close(open_below(folder, name))
        finally:
            os.close(folder)
    except OSError:
        return False
    return True


def _print_text(a: Found, b: Found, changes: dict[str, list[Change]]) -> None:
    lines = [f"--- {clean(a.name)}", f"+++ {clean(b.name)}"]
    for section, several in changes.items():
        lines += ["", section]
        for name, left, right in several:
            label = clean(cut(name, _LONGEST)) or "value"
            if right is _ABSENT:
                lines.append(f"  - {label}: {one_line(left)}")
            elif left is _ABSENT:
                lines.append(f"  + {label}: {one_line(right)}")
            else:
                lines.append(f"    {label}: {one_line(left)} -> {one_line(right)}")
    if not changes:
        lines.append("no difference")
    sys.stdout.write("\n".join(lines) + "\n")


def _print_json(a: Found, b: Found, changes: dict[str, list[Change]]) -> None:
    listed = {
        section: [
            {
                key: value
                for key, value in zip(("name", "a", "b"), one, strict=True)
                if value is not _ABSENT
            }
            for one in several
        ]
        for section, several in changes.items()
    }
    print_json({"a": a.entry.path, "b": b.entry.path, "changes": listed})
