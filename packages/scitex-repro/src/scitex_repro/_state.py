"""Where every stream stands: taken, put back, written to a file and read from it."""

from __future__ import annotations

import os

from scitex_repro import _keys, _process
from scitex_repro._globals import GLOBALS
from scitex_repro._tree import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from scitex_repro._tree import Node

_SCHEMA = "scitex-random-state"
_VERSION = 1


def take(node: Node) -> dict[str, Any]:
    """Return the state of a node and of all below it."""
    state: dict[str, Any] = {
        "schema": _SCHEMA,
        "schema_version": _VERSION,
        "algorithm": _keys.ALGORITHM,
        "seed": node.seed,
        "path": [list(step) for step in node.steps],
        "lineage": list(_process.lineage()),
        "streams": take_streams(node),
    }
    if node.root is node:
        state["globals"] = GLOBALS.state()
    return state


def take_streams(node: Node) -> list[dict[str, Any]]:
    """Return the states of the streams of a node and of all below it."""
    above = len(node.steps)
    return [
        {
            "below": [list(step) for step in one.steps[above:]],
            "kind": kind,
            "name": name,
            "shared": shared,
            "state": rule_of(kind)[0].state(stream),
        }
        for one in node.walk()
        for (kind, name, shared), stream in list(one.streams.items())
    ]


def put_back(node: Node, state: Mapping[str, Any]) -> None:
    """Put a state back, or say why it is none for this manager and process."""
    _check(node, state)
    put_back_streams(node, state["streams"])
    if "globals" in state:
        GLOBALS.restore(state["globals"])


def put_back_streams(node: Node, streams: Iterable[Mapping[str, Any]]) -> None:
    """Put streams where they stood, and all others to their beginning."""
    for one in node.walk():
        for known, stream in list(one.streams.items()):
            one.restart(known, stream)
    for entry in streams:
        owner = node.below(entry["below"])
        known = (entry["kind"], entry["name"], entry["shared"])
        stream = owner.make(known)
        rule = rule_of(known[0])[0]
        rule.restore(stream, owner.seed, owner.key_of(known), entry["state"])


def _check(node: Node, state: Mapping[str, Any]) -> None:
    if state.get("schema") != _SCHEMA or state.get("schema_version") != _VERSION:
        raise ValueError(
            f"this is no state of a RandomStateManager: its schema is {state.get('schema')!r}, "
            f"version {state.get('schema_version')!r}; wanted is {_SCHEMA!r}, version {_VERSION}"
        )
    if state["algorithm"] != _keys.ALGORITHM:
        raise ValueError(
            f"the state is of algorithm {state['algorithm']!r}, this version has "
            f"{_keys.ALGORITHM!r}; use the version of scitex-repro that wrote it"
        )
    if state["seed"] != node.seed:
        raise ValueError(
            f"the state is of seed {state['seed']}, the manager has {node.seed}; "
            "make the manager with RandomStateManager.from_checkpoint or with that seed"
        )
    if [list(step) for step in node.steps] != [list(step) for step in state["path"]]:
        raise ValueError(
            f"the state is of the manager {_shown(state['path'])}, not of "
            f"{_shown(node.steps)}; restore it there"
        )
    if list(state["lineage"]) != list(_process.lineage()):
        raise ValueError(
            f"the state is of process {'/'.join(state['lineage']) or 'first'!r}, this one is "
            f"{'/'.join(_process.lineage()) or 'first'!r}; write one checkpoint for each rank "
            "and worker"
        )


def _shown(steps: Iterable[Any]) -> str:
    return "/".join(["root", *(str(name) for name, _ in steps)])


def write(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a state as JSON: the file has all of it or is not touched."""
    import json

    target = os.fspath(path)
    aside = f"{target}.{os.getpid()}.tmp"
    try:
        with open(aside, "w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, target)
    except BaseException:
        if os.path.exists(aside):
            os.unlink(aside)
        raise


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `write` wrote."""
    import json

    with open(path, encoding="utf-8") as file:
        try:
            state: Any = json.load(file)
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)} is no checkpoint: {error}") from None
    if not isinstance(state, dict) or state.get("schema") != _SCHEMA:
        raise ValueError(
            f"{os.fspath(path)} is no checkpoint of a RandomStateManager: it lacks "
            f"'schema': {_SCHEMA!r}"
        )
    return state
