"""A digest of an array that is the same on every machine."""

from __future__ import annotations

from scitex_repro._array_bytes import as_array, header, pieces
from scitex_repro._fingerprint import fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def hash_array(array: Any, algorithm: str = "sha256") -> str:
    """Return the digest of an array's type, shape and values.

    Two arrays have the same digest if and only if they have the same dtype, shape and bits. It
    does not depend on the layout in memory (C or Fortran order, strides), on the byte order, on
    the process or on the platform. Arrays larger than memory (`numpy.memmap`) are read in blocks.

    Parameters
    ----------
    array : array_like
        Anything `numpy.asarray` takes, or a tensor of torch or jax.
    algorithm : str, default "sha256"
        A name that `hashlib.new` knows.

    Returns
    -------
    str
        The digest in hexadecimal.

    Notes
    -----
    The digest is that of ``scitex-array-1``, the dtype, the shape (numbers with commas), each
    followed by a line feed, and the elements in C order and little-endian: floating-point numbers
    bit by bit, so that 0.0 and -0.0 differ and so do two kinds of NaN. Structured arrays are
    written field by field, without padding, ``longdouble`` without its padding. Elements of
    object arrays are written as their `fingerprint`; texts are of numpy's fixed width.

    Examples
    --------
    >>> hash_array([[1.0, 2.0]])[:12]
    'd98f08e6553e'
    """
    import hashlib

    whole = hashlib.new(algorithm)
    values = as_array(array)
    whole.update(header(values))
    for part in pieces(values, fingerprint):
        whole.update(part)
    return whole.hexdigest()
