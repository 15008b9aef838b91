"""Arrays bit by bit: the bytes that enter a digest, and how two arrays differ."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# Bytes that are put into order at a time, whatever the size of the array.
_BLOCK = 2**23


def as_array(value: Any) -> Any:
    """Return a numpy array of an array, a tensor, or anything that numpy makes one of."""
    import numpy as np

    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _from_torch(value, torch)
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array):
        if jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
            value = jax.random.key_data(value)
        return np.asarray(value)
    return np.asanyarray(value)


def _from_torch(tensor: Any, torch: Any) -> Any:
    import numpy as np

    plain = tensor.detach().resolve_conj().resolve_neg().cpu()
    if plain.layout is not torch.strided:
        plain = plain.to_dense()
    if plain.is_quantized:
        plain = plain.dequantize()
    try:
        return plain.numpy()
    except TypeError:
        # numpy lacks bfloat16 and the 8-bit floats: their bits count. The name of the type is kept
        # as the title of the only field, where `dtype_name` finds it.
        size = plain.element_size()
        bits = {1: torch.uint8, 2: torch.uint16, 4: torch.uint32}[size]
        name = str(plain.dtype).removeprefix("torch.")
        return plain.view(bits).numpy().view(np.dtype([((name, "bits"), f"<u{size}")]))


def dtype_name(dtype: Any) -> str:
    """Write a dtype the same on every machine: little-endian, fields by name."""
    if dtype.names is not None:
        if dtype.names == ("bits",) and dtype.fields["bits"][2:]:
            return str(dtype.fields["bits"][2])
        fields = (f"{name!r}:{dtype_name(dtype.fields[name][0])}" for name in dtype.names)
        return "{" + ",".join(fields) + "}"
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return f"{dtype_name(base)}({','.join(map(str, shape))})"
    if dtype.kind in "OT":  # of no fixed width, so that there is no little-endian form
        return "object" if dtype.kind == "O" else "text"
    if dtype.isbuiltin == 2:  # noqa: PLR2004 - numpy's code for a type registered by a user
        return str(dtype.name)
    name: str = dtype.newbyteorder("<").str
    return name.replace("|", "") if dtype.itemsize == 1 else name


def header(values: Any) -> bytes:
    """Return what precedes the elements in a digest."""
    shape = ",".join(map(str, values.shape))
    return f"scitex-array-1\n{dtype_name(values.dtype)}\n{shape}\n".encode()


def pieces(values: Any, fingerprint: Callable[[Any], str]) -> Iterator[Any]:
    """Yield the elements as bytes, in C order and little-endian, a block at a time.

    Parameters
    ----------
    values : numpy.ndarray
        The array.
    fingerprint : callable
        Returns the hexadecimal digest that represents an element that is an object.
    """
    dtype = values.dtype
    if dtype.names is not None:
        # Field by field: the padding between them is undefined.
        for name in dtype.names:
            yield from pieces(values[name], fingerprint)
    elif dtype.hasobject or dtype.kind == "T":
        for value in values.flat:
            yield bytes.fromhex(fingerprint(value))
    else:
        yield from map(_little_endian, _blocks(values))


def _blocks(values: Any) -> Iterator[Any]:
    """Cut an array along its first axes into parts of at most `_BLOCK` bytes."""
    import numpy as np

    plain = np.asarray(values)
    if plain.nbytes <= _BLOCK or plain.ndim == 0:
        yield plain
        return
    if plain.flags.c_contiguous:
        plain = plain.reshape(-1)
    rows = _BLOCK * len(plain) // plain.nbytes
    if rows == 0 and plain.ndim > 1:
        for row in plain:
            yield from _blocks(row)
        return
    for start in range(0, len(plain), max(1, rows)):
        yield plain[start : start + max(1, rows)]


def _little_endian(block: Any) -> Any:
    """Return the bytes of a block; its own memory if that is in order already."""
    import numpy as np

    ordered = np.ascontiguousarray(block)
    order = ordered.dtype.byteorder
    if order == ">" or (order == "=" and sys.byteorder == "big"):
        ordered = ordered.astype(ordered.dtype.newbyteorder("<"))
    data = ordered.reshape(-1).view(np.uint8)
    if block.dtype.kind in "fc" and np.finfo(block.dtype).nmant == 63:  # noqa: PLR2004 - of 80 bits
        # 80 bits in 12 or 16 bytes: the rest is undefined.
        width = block.dtype.itemsize // (2 if block.dtype.kind == "c" else 1)
        data = np.ascontiguousarray(data.reshape(-1, width)[:, :10])
    return data.data


def difference(a: Any, b: Any) -> str:
    """Say how two arrays of the same shape and dtype differ.

    The answer has the number of elements that differ (bit by bit); for numbers, the largest
    absolute difference among pairs of finite ones; for floating-point numbers of 16, 32 and 64
    bits, the largest difference in units in the last place (how many floating-point numbers lie
    between: D. Goldberg, ACM Computing Surveys 23, 1991).
    """
    import numpy as np

    first, second = np.ascontiguousarray(a), np.ascontiguousarray(b)
    differs = _differing(first, second)
    text = f"{np.count_nonzero(differs)} of {first.size} elements differ"
    if first.dtype.kind not in "biufc":
        return text
    x, y = first[differs], second[differs]
    if x.dtype.kind in "fc":
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = x[finite], y[finite]
    if x.size == 0:
        return text
    text += f", largest difference {_largest_difference(x, y):.6g}"
    parts = (x.view(x.real.dtype), y.view(x.real.dtype)) if x.dtype.kind == "c" else (x, y)
    if x.dtype.kind in "fc" and parts[0].dtype.itemsize in (2, 4, 8):
        text += f" ({_largest_ulp(*parts)} ULP)"
    return text


def _differing(a: Any, b: Any) -> Any:
    """Return where two arrays differ: by their bits, except for numbers with padding."""
    import numpy as np

    if a.dtype.kind not in "fc":
        return a != b
    if np.finfo(a.dtype).bits not in (16, 32, 64):
        return (a != b) & ~(np.isnan(a) & np.isnan(b))
    bits = np.dtype(f"u{a.real.itemsize}")
    unequal = a.reshape(-1).view(bits) != b.reshape(-1).view(bits)
    return unequal.reshape(*a.shape, a.itemsize // bits.itemsize).any(axis=-1)


def _largest_difference(a: Any, b: Any) -> float:
    import numpy as np

    if a.dtype.kind in "biu":
        # Integers of 64 bits would wrap, and as floats lose their last digits: floats only find
        # the few pairs among which the largest difference must be.
        apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
        near = apart >= np.max(apart) * (1 - 2.0**-50)
        return float(max(abs(int(x) - int(y)) for x, y in zip(a[near], b[near], strict=True)))
    with np.errstate(over="ignore"):
        return float(np.max(np.abs(a - b)))


def _largest_ulp(a: Any, b: Any) -> int:
    import numpy as np

    x, y = _as_ordered_integers(a), _as_ordered_integers(b)
    high, low = np.maximum(x, y), np.minimum(x, y)
    # As unsigned numbers the subtraction is exact even across the whole range.
    return int(np.max(high.view(np.uint64) - low.view(np.uint64)))


def _as_ordered_integers(a: Any) -> Any:
    """Map floating-point numbers to integers in the same order, one apart for neighbours."""
    import numpy as np

    bits = np.ascontiguousarray(a).view(f"i{a.dtype.itemsize}").astype(np.int64)
    lowest = np.int64(-(2 ** (8 * a.dtype.itemsize - 1)))
    return np.where(bits < 0, lowest - bits, bits)
