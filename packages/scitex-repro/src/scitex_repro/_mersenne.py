"""The Mersenne Twister as random, numpy and torch all have it: its words, and how far it went."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SIZE = 624

#: Words that are walked through before the count is given up (5 to 20 ms).
CEILING = 2**20


def key_from(number: int) -> Sequence[int]:
    """Return the 624 words of a twister that ``random.Random(number)`` would start from."""
    import random

    words: tuple[int, ...] = random.Random(number).getstate()[1]  # noqa: S311 - a seeded stream
    return words[:SIZE]


def distance(first: Sequence[int], start: int, last: Sequence[int], position: int) -> int | None:
    """Count the 32-bit words drawn between two states.

    Parameters
    ----------
    first : sequence of int
        The 624 words of the state at the start.
    start : int
        How many of them counted as drawn there: 624, or 623 where numpy seeds by a sequence.
    last : sequence of int
        The 624 words of the state now.
    position : int
        How many words of ``last`` have been drawn.

    Returns
    -------
    int or None
        The number of words, or None if it is above `CEILING` or no number leads there.
    """
    if tuple(first) == tuple(last):
        return position - start if position >= start else None
    blocks = _blocks_by_numpy if "numpy.random" in sys.modules else _blocks_by_python
    found = blocks(first, last)
    return None if found is None else found * SIZE + position - start


def _blocks_by_python(first: Sequence[int], last: Sequence[int]) -> int | None:
    import random

    twister = random.Random()  # noqa: S311 - only its state is of interest
    twister.setstate((3, (*first, SIZE), None))
    wanted = tuple(last)
    for block in range(1, CEILING // SIZE + 1):
        twister.getrandbits(32 * SIZE)
        if twister.getstate()[1][:SIZE] == wanted:
            return block
    return None


def _blocks_by_numpy(first: Sequence[int], last: Sequence[int]) -> int | None:
    import numpy as np

    twister = np.random.MT19937()
    start: Any = np.array(first, np.uint32)
    twister.state = {"bit_generator": "MT19937", "state": {"key": start, "pos": SIZE}}
    wanted: bytes = np.array(last, np.uint32).tobytes()
    for block in range(1, CEILING // SIZE + 1):
        twister.random_raw(SIZE, output=False)
        state: Any = twister.state
        if state["state"]["key"].tobytes() == wanted:
            return block
    return None
