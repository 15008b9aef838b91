"""The tree behind a manager: each node owns the streams of one manager and the nodes below it."""

from __future__ import annotations

import os
from _thread import RLock
from contextvars import ContextVar
from weakref import ref

from . import _keys, _process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ._streams import Kind

    #: Kind, name, and whether it is shared; "torch@cuda:0" is a kind with its device.
    StreamId = tuple[str, str, bool]
    #: The names of the children on the way down, each with whether it is shared.
    Steps = tuple[tuple[str, bool], ...]

# The name of the stream behind the manager's own methods. No user's name is empty.
_OWN = ""

# Pairs of (root, root that replaces it) in the temporary_seed blocks of this thread or task.
replaced: ContextVar[tuple[tuple[Node, Node], ...]] = ContextVar(
    "scitex_repro_replaced", default=()
)


class Node:
    """The streams of one manager, and the nodes below it.

    Parameters
    ----------
    seed : int
        The seed of the whole tree.
    steps : tuple of (str, bool)
        The way from the root to here.
    root : Node, optional
        The root, if this is not it.
    """

    def __init__(self, seed: int, steps: Steps = (), root: Node | None = None) -> None:
        self.seed = seed
        self.steps = steps
        self.streams: dict[StreamId, Any] = {}
        self.children: dict[tuple[str, bool], Node] = {}
        #: The RandomStateManager of this node.
        self.manager: Any = None
        self._shared = any(shared for _, shared in steps)
        self._path_hashes: dict[bool, Any] = {}
        self._lock = RLock()
        self.root = root or self
        if root is None:
            self.token = _new_token()
            self.marks: list[dict[str, Any]] = []
            self.verified: list[dict[str, Any]] = []
            _roots.append(ref(self, _roots.remove))

    def current(self) -> Node:
        """Return this node, or the one that replaces it in a ``temporary_seed`` block."""
        for root, replacement in reversed(replaced.get()):
            if root is self.root:
                return replacement.below(self.steps)
        return self

    def below(self, steps: Iterable[tuple[str, bool]]) -> Node:
        """Return the node that these steps lead to, made if need be."""
        node = self
        for name, shared in steps:
            node = node.child(name, shared)
        return node

    def child(self, name: str, shared: bool) -> Node:
        """Return the child of this name, made if need be."""
        with self._lock:
            child = self.children.get((name, shared))
            if child is None:
                child = Node(self.seed, (*self.steps, (name, shared)), self.root)
                self.children[name, shared] = child
        return child

    def named_stream(self, kind: str, name: str | None, fresh: bool, shared: bool) -> Any:
        """Return the stream of a name that a user gave; None is the manager's own stream."""
        node = self.current() if replaced.get() else self
        stream_id = (kind, _OWN if name is None else name, shared)
        found = node.streams.get(stream_id)
        if found is None or name == _OWN:
            if name is not None:
                _keys.check_name(name)
            return node.stream(stream_id)
        if fresh:
            node.restart(stream_id, found)
        return found

    def stream(self, stream_id: StreamId) -> Any:
        """Return a stream, made if need be."""
        with self._lock:
            found = self.streams.get(stream_id)
            if found is None:
                found = kind_of(stream_id).make(self.seed, self.key_of(stream_id))
                if stream_id[0] == "numpy":
                    origin = (_find_stream, self.root.token, self.seed, self.steps, stream_id)
                    found.bit_generator.origin = origin
                self.streams[stream_id] = found
        return found

    def restart(self, stream_id: StreamId, stream: Any) -> None:
        """Set a stream back to its beginning in place."""
        kind_of(stream_id).restart(stream, self.seed, self.key_of(stream_id))

    def number(self, kind: str, name: str | None, shared: bool) -> int:
        """Return 256 bits derived for a name, for what is no stream."""
        node = self.current()
        checked = _OWN if name is None else _keys.check_name(name)
        return _keys.derived_int(node.seed, node.key_of((kind, checked, shared)))

    def key_of(self, stream_id: StreamId) -> bytes:
        """Return the key of a stream in this process."""
        kind, name, shared = stream_id
        everywhere = shared or self._shared
        path = self._path_hashes.get(everywhere)
        if path is None:
            steps = [f"{'*' if step_shared else '/'}{step}" for step, step_shared in self.steps]
            path = _keys.path_hash(() if everywhere else _process.lineage(), steps)
            self._path_hashes[everywhere] = path
        # The device does not enter: a seed gives the same key on all of them.
        kind = kind.partition("@")[0]
        return _keys.stream_key(path, f"{kind}*" if shared else kind, name)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in the order they were made."""
        yield self
        for child in list(self.children.values()):
            yield from child.walk()

    def locks(self) -> Iterator[Any]:
        """Yield the locks of this node and of its streams."""
        yield self._lock
        for stream in list(self.streams.values()):
            yield from _locks_of(stream)

    def restart_in_new_process(self) -> None:
        """Start every stream at its beginning in this process, whose lineage has changed."""
        self._lock = RLock()
        self._path_hashes.clear()
        if self.root is self:
            self.marks.clear()
            self.verified.clear()
        for stream_id, stream in list(self.streams.items()):
            if all(map(_process.is_free, _locks_of(stream))):
                self.restart(stream_id, stream)
            else:
                # A thread that this process lacks was drawing from it: nobody will release it.
                del self.streams[stream_id]


def _locks_of(stream: Any) -> tuple[Any, ...]:
    """Return the lock of a stream of numpy; other kinds have none."""
    # A RandomState has no public way to its bit generator.
    bits = getattr(stream, "bit_generator", None) or getattr(stream, "_bit_generator", None)
    return () if bits is None else (bits.lock,)


def kind_of(stream_id: StreamId) -> Kind:
    """Return what makes and handles streams of this kind."""
    found = _kinds.get(stream_id[0])
    if found is None:
        found = _kinds[stream_id[0]] = _import_kind(*stream_id[0].split("@"))
    return found


_kinds: dict[str, Kind] = {}


def _import_kind(name: str, device: str = "") -> Kind:
    from . import _streams

    if name == "python":
        return _streams.PythonKind()
    if name == "torch":
        return _streams.TorchKind(device)
    from . import _numpy_streams

    return {"numpy": _numpy_streams.NumpyKind, "sklearn": _numpy_streams.SklearnKind}[name]()


# The roots alive: they are restarted in a forked child, and found by what a pickle refers to.
_roots: list[ref[Node]] = []
# Roots that only pickles refer to live as long as the process: the next task needs them too.
_kept: list[Node] = []
_made = 0


def _new_token() -> str:
    global _made
    _made += 1
    return f"{os.getpid()}-{_made}"


def find_root(token: str, seed: int) -> Node:
    """Return the root that a pickle refers to.

    That is the one of this token, else the youngest of this seed, else a new one.
    """
    alive = [node for node in (one() for one in reversed(_roots)) if node is not None]
    for node in alive:
        if node.token == token:
            return node
    for node in alive:
        if node.seed == seed:
            return node
    _kept.append(Node(seed))
    return _kept[-1]


def _find_stream(token: str, seed: int, steps: Steps, stream_id: StreamId) -> Any:
    """Return this process's stream of the name that a pickled one has."""
    return find_root(token, seed).below(steps).stream(stream_id)


def _nodes() -> Iterator[Node]:
    for one in _roots.copy():
        root = one()
        if root is not None:
            yield from root.walk()


def _restart_all() -> None:
    for node in _nodes():
        node.restart_in_new_process()


_process.on_new_lineage(_restart_all)
_process.hold_before_fork(lambda: (lock for node in _nodes() for lock in node.locks()))
