"""Streams by name, and nodes below nodes: what stands behind a manager."""

from __future__ import annotations

import os
from _contextvars import ContextVar
from _thread import RLock
from _weakref import ref

from scitex_repro import _keys, _process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    #: Kind, name, and whether it is shared; "torch@cuda:0" is a kind with its device.
    Known = tuple[str, str, bool]
    #: The names of children on the way down, each with whether it is shared.
    Steps = tuple[tuple[str, bool], ...]

#: The stream behind the methods of the manager itself. No user's name is empty.
_ROOT = ""

# Which nodes stand for which inside the temporary_seed blocks of this thread or task.
temporary: ContextVar[tuple[tuple[Node, Node], ...]] = ContextVar(
    "scitex_repro_temporary", default=()
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
        self.shared = any(shared for _, shared in steps)
        self.streams: dict[Known, Any] = {}
        self.children: dict[tuple[str, bool], Node] = {}
        #: The manager that users hold.
        self.face: Any = None
        self._prefixes: dict[bool, Any] = {}
        self._lock = RLock()
        self.root = root or self
        if root is None:
            self.token = _new_token()
            self.marks: list[dict[str, Any]] = []
            self.verified: list[dict[str, Any]] = []
            _roots.append(ref(self, _roots.remove))

    def here(self) -> Node:
        """Return this node, or the one that stands for it in a ``temporary_seed`` block."""
        for root, other in reversed(temporary.get()):
            if root is self.root:
                return other.below(self.steps)
        return self

    @staticmethod
    def referred(token: str, seed: int) -> Node:
        """Return the root that a pickle refers to, made if this process has none."""
        root = find_root(token, seed)
        if root is None:
            root = Node(seed)
            _kept.append(root)
        return root

    def below(self, steps: Steps) -> Node:
        """Return the node that these steps lead to."""
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

    def stream(self, kind: str, name: str | None, fresh: bool, shared: bool) -> Any:
        """Return a stream by the name that a user gave; None is the manager's own."""
        node = self.here() if temporary.get() else self
        known = (kind, _ROOT if name is None else name, shared)
        found = node.streams.get(known)
        if found is None or name == _ROOT:
            if name is not None:
                _keys.check_name(name)
            return node.make(known)
        if fresh:
            node.restart(known, found)
        return found

    def make(self, known: Known) -> Any:
        """Return a stream, made if need be."""
        with self._lock:
            found = self.streams.get(known)
            if found is None:
                rule, device = rule_of(known[0])
                found = rule.make(self.seed, self.key_of(known), *device)
                if known[0] == "numpy":
                    # Workers that are sent the stream find their own by it.
                    bits = found.bit_generator
                    bits.node, bits.known = self, known
                self.streams[known] = found
        return found

    def restart(self, known: Known, stream: Any) -> None:
        """Put a stream back to its beginning, in place."""
        rule_of(known[0])[0].restart(stream, self.seed, self.key_of(known))

    def number(self, kind: str, name: str | None, shared: bool) -> int:
        """Return the 256 bits that belong to a name in another kind of generator."""
        node = self.here()
        text = _ROOT if name is None else _keys.check_name(name)
        return _keys.derived_int(node.seed, node.key_of((kind, text, shared)))

    def key_of(self, known: Known) -> bytes:
        """Return the key of a stream in this process."""
        kind, name, shared = known
        everywhere = shared or self.shared
        before = self._prefixes.get(everywhere)
        if before is None:
            steps = [f"{'*' if alike else '/'}{step}" for step, alike in self.steps]
            before = _keys.prefix(() if everywhere else _process.lineage(), steps)
            self._prefixes[everywhere] = before
        if "@" in kind:
            kind = kind.partition("@")[0]
        return _keys.digest(before, f"{kind}*" if shared else kind, name)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, the first made first."""
        yield self
        for child in list(self.children.values()):
            yield from child.walk()

    def moved(self) -> None:
        """Start every stream where it begins in this process."""
        self._lock = RLock()
        self._prefixes.clear()
        if self.root is self:
            self.marks.clear()
            self.verified.clear()
        for known, stream in list(self.streams.items()):
            if all(map(_process.is_free, locks_of(stream))):
                self.restart(known, stream)
            else:
                # A thread that this process lacks was drawing from it: it can never be used again.
                del self.streams[known]

    def locks(self) -> Iterator[Any]:
        """Yield the locks of this node and of its streams."""
        yield self._lock
        for stream in list(self.streams.values()):
            yield from locks_of(stream)


def locks_of(stream: Any) -> tuple[Any, ...]:
    """Return the lock of a stream of numpy, nothing for the other kinds."""
    # A RandomState has no public way to its bit generator.
    bits = getattr(stream, "bit_generator", None) or getattr(stream, "_bit_generator", None)
    return () if bits is None else (bits.lock,)


def rule_of(kind: str) -> tuple[Any, tuple[str, ...]]:
    """Return the class that knows a kind of stream, and the device in a tuple if it has one."""
    rule = _rules.get(kind)
    if rule is None:
        plain, _, device = kind.partition("@")
        rule = _rules[kind] = (_class_of(plain), (device,) if device else ())
    return rule


_rules: dict[str, tuple[Any, tuple[str, ...]]] = {}


def _class_of(kind: str) -> Any:
    if kind in ("numpy", "sklearn"):
        from scitex_repro import _numpy_streams

        return {
            "numpy": _numpy_streams.NumpyStream,
            "sklearn": _numpy_streams.SklearnStream,
        }[kind]
    from scitex_repro import _streams

    return {"python": _streams.PythonStream, "torch": _streams.TorchStream}[kind]


# The roots alive: to be started anew in a forked child, and to be found again by the managers
# that a pickle refers to.
_roots: list[Any] = []
_made = 0


def _new_token() -> str:
    global _made
    _made += 1
    return f"{os.getpid()}-{_made}"


def find_root(token: str, seed: int) -> Node | None:
    """Return the root of this token, else the youngest of this seed, else None."""
    alive = [node for node in (one() for one in reversed(_roots)) if node is not None]
    named = [node for node in alive if node.token == token]
    alike = [node for node in alive if node.seed == seed]
    return next(iter([*named, *alike]), None)


# Roots that only pickles refer to live as long as the process: the next task needs them too.
_kept: list[Node] = []


def _all_moved() -> None:
    for one in _roots:
        root = one()
        for node in root.walk() if root is not None else ():
            node.moved()


_process.on_change(_all_moved)
