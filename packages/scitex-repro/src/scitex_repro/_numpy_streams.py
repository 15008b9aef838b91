"""The streams of numpy: made, started anew, kept, put back and counted.

This module imports numpy at its top and is itself imported with the first stream.
"""

from __future__ import annotations

import os
import sys

import numpy as np
from numpy.random import Generator, SeedSequence

from scitex_repro import _mersenne, _process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scitex_repro._tree import Known, Node

_MASK = 2**128 - 1
# PCG64DXSM steps its linear congruential generator with this "cheap" multiplier.
_MULTIPLIER = 0xDA942042E4DD58B5


def seed_sequence(seed: int, key: bytes, n_children_spawned: int = 0) -> SeedSequence:
    """Return what ``SeedSequence(seed, spawn_key=words)`` is, with the eight words of the key.

    A SeedSequence puts its seed, filled up to four words, and its spawn key one after the other
    before it does anything. Handed over in one array it comes to the same bits, those of its
    children too, and takes half the time.
    """
    words: Any = np.frombuffer(seed.to_bytes(16, "little") + key, "<u4")
    if _BIG:
        words = words.astype(np.uint32)
    if not n_children_spawned:
        return SeedSequence(words)
    return SeedSequence(words, n_children_spawned=n_children_spawned)


_BIG = sys.byteorder == "big"


class PCG64DXSM(np.random.PCG64DXSM):
    """numpy's PCG64DXSM, except for pickling.

    In its own process a pickled stream is what numpy makes of it, a copy that goes on from the
    same place. In a worker it is the worker's stream of that name: otherwise every worker that is
    sent a stream, by itself or inside a data set, would draw the same numbers. The name is
    numpy's, because numpy writes it in the state and looks for it there.
    """

    __slots__ = ("known", "node")
    node: Node
    known: Known

    def __reduce__(self) -> tuple[Any, ...]:
        plain: Any = super().__reduce__()
        if not hasattr(self, "node"):
            return tuple(plain)
        node = self.node
        place = (type(node), node.root.token, node.seed, node.steps, self.known)
        return _unpickled, (place, os.getpid(), self.__getstate__())


def _unpickled(place: tuple[Any, ...], pid: int, state: Any) -> Any:
    if pid == os.getpid() or not _process.is_worker():
        copied: Any = np.random.PCG64DXSM(0)
        copied.__setstate__(state)
        return copied
    tree, token, seed, steps, known = place
    return tree.referred(token, seed).below(steps).make(known).bit_generator


class NumpyStream:
    """``numpy.random.Generator`` over PCG64DXSM."""

    @staticmethod
    def make(seed: int, key: bytes) -> np.random.Generator:
        return Generator(PCG64DXSM(seed_sequence(seed, key)))

    @staticmethod
    def restart(stream: np.random.Generator, seed: int, key: bytes) -> None:
        fresh: Any = NumpyStream.make(seed, key).bit_generator
        bits: Any = stream.bit_generator
        # Unlike the `state` attribute this carries the seed sequence, which spawn() counts on.
        bits.__setstate__(fresh.__getstate__())

    @staticmethod
    def state(stream: np.random.Generator) -> dict[str, Any]:
        bits: Any = stream.bit_generator
        state: Any = bits.state
        return {
            "state": hex(state["state"]["state"]),
            "inc": hex(state["state"]["inc"]),
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
            "spawned": int(bits.seed_seq.n_children_spawned),
        }

    @staticmethod
    def restore(stream: np.random.Generator, seed: int, key: bytes, state: Any) -> None:
        fresh: Any = PCG64DXSM(seed_sequence(seed, key, state["spawned"]))
        fresh.state = {
            "bit_generator": "PCG64DXSM",
            "state": {"state": int(state["state"], 16), "inc": int(state["inc"], 16)},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }
        bits: Any = stream.bit_generator
        bits.__setstate__(fresh.__getstate__())

    @staticmethod
    def drawn(stream: np.random.Generator, seed: int, key: bytes) -> int | None:
        """Count the 64-bit words drawn, from the two states alone."""
        first: Any = NumpyStream.make(seed, key).bit_generator.state
        last: Any = stream.bit_generator.state
        if first["state"]["inc"] != last["state"]["inc"]:
            return None
        return _lcg_distance(first["state"]["state"], last["state"]["state"], last["state"]["inc"])


def _lcg_distance(state: int, target: int, plus: int) -> int:
    """Count the steps between two states of a linear congruential generator modulo 2**128.

    F. Brown, "Random number generation with arbitrary strides" (Trans. Am. Nucl. Soc. 71, 1994),
    turned round as M. E. O'Neill does for PCG: one bit of the count is settled at a time.
    """
    multiplier, bit, count = _MULTIPLIER, 1, 0
    while state != target:
        if (state ^ target) & bit:
            state = (state * multiplier + plus) & _MASK
            count |= bit
        bit <<= 1
        plus = ((multiplier + 1) * plus) & _MASK
        multiplier = (multiplier * multiplier) & _MASK
    return count


class SklearnStream:
    """``numpy.random.RandomState``, which scikit-learn asks for."""

    @staticmethod
    def make(seed: int, key: bytes) -> np.random.RandomState:
        return np.random.RandomState(np.random.MT19937(seed_sequence(seed, key)))

    @staticmethod
    def restart(stream: np.random.RandomState, seed: int, key: bytes) -> None:
        stream.set_state(SklearnStream.make(seed, key).get_state(legacy=False))

    @staticmethod
    def state(stream: np.random.RandomState) -> dict[str, Any]:
        return legacy_state(stream)

    @staticmethod
    def restore(stream: np.random.RandomState, seed: int, key: bytes, state: Any) -> None:  # noqa: ARG004 - one shape for all kinds
        restore_legacy(stream, state)

    @staticmethod
    def drawn(stream: np.random.RandomState, seed: int, key: bytes) -> int | None:
        """Count the 32-bit words drawn."""
        first = legacy_state(SklearnStream.make(seed, key))
        last = legacy_state(stream)
        return _mersenne.distance(first["key"], first["position"], last["key"], last["position"])


def legacy_state(source: Any) -> dict[str, Any]:
    """Return the state of a RandomState, or of the module numpy.random."""
    state = source.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise TypeError(
            f"numpy's global generator is a {state['bit_generator']}, put there by "
            "set_bit_generator; only the MT19937 it starts with can be kept"
        )
    return {
        "key": state["state"]["key"].tolist(),
        "position": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }


def restore_legacy(target: Any, state: Any) -> None:
    """Put back what `legacy_state` returned."""
    key = np.array(state["key"], np.uint32)
    target.set_state(("MT19937", key, state["position"], state["has_gauss"], state["gauss"]))
