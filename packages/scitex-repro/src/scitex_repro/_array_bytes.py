"""The type, shape and elements of an array as bytes that are the same on every machine."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

#: Bytes that are brought into order at a time, whatever the size of the array.
BLOCK = 2**23


def as_array(value: Any) -> Any:
    """Return a numpy array of what is one, or nearly."""
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
        # numpy lacks bfloat16 and the 8-bit floats: their bits count, under their name.
        bits = {1: torch.uint8, 2: torch.uint16, 4: torch.uint32}[plain.element_size()]
        name = str(plain.dtype).removeprefix("torch.")
        return plain.view(bits).numpy().view(np.dtype(bits_dtype(name, plain.element_size())))


def bits_dtype(name: str, size: int) -> list[tuple[tuple[str, str], str]]:
    """Return a dtype that stands for one numpy lacks: one field that bears its name."""
    return [((name, "bits"), f"<u{size}")]


def dtype_name(dtype: Any) -> str:
    """Write a dtype alike on every machine: little-endian, fields by name."""
    if dtype.names is not None:
        if dtype.names == ("bits",) and dtype.fields["bits"][2:]:
            return str(dtype.fields["bits"][2])
        fields = (f"{name!r}:{dtype_name(dtype.fields[name][0])}" for name in dtype.names)
        return "{" + ",".join(fields) + "}"
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return f"{dtype_name(base)}({','.join(map(str, shape))})"
    if dtype.kind in _NAMES:
        return _NAMES[dtype.kind]
    if dtype.isbuiltin == 2:  # noqa: PLR2004 - numpy's code for a type registered by a user
        return str(dtype.name)
    name: str = dtype.newbyteorder("<").str
    return name.replace("|", "") if dtype.itemsize == 1 else name


def header(values: Any) -> bytes:
    """Return what stands before the elements."""
    shape = ",".join(map(str, values.shape))
    return f"scitex-array-1\n{dtype_name(values.dtype)}\n{shape}\n".encode()


def pieces(values: Any, fingerprint: Callable[[Any], str]) -> Iterator[Any]:
    """Yield the elements as bytes, in C order and little-endian, a block at a time.

    Parameters
    ----------
    values
        The array.
    fingerprint
        Gives what stands for an element that is an object.
    """
    dtype = values.dtype
    if dtype.names is not None:
        # Between fields there may be bytes that nobody has set.
        for name in dtype.names:
            yield from pieces(values[name], fingerprint)
        return
    if dtype.hasobject or dtype.kind == "T":
        for value in values.flat:
            yield bytes.fromhex(fingerprint(value))
        return
    for block in _blocks(values):
        yield _plain(block)


def _blocks(values: Any) -> Iterator[Any]:
    """Cut an array along its first axes into parts of at most `BLOCK` bytes."""
    import numpy as np

    plain = np.asarray(values)
    if plain.nbytes <= BLOCK or plain.ndim == 0:
        yield plain
        return
    if plain.flags.c_contiguous:
        flat = plain.reshape(-1)
        step = max(1, BLOCK // max(1, plain.itemsize))
        for start in range(0, flat.size, step):
            yield flat[start : start + step]
        return
    rows = BLOCK * len(plain) // plain.nbytes
    if rows == 0:
        for row in plain:
            yield from _blocks(row)
        return
    for start in range(0, len(plain), rows):
        yield plain[start : start + rows]


def _plain(block: Any) -> Any:
    """Return the bytes of a block, its own memory where that is in order already."""
    import numpy as np

    ordered = np.ascontiguousarray(block)
    if ordered.dtype.byteorder == ">" or (ordered.dtype.byteorder == "=" and _BIG):
        ordered = ordered.astype(ordered.dtype.newbyteorder("<"))
    data = ordered.reshape(-1).view(np.uint8)
    if block.dtype.kind in "fc" and np.finfo(block.dtype).nmant == _EXTENDED:
        # 80 bits in 12 or 16 bytes: the rest is whatever was in memory.
        width = block.dtype.itemsize // (2 if block.dtype.kind == "c" else 1)
        data = np.ascontiguousarray(data.reshape(-1, width)[:, :10])
    return data.data


# Of no fixed width, so that there is no little-endian form of it.
_NAMES = {"O": "object", "T": "text"}
_BIG = sys.byteorder == "big"
_EXTENDED = 63
