"""Another seed for the length of a block."""

from __future__ import annotations

from _thread import RLock

from scitex_repro import _process
from scitex_repro._globals import GLOBALS
from scitex_repro._tree import Node, temporary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scitex_repro._manager import RandomStateManager

# The global generators are one for all threads; blocks that change them take turns.
_turn = RLock()


def _free_turn() -> None:
    """Free a forked child of a lock that a thread of its parent held."""
    global _turn
    lock: Any = _turn
    # There is no public way to ask; one's own lock is left by the block's end.
    if not lock._is_owned():  # noqa: SLF001 - see above
        _turn = RLock()


_process.on_change(_free_turn)


class TemporarySeed:
    """The block of ``with rngg.temporary_seed(7):``; it can be used once or many times."""

    def __init__(self, node: Node, facing: Callable[[Node], RandomStateManager], seed: int) -> None:
        self._node = node
        self._facing = facing
        self._seed = seed
        self._entered: list[tuple[Any, Any]] = []

    def __enter__(self) -> RandomStateManager:
        _turn.acquire()
        try:
            saved = GLOBALS.lend(self._seed)
        except BaseException:
            _turn.release()
            raise
        token = temporary.set((*temporary.get(), (self._node.root, Node(self._seed))))
        self._entered.append((saved, token))
        return self._facing(self._node.here())

    def __exit__(self, *exc: object) -> None:
        saved, token = self._entered.pop()
        try:
            temporary.reset(token)
            GLOBALS.take_back(saved)
        finally:
            _turn.release()
