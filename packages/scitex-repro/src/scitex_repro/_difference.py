"""How two arrays of one shape and dtype differ."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ArrayDifference:
    """The difference of two arrays.

    Attributes
    ----------
    count, size : int
        How many elements differ (bit by bit), out of how many.
    largest : float or None
        The largest absolute difference among pairs of finite numbers, None if there is no such
        pair that differs or the elements are no numbers.
    ulp : int or None
        The largest difference in units in the last place (how many floating-point numbers apart:
        D. Goldberg, ACM Computing Surveys 23, 1991), for 16, 32 and 64 bits.
    """

    def __init__(self, count: int, size: int, largest: float | None, ulp: int | None) -> None:
        self.count = count
        self.size = size
        self.largest = largest
        self.ulp = ulp

    def __str__(self) -> str:
        text = f"{self.count} of {self.size} elements differ"
        if self.largest is not None:
            text += f", largest difference {self.largest:.6g}"
        if self.ulp is not None:
            text += f" ({self.ulp} ULP)"
        return text


def difference(a: Any, b: Any) -> ArrayDifference:
    """Return how two arrays of the same shape and dtype differ."""
    import numpy as np

    first, second = np.ascontiguousarray(a), np.ascontiguousarray(b)
    differs = _differing(first, second)
    count = int(np.count_nonzero(differs))
    if count == 0 or first.dtype.kind not in "biufc":
        return ArrayDifference(count, first.size, None, None)
    x, y = first[differs], second[differs]
    if x.dtype.kind == "c":
        real = x.real.dtype
        finite = np.isfinite(x) & np.isfinite(y)
        parts = x[finite].view(real), y[finite].view(real)
        return ArrayDifference(count, first.size, _largest(x[finite], y[finite]), _ulp(*parts))
    if x.dtype.kind == "f":
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = x[finite], y[finite]
        return ArrayDifference(count, first.size, _largest(x, y), _ulp(x, y))
    return ArrayDifference(count, first.size, _largest(x, y), None)


def _differing(a: Any, b: Any) -> Any:
    """Return where two arrays differ, by their bits where these are all of it."""
    import numpy as np

    if a.dtype.kind in "fc" and a.dtype.itemsize in (2, 4, 8, 16) and _is_plain(a):
        width = a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1)
        shape = (*a.shape, -1) if a.ndim else (-1,)
        bits = np.dtype(f"u{width}")
        unequal = a.reshape(-1).view(bits) != b.reshape(-1).view(bits)
        found = unequal.reshape(-1, a.dtype.itemsize // width).any(axis=1)
        return found.reshape(a.shape) if a.ndim else found.reshape(shape[:-1])
    if a.dtype.kind in "fc":
        return (a != b) & ~(np.isnan(a) & np.isnan(b))
    return a != b


def _is_plain(a: Any) -> bool:
    import numpy as np

    return bool(np.finfo(a.dtype).bits in (16, 32, 64))


def _largest(a: Any, b: Any) -> float | None:
    import numpy as np

    if a.size == 0:
        return None
    if a.dtype.kind in "biu":
        # Integers of 64 bits would wrap round, and as floats lose their last digits.
        return float(max(abs(int(x) - int(y)) for x, y in zip(*_extremes(a, b), strict=True)))
    with np.errstate(over="ignore"):
        return float(np.max(np.abs(a - b)))


def _extremes(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the few pairs of integers among which the largest difference must be."""
    import numpy as np

    apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
    near = apart >= np.max(apart) * (1 - 2.0**-50)
    return a[near], b[near]


def _ulp(a: Any, b: Any) -> int | None:
    import numpy as np

    if a.size == 0 or a.dtype.itemsize not in (2, 4, 8):
        return None
    x, y = _ordered(a), _ordered(b)
    high, low = np.maximum(x, y), np.minimum(x, y)
    # As unsigned numbers the subtraction is exact even across the whole range.
    return int(np.max(high.view(np.uint64) - low.view(np.uint64)))


def _ordered(a: Any) -> Any:
    """Return integers that lie as the floating-point numbers do, one apart for neighbours."""
    import numpy as np

    bits = np.ascontiguousarray(a).view(f"i{a.dtype.itemsize}").astype(np.int64)
    lowest = np.int64(-(2 ** (8 * a.dtype.itemsize - 1)))
    return np.where(bits < 0, lowest - bits, bits)
