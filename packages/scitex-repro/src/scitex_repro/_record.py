"""The record of a run's randomness: counts and digests of all streams, and marks on the way."""

from __future__ import annotations

from . import _keys, _process
from ._compare import SCHEMA
from ._globals import GLOBALS
from ._hash_order import hash_order
from ._tree import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._tree import Node, StreamId

_VERSION = 1


def record(root: Node) -> dict[str, Any]:
    """Return the record of a root."""
    return {
        "schema": SCHEMA,
        "schema_version": _VERSION,
        "algorithm": _keys.ALGORITHM,
        "seed": root.seed,
        "lineage": list(_process.lineage()),
        "deterministic": GLOBALS.deterministic,
        "settings": list(GLOBALS.settings),
        "hash_order": hash_order(),
        "libraries": {name: dict(entry) for name, entry in sorted(GLOBALS.entries.items())},
        "streams": _stream_positions(root),
        "globals": _global_positions(),
        "marks": [dict(mark) for mark in root.marks],
        "verified": [dict(entry) for entry in root.verified],
    }


def mark(root: Node, name: str) -> None:
    """Add a mark with what has changed since the one before."""
    new: dict[str, Any] = {"name": name}
    for part, positions in (("streams", _stream_positions(root)), ("globals", _global_positions())):
        known: dict[str, Any] = {}
        for earlier in root.marks:
            known.update(earlier[part])
        new[part] = {one: at for one, at in positions.items() if known.get(one) != at}
    root.marks.append(new)


def _stream_positions(root: Node) -> dict[str, Any]:
    found = {}
    for node in root.walk():
        for stream_id, stream in list(node.streams.items()):
            kind = kind_of(stream_id)
            found[_label(node, stream_id)] = {
                "drawn": kind.drawn(stream, node.seed, node.key_of(stream_id)),
                "state": _digest(kind.state(stream)),
            }
    return found


def _global_positions() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for library, module in GLOBALS.loaded():
        if "failed" in GLOBALS.entries[library.name] or not library.has_state:
            continue
        try:
            found[library.name] = {
                "drawn": library.drawn(module, GLOBALS.number(library)),
                "state": _digest(library.state(module)),
            }
        except Exception as error:  # noqa: BLE001 - a record says what could not be recorded
            found[library.name] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
    return found


def _digest(state: Any) -> str:
    """Return the SHA-256 of a state made of plain data in a fixed order."""
    import hashlib

    return hashlib.sha256(repr(state).encode("utf-8")).hexdigest()


def _label(node: Node, stream_id: StreamId) -> str:
    """Write a stream as ``fold3/numpy:init``, with a star where it is shared."""
    kind, name, shared = stream_id
    above = "".join(f"{_escaped(step)}{'*' * alike}/" for step, alike in node.steps)
    return f"{above}{kind}{'*' * shared}:{_escaped(name) or '(root)'}"


def _escaped(text: str) -> str:
    # Surrogates cannot be encoded as UTF-8, in which the record is written.
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(f"\\{char}" if char in "\\/*(" else char for char in plain)
