"""What is kept of a run's randomness: positions, digests, marks."""

from __future__ import annotations

from scitex_repro import _keys, _process
from scitex_repro._globals import GLOBALS
from scitex_repro._hash_order import hash_order
from scitex_repro._tree import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scitex_repro._tree import Known, Node

SCHEMA = "scitex-randomness"
VERSION = 1


def record(root: Node) -> dict[str, Any]:
    """Return the record of a root."""
    streams, libraries = positions(root)
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "algorithm": _keys.ALGORITHM,
        "seed": root.seed,
        "lineage": list(_process.lineage()),
        "deterministic": GLOBALS.deterministic,
        "settings": list(GLOBALS.settings),
        "hash_order": hash_order(),
        "libraries": {name: dict(entry) for name, entry in sorted(GLOBALS.entries.items())},
        "streams": streams,
        "globals": libraries,
        "marks": [dict(mark) for mark in root.marks],
        "verified": [dict(entry) for entry in root.verified],
    }


def mark(root: Node, name: str) -> None:
    """Add a mark with what has changed since the one before."""
    streams, libraries = positions(root)
    before: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for earlier in root.marks:
        before[0].update(earlier["streams"])
        before[1].update(earlier["globals"])
    root.marks.append(
        {
            "name": name,
            "streams": {one: at for one, at in streams.items() if before[0].get(one) != at},
            "globals": {one: at for one, at in libraries.items() if before[1].get(one) != at},
        }
    )


def positions(root: Node) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return count and digest of each named stream, and of each global generator."""
    streams = {
        _label(one, known): _position(one, known, stream)
        for one in root.walk()
        for known, stream in list(one.streams.items())
    }
    return streams, _global_positions()


def _global_positions() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for library, module in GLOBALS.loaded():
        failed = "failed" in GLOBALS.entries[library.name]
        if failed or library.state is None or library.drawn is None:
            continue
        try:
            found[library.name] = {
                "drawn": library.drawn(module, GLOBALS.number(library)),
                "state": digest(library.state(module)),
            }
        except Exception as error:  # noqa: BLE001 - a record says what could not be recorded
            found[library.name] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
    return found


def _position(node: Node, known: Known, stream: Any) -> dict[str, Any]:
    rule = rule_of(known[0])[0]
    return {
        "drawn": rule.drawn(stream, node.seed, node.key_of(known)),
        "state": digest(rule.state(stream)),
    }


def digest(state: Any) -> str:
    """Return the SHA-256 of a state made of plain data in a fixed order."""
    import hashlib

    return hashlib.sha256(repr(state).encode("utf-8")).hexdigest()


def _label(node: Node, known: Known) -> str:
    """Write a stream as ``fold3/numpy:init``, with a star where it is shared."""
    kind, name, shared = known
    above = "".join(f"{_escaped(step)}{'*' * alike}/" for step, alike in node.steps)
    return f"{above}{kind}{'*' * shared}:{_escaped(name) or '(root)'}"


def _escaped(text: str) -> str:
    # Surrogates cannot be written as UTF-8, which a record will be.
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(f"\\{char}" if char in "\\/*(" else char for char in plain)
