"""The Mersenne Twister of random, numpy and torch: read and set its state, count its draws.

All three libraries have the same generator: a block of 624 words of 32 bits, consumed one by one
and then replaced by the next block. A position is a pair of the block and the number of its words
that have been consumed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Position = tuple[Sequence[int], int]

SIZE = 624

# Give up counting after this many words: about 25 ms.
_COUNT_LIMIT = 2**20


def first_words(number: int) -> Sequence[int]:
    """Return the block that ``random.Random(number)`` starts with."""
    import random

    return RandomTwister().position(random.Random(number))[0]  # noqa: S311 - a seeded stream


def words_drawn(first: Position, last: Position) -> int | None:
    """Count the 32-bit words drawn between two positions.

    Returns
    -------
    int or None
        None if there are more than 2**20, or if ``last`` does not follow from ``first``.
    """
    (block, start), (wanted, end) = first, last
    if tuple(block) == tuple(wanted):
        return end - start if end >= start else None
    import random

    twister = random.Random()  # noqa: S311 - only its state is of interest
    twister.setstate((3, (*block, SIZE), None))
    for passed in range(SIZE, _COUNT_LIMIT + 1, SIZE):
        twister.getrandbits(32 * SIZE)
        if twister.getstate()[1][:SIZE] == tuple(wanted):
            return passed + end - start
    return None


class RandomTwister:
    """Reads and sets a ``random.Random``, or the module random."""

    def position(self, source: Any) -> Position:
        """Return the position of a generator."""
        words = source.getstate()[1]
        return words[:-1], words[-1]

    def state(self, source: Any) -> dict[str, Any]:
        """Return the state of a generator as plain data."""
        _, words, gauss = source.getstate()
        return {"key": list(words[:-1]), "position": words[-1], "gauss": gauss}

    def restore(self, target: Any, state: Any) -> None:
        """Set the state of a generator in place."""
        target.setstate((3, (*state["key"], state["position"]), state["gauss"]))


class NumpyTwister:
    """Reads and sets a ``numpy.random.RandomState``, or the module numpy.random."""

    def position(self, source: Any) -> Position:
        """Return the position of a generator."""
        state = self.state(source)
        return state["key"], state["position"]

    def state(self, source: Any) -> dict[str, Any]:
        """Return the state of a generator as plain data."""
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

    def restore(self, target: Any, state: Any) -> None:
        """Set the state of a generator in place."""
        import numpy as np

        key = np.array(state["key"], np.uint32)
        target.set_state(("MT19937", key, state["position"], state["has_gauss"], state["gauss"]))


# The state of torch's CPU generator is a tensor of bytes (legacy layout, unchanged since 2016): the
# seed (8 bytes), words left in the block (int32), seeded (int32), the index of the next word (8),
# 624 words of 8 bytes each, then what normal() has cached.
_TORCH_BYTES = 5056
_LEFT, _NEXT, _WORDS = 8, 16, 24


def torch_position(state: Any) -> Position:
    """Return the position in a state of torch's CPU generator."""
    import torch

    _check_torch_layout(state)
    words = state[_WORDS : _WORDS + 8 * SIZE].clone().view(torch.int64).tolist()
    left = int(state[_LEFT : _LEFT + 4].clone().view(torch.int32))
    following = int(state[_NEXT : _NEXT + 8].clone().view(torch.int64))
    # A freshly seeded twister says "one left, next is 0": its block is consumed.
    return words, SIZE if left == 1 and following == 0 else following


def with_torch_words(state: Any, words: Sequence[int]) -> Any:
    """Return a copy of a freshly seeded state of torch's CPU generator with another block."""
    import torch

    _check_torch_layout(state)
    data = torch.tensor(list(words), dtype=torch.int64).view(torch.uint8)
    changed = state.clone()
    changed[_WORDS : _WORDS + data.numel()] = data
    return changed


def _check_torch_layout(state: Any) -> None:
    if state.numel() != _TORCH_BYTES:
        raise RuntimeError(
            f"the state of torch's CPU generator has {state.numel()} bytes, not {_TORCH_BYTES}; "
            "this version of torch is not supported by this version of scitex-repro"
        )


def torch_state_to_text(state: Any) -> str:
    """Encode a state of any torch generator, a tensor of bytes, as text."""
    from binascii import b2a_base64

    return b2a_base64(bytes(state.tolist()), newline=False).decode("ascii")


def torch_state_from_text(text: str) -> Any:
    """Decode what `torch_state_to_text` encoded."""
    from binascii import a2b_base64

    import torch

    return torch.tensor(list(a2b_base64(text)), dtype=torch.uint8)
