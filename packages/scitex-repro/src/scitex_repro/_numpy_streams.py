"""Named streams of numpy: Generators, and the RandomStates that scikit-learn takes.

This module imports numpy, and is itself imported when the first such stream is made.
"""

from __future__ import annotations

import os
import sys

import numpy as np

from . import _mersenne, _process
from ._streams import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _seed_sequence(seed: int, key: bytes) -> np.random.SeedSequence:
    """Return what ``SeedSequence(seed, spawn_key=words)`` is, with the eight words of the key.

    A SeedSequence pads its seed to four words and appends its spawn key before it does anything
    else. Passing both in one array gives the same bits, for its spawned children too, in half the
    time.
    """
    words: Any = np.frombuffer(seed.to_bytes(16, "little") + key, "<u4")
    if sys.byteorder == "big":
        words = words.astype(np.uint32)
    return np.random.SeedSequence(words)


class PCG64DXSM(np.random.PCG64DXSM):
    """numpy's PCG64DXSM, except for pickling.

    Unpickled in its own process, a stream is what numpy makes of it: a copy at the same position.
    Unpickled in a worker, it is the worker's stream of the same name: otherwise all workers that
    are sent a stream, by itself or inside a data set, would draw the same numbers. The class name
    is numpy's, because numpy writes it into the state and looks for it there.
    """

    # A function and its arguments: what returns the stream of this name in any process.
    __slots__ = ("origin",)
    origin: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        if not hasattr(self, "origin"):
            plain: tuple[Any, ...] = super().__reduce__()
            return plain
        return _unpickled, (self.origin, os.getpid(), self.__getstate__())


def _unpickled(origin: tuple[Any, ...], pid: int, state: Any) -> Any:
    if pid == os.getpid() or not _process.is_worker():
        copied: Any = np.random.PCG64DXSM(0)
        copied.__setstate__(state)
        return copied
    find, *arguments = origin
    return find(*arguments).bit_generator


class NumpyKind(Kind):
    """``numpy.random.Generator`` over PCG64DXSM."""

    def make(self, seed: int, key: bytes) -> np.random.Generator:
        return np.random.Generator(PCG64DXSM(_seed_sequence(seed, key)))

    def state(self, stream: Any) -> dict[str, Any]:
        state = stream.bit_generator.state
        return {
            "state": hex(state["state"]["state"]),
            "inc": hex(state["state"]["inc"]),
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
            "spawned": int(stream.bit_generator.seed_seq.n_children_spawned),
        }

    def restore(self, stream: Any, state: Any) -> None:
        words = stream.bit_generator.seed_seq.entropy
        sequence = np.random.SeedSequence(words, n_children_spawned=state["spawned"])
        fresh: Any = PCG64DXSM(sequence)
        fresh.state = {
            "bit_generator": "PCG64DXSM",
            "state": {"state": int(state["state"], 16), "inc": int(state["inc"], 16)},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }
        self._copy(fresh, stream)

    def restart(self, stream: Any, seed: int, key: bytes) -> None:
        # The key may be another one, in a child process.
        self._copy(self.make(seed, key).bit_generator, stream)

    def _copy(self, source: Any, stream: Any) -> None:
        # Unlike the `state` attribute this includes the seed sequence, which spawn() counts on.
        stream.bit_generator.__setstate__(source.__getstate__())

    def drawn(self, stream: Any, seed: int, key: bytes) -> int | None:
        """Count the 64-bit words drawn, from the two states alone."""
        first: Any = self.make(seed, key).bit_generator.state
        last = stream.bit_generator.state
        if first["state"]["inc"] != last["state"]["inc"]:
            return None
        return _lcg_distance(first["state"]["state"], last["state"]["state"], last["state"]["inc"])


def _lcg_distance(state: int, target: int, increment: int) -> int:
    """Count the steps between two states of PCG64DXSM's linear congruential generator.

    F. Brown, "Random number generation with arbitrary strides" (Trans. Am. Nucl. Soc. 71, 1994),
    inverted as M. E. O'Neill does for PCG: each pass determines one bit of the count.
    """
    mask = 2**128 - 1
    multiplier, bit, count = 0xDA942042E4DD58B5, 1, 0
    while state != target:
        if (state ^ target) & bit:
            state = (state * multiplier + increment) & mask
            count |= bit
        bit <<= 1
        increment = ((multiplier + 1) * increment) & mask
        multiplier = (multiplier * multiplier) & mask
    return count


class SklearnKind(_mersenne.NumpyTwister, Kind):
    """``numpy.random.RandomState``, which scikit-learn takes."""

    def make(self, seed: int, key: bytes) -> np.random.RandomState:
        return np.random.RandomState(np.random.MT19937(_seed_sequence(seed, key)))
