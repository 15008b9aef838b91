"""Derive the key of a stream from its name. The rule must never change.

A stream is identified by a list of strings: one for each step of its process's lineage
(``@rank=1``), one for each child manager (``/fold3``), and last its kind and name
(``numpy:init``). A stream that all processes share has no lineage, and a star where it is declared
shared: ``*fold3`` for a child, ``numpy*:init`` for a single stream. Each string is encoded as a
netstring (its length in bytes, a colon, its UTF-8 bytes, a comma), so that no two lists have the
same encoding. The SHA-256 of the concatenation, read as eight little-endian 32-bit words, is the
spawn key of ``numpy.random.SeedSequence(seed, spawn_key=words)``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


#: Written into every record and checkpoint. A change of the rule needs a new name.
ALGORITHM = "scitex-streams-1"

_SEED_BITS = 128


def check_seed(seed: Any) -> int:
    """Return the seed as an int, or raise an error that says what is wrong with it."""
    if isinstance(seed, bool):
        raise TypeError(f"seed is {seed!r}; give an integer")
    try:
        number: int = seed.__index__()
    except (AttributeError, TypeError):
        raise TypeError(
            f"seed is {seed!r} of type {type(seed).__name__}; give an integer"
        ) from None
    if not 0 <= number < 2**_SEED_BITS:
        raise ValueError(f"seed is {number}; it must be at least 0 and below 2**{_SEED_BITS}")
    return number


def check_name(name: object, what: str = "stream") -> str:
    """Return the name, or raise an error that says what is wrong with it."""
    if not isinstance(name, str):
        raise TypeError(
            f"the name of a {what} is {name!r} of type {type(name).__name__}; give a str"
        )
    if not name:
        raise ValueError(f"the name of a {what} is empty; give it a name")
    return name


def netstring(text: str) -> bytes:
    """Encode a string so that a concatenation of such encodings can be decoded in one way only."""
    data = text.encode("utf-8", "surrogatepass")
    return b"%d:%b," % (len(data), data)


def path_hash(lineage: Iterable[str], children: Iterable[str]) -> Any:
    """Return a SHA-256 object fed with everything but the kind and name of a stream."""
    # Imported late: OpenSSL costs more than the rest of the package together.
    import hashlib

    parts = [*(f"@{step}" for step in lineage), *children]
    return hashlib.sha256(b"".join(map(netstring, parts)))


def stream_key(path: Any, kind: str, name: str) -> bytes:
    """Return the 32 bytes that identify a stream below ``path``, a result of `path_hash`."""
    whole = path.copy()
    whole.update(netstring(f"{kind}:{name}"))
    data: bytes = whole.digest()
    return data


def derived_int(seed: int, key: bytes) -> int:
    """Derive 256 bits for the generators that numpy does not seed."""
    import hashlib

    return int.from_bytes(hashlib.sha256(netstring(f"{seed}") + key).digest(), "big")
