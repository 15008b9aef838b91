"""Compare two runs. Exit status 0 if they are the same, 1 if not.

Compared are how they ended, arguments, configuration, inputs, code, environment, randomness and
outputs. What is different in any two runs is left out: times, process numbers, the run's own
directory.
"""

from __future__ import annotations

import sys

from .._catalog._reader import read_record
from .._catalog._select import open_index, resolve
from .._catalog._text import clean, cut
from ._contents import ABSENT, look_inside
from ._options import add_places, add_run
from ._outline import json_text, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from .._catalog._index import Found
    from ._contents import Change

_RUN = ("status", "exit_status", "exit_reason", "script", "function", "cwd")
_SECTIONS = ("args", "overrides", "config", "seed", "inputs", "code", "environment", "randomness")
_BY_PATH = ("inputs", "outputs")
# What tells one process from another, and nothing about what it computed.
_PASSING = frozenset(
    {"command", "pid", "ppid", "start_ticks", "mtime_ns", "time", "load", "available", "free"}
)
_LONGEST = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "a")
    add_run(parser, "b")
    parser.add_argument("--json", action="store_true", help="print an object of lists of changes")
    add_places(parser)


def run(options: Namespace) -> int:
    """Compare two runs."""
    with open_index(options.places) as index:
        found = [resolve(index, options.a), resolve(index, options.b)]
    records: list[dict[str, Any]] = [read_record(one.entry) for one in found]
    changes = compare(*records)
    if "outputs" in changes:
        changes["outputs"] = look_inside(found[0], found[1], changes["outputs"])
        if not changes["outputs"]:
            del changes["outputs"]
    if options.json:
        _print_json(found, changes)
    else:
        _print_text(found, changes)
    return 1 if changes else 0


def compare(a: dict[str, Any], b: dict[str, Any]) -> dict[str, list[Change]]:
    """Return the sections of two records that differ, with what differs in them."""
    about = [{key: record["run"].get(key) for key in _RUN} for record in (a, b)]
    pairs: dict[str, tuple[Any, Any]] = {"run": (about[0], about[1])}
    own = [_own_names(record["run"]) for record in (a, b)]
    for name in (*_SECTIONS, "outputs"):
        pairs[name] = (_settled(a, name), _settled(b, name))
    found = {}
    for name, (left, right) in pairs.items():
        flat = [
            dict(_flat(_keyed(value) if name in _BY_PATH else value, "", mine))
            for value, mine in zip((left, right), own, strict=True)
        ]
        if changes := list(_changes(*flat)):
            found[name] = changes
    return found


def _settled(record: dict[str, Any], name: str) -> Any:
    """Return a section; one that is still being digested has nothing to compare yet."""
    pending = record.get("pending")
    return None if isinstance(pending, list) and name in pending else record.get(name)


def _own_names(run: dict[str, Any]) -> tuple[str, ...]:
    """Return what stands for the run itself in paths, longest first."""
    names = (run.get("sdir_run"), run.get("id"))
    return tuple(name for name in names if isinstance(name, str) and name)


def _keyed(files: Any) -> dict[str, Any]:
    """Return files by their path, each by what tells that its content is another."""
    if not isinstance(files, list):
        return {}
    found = {}
    for entry in files:
        if isinstance(entry, dict):
            name = str(entry.get("path") or entry.get("url"))
            size, digest = entry.get("size"), entry.get("sha256")
            told = f"sha256 {digest[:12]}" if isinstance(digest, str) else "no digest"
            found[name] = f"{size} bytes, {told}"
    return found


def _flat(value: Any, name: str, own: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield dotted names with single values; the run's own name in them counts as the same."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if key not in _PASSING:
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


def _changes(a: dict[str, Any], b: dict[str, Any]) -> Iterator[Change]:
    for name in {**a, **b}:
        left, right = a.get(name, ABSENT), b.get(name, ABSENT)
        if left != right or type(left) is not type(right):
            yield name, left, right


def _print_text(found: list[Found], changes: dict[str, list[Change]]) -> None:
    lines = [f"--- {clean(found[0].name)}", f"+++ {clean(found[1].name)}"]
    for section, several in changes.items():
        lines += ["", section]
        for name, left, right in several:
            label = clean(cut(name, _LONGEST)) or "value"
            if right is ABSENT:
                lines.append(f"  - {label}: {plain(left)}")
            elif left is ABSENT:
                lines.append(f"  + {label}: {plain(right)}")
            else:
                lines.append(f"    {label}: {plain(left)} -> {plain(right)}")
    if not changes:
        lines.append("no difference")
    sys.stdout.write("\n".join(lines) + "\n")


def _print_json(found: list[Found], changes: dict[str, list[Change]]) -> None:
    listed = {
        section: [
            {
                "name": name,
                **({} if left is ABSENT else {"a": left}),
                **({} if right is ABSENT else {"b": right}),
            }
            for name, left, right in several
        ]
        for section, several in changes.items()
    }
    whole = {"a": found[0].entry.path, "b": found[1].entry.path, "changes": listed}
    sys.stdout.write(json_text(whole, indent=2) + "\n")
