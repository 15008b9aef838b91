"""Digests of arrays, and of any result, that are the same on every machine."""

from __future__ import annotations

from ._arrays import as_array, header, pieces
from ._describe import describe
from ._keys import netstring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._describe import Part


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
    _update(whole, as_array(array))
    return whole.hexdigest()


def fingerprint(obj: Any) -> str:
    """Return a digest of the content of an object, the same in every process and on every platform.

    Parameters
    ----------
    obj : object
        None, bool, int, float, complex, str, bytes, enums, dates, paths, Decimal, Fraction, UUID;
        arrays and scalars of numpy, tensors of torch, jax, tensorflow and cupy, modules of torch;
        frames, series and indices of pandas; sparse matrices; figures of matplotlib; lists,
        tuples, sets, dicts and dataclasses of these, nested as deep as need be.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError
        If there is an object of another kind in it; the message says where.
    ValueError
        If something contains itself.

    Notes
    -----
    Order counts in lists and tuples, and not in dicts and sets. Types count: ``1``, ``1.0`` and
    ``True`` differ, and so do a list, a tuple and an array. A subclass counts as its base (a
    named tuple as a tuple), numpy's ``float64``, ``int64`` and ``bool`` scalars as Python's own, a
    tensor as the array of its values, a module of torch as its ``state_dict``, a text column of
    pandas as its texts, a figure as its pixels. Numbers count bit by bit, as in `hash_array`.

    The digest is a SHA-256 of the kind and the value, or, of a container, of the digests of what
    it contains, sorted where order does not count.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": [2.0]}) == fingerprint({"b": [2.0], "a": 1})
    True
    """
    return _digest(obj, (), "").hex()


def _digest(obj: Any, above: tuple[int, ...], where: str) -> bytes:
    """Return the digest of an object at ``where``, inside the objects with the ids ``above``."""
    if id(obj) in above:
        raise ValueError(f"fingerprint: the object{_at(where)} contains itself")
    part = describe(obj)
    if part is None:
        raise TypeError(
            f"fingerprint: no rule for the {type(obj).__module__}.{type(obj).__qualname__}"
            f"{_at(where)}; hand over the arrays, numbers or texts that it stands for"
        )
    return digest_of_part(part, (*above, id(obj)), where)


def digest_of_part(part: Part, above: tuple[int, ...] = (), where: str = "") -> bytes:
    """Return the digest of an object that has been described."""
    import hashlib

    whole = hashlib.sha256(netstring(part.tag))
    if part.data is not None:
        whole.update(part.data)
    elif part.array is not None:
        _update(whole, part.array)
    elif part.texts is not None:
        for text in part.texts:
            whole.update(b"-" if text is None else netstring(text))
    else:
        digests = []
        for key, value in part.items or ():
            there = where if key is None else f"{where}[{key!r}]"
            of_key = _digest(key, above, f"the key {key!r} of {where}") if part.keyed else b""
            digests.append(of_key + _digest(value, above, there))
        whole.update(b"%d:" % len(digests))
        whole.update(b"".join(digests if part.ordered else sorted(digests)))
    return whole.digest()


def _update(whole: Any, array: Any) -> None:
    whole.update(header(array))
    for piece in pieces(array, fingerprint):
        whole.update(piece)


def _at(where: str) -> str:
    return f" at {where}" if where else ""
