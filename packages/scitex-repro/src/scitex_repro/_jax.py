"""Keys for jax, all bits of them from one number."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def key(number: int, impl: str | None) -> Any:
    """Return a typed key made of a number of 256 bits.

    Parameters
    ----------
    number : int
        Below 2**256.
    impl : str or None
        Name of the algorithm; None for jax's own setting.
    """
    import jax
    import numpy as np

    # Made only to be measured: algorithms have keys of two or of four words.
    pattern = jax.random.key_data(jax.random.key(0, impl=impl))
    words = [number >> shift & 0xFFFFFFFF for shift in range(224, -32, -32)]
    data = np.array(words[: pattern.size], np.uint32).reshape(pattern.shape)
    return jax.random.wrap_key_data(jax.numpy.asarray(data), impl=impl)
