"""The state of all streams: taken, restored, kept in a checkpoint, replaced for a block."""

from __future__ import annotations

import os
from _thread import RLock

from . import _keys, _process
from ._files import write_whole
from ._globals import GLOBALS
from ._tree import Node, kind_of, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

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
            "state": kind_of((kind, name, shared)).state(stream),
        }
        for one in node.walk()
        for (kind, name, shared), stream in list(one.streams.items())
    ]


def restore(node: Node, state: Mapping[str, Any]) -> None:
    """Restore a state, or raise an error that says why it does not fit."""
    _check(node, state)
    restore_streams(node, state["streams"])
    if "globals" in state:
        GLOBALS.restore(state["globals"])


def restore_streams(node: Node, streams: Iterable[Mapping[str, Any]]) -> None:
    """Restore these streams, and set all others back to their beginning."""
    for one in node.walk():
        for stream_id, stream in list(one.streams.items()):
            one.restart(stream_id, stream)
    for entry in streams:
        owner = node.below(entry["below"])
        stream_id = (entry["kind"], entry["name"], entry["shared"])
        kind_of(stream_id).restore(owner.stream(stream_id), entry["state"])


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
            f"the state is of the manager {_path_text(state['path'])}, not of "
            f"{_path_text(node.steps)}; restore it there"
        )
    if list(state["lineage"]) != list(_process.lineage()):
        raise ValueError(
            f"the state is of process {'/'.join(state['lineage']) or 'first'!r}, this one is "
            f"{'/'.join(_process.lineage()) or 'first'!r}; write one checkpoint for each rank "
            "and worker"
        )


def _path_text(steps: Iterable[Any]) -> str:
    return "/".join(["root", *(str(name) for name, _ in steps)])


def write(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a state to a JSON file, which has all of it or is not touched."""
    import json

    write_whole(os.fspath(path), json.dumps(state).encode("ascii"))


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


class TemporarySeed:
    """The context manager of `RandomStateManager.temporary_seed`; it can be used many times."""

    def __init__(self, node: Node, seed: int, manager_of: Any) -> None:
        self._node = node
        self._seed = seed
        self._manager_of = manager_of
        self._entered: list[tuple[Any, Any]] = []

    def __enter__(self) -> Any:
        _block_lock.acquire()
        try:
            saved = GLOBALS.override(self._seed)
        except BaseException:
            _block_lock.release()
            raise
        token = replaced.set((*replaced.get(), (self._node.root, Node(self._seed))))
        self._entered.append((saved, token))
        return self._manager_of(self._node.current())

    def __exit__(self, *exc: object) -> None:
        saved, token = self._entered.pop()
        try:
            replaced.reset(token)
            GLOBALS.end_override(saved)
        finally:
            _block_lock.release()


# The global generators are the same for all threads, so blocks that change them take turns.
_block_lock = RLock()


def _replace_inherited_lock() -> None:
    """Replace the lock in a forked child if a thread of the parent held it."""
    global _block_lock
    lock: Any = _block_lock
    # There is no public way to ask. A lock of the forking thread itself is released by its block.
    if not lock._is_owned():  # noqa: SLF001 - see above
        _block_lock = RLock()


_process.on_new_lineage(_replace_inherited_lock)
