"""A digest of any result."""

from __future__ import annotations

from scitex_repro._array_bytes import header, pieces
from scitex_repro._describe import describe
from scitex_repro._keys import netstring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scitex_repro._part import Part


def fingerprint(obj: Any) -> str:
    """Return a digest of what an object holds, the same in every process and on every platform.

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
    return digest(obj, (), "").hex()


def digest(obj: Any, above: tuple[int, ...], where: str) -> bytes:
    """Return the digest of an object that lies at ``where`` inside the objects ``above``."""
    if id(obj) in above:
        raise ValueError(f"fingerprint: the object{_at(where)} contains itself")
    part = describe(obj)
    if part is None:
        raise TypeError(
            f"fingerprint: no rule for the {type(obj).__module__}.{type(obj).__qualname__}"
            f"{_at(where)}; hand over the arrays, numbers or texts that it stands for"
        )
    return digest_part(part, (*above, id(obj)), where)


def digest_part(part: Part, above: tuple[int, ...], where: str) -> bytes:
    """Return the digest of an object that has been taken apart."""
    import hashlib

    whole = hashlib.sha256(netstring(part.tag))
    if part.data is not None:
        whole.update(part.data)
    elif part.array is not None:
        whole.update(header(part.array))
        for piece in pieces(part.array, fingerprint):
            whole.update(piece)
    elif part.texts is not None:
        for text in part.texts:
            whole.update(b"-" if text is None else netstring(text))
    else:
        digests = _items(part, above, where)
        whole.update(b"%d:" % len(digests))
        whole.update(b"".join(digests if part.ordered else sorted(digests)))
    return whole.digest()


def _items(part: Part, above: tuple[int, ...], where: str) -> list[bytes]:
    found = []
    for key, value in part.items or ():
        there = where if key is None else f"{where}[{key!r}]"
        before = digest(key, above, f"the key {key!r} of {where}") if part.keyed else b""
        found.append(before + digest(value, above, there))
    return found


def _at(where: str) -> str:
    return f" at {where}" if where else ""
