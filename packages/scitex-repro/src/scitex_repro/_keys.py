"""From a seed and a name to a seed sequence: the rule that must never change.

A stream is known by a list of texts: one for each step of its process's lineage (``@rank=1``),
one for each child manager (``/fold3``), and last its kind and name (``numpy:init``). A stream that
all processes share has no lineage, and a star at the step that makes it so: ``*fold3`` for a
child, ``numpy*:init`` for the stream alone. Each text is written as a netstring (its length in
bytes, a colon, its UTF-8 bytes, a comma), so that no two lists are written alike. The SHA-256 of
all of it, read as eight little-endian 32-bit words, is the spawn key of
``numpy.random.SeedSequence(seed, spawn_key=words)``.
"""

from __future__ import annotations

import _operator  # `operator` itself would be felt at start-up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


#: Written in every record. A change of the rule above needs another number.
ALGORITHM = "scitex-streams-1"

_SEED_BITS = 128


def check_seed(seed: object) -> int:
    """Return the seed as an int, or say why it is none."""
    if isinstance(seed, bool):
        raise TypeError(f"seed is {seed!r}; give an integer")
    try:
        number = _operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"seed is {seed!r} of type {type(seed).__name__}; give an integer"
        ) from None
    if not 0 <= number < 2**_SEED_BITS:
        raise ValueError(f"seed is {number}; it must be at least 0 and below 2**{_SEED_BITS}")
    return number


def check_name(name: object, what: str = "stream") -> str:
    """Return the name of a stream, or say why it is none."""
    if not isinstance(name, str):
        raise TypeError(
            f"the name of a {what} is {name!r} of type {type(name).__name__}; give a str"
        )
    if not name:
        raise ValueError(f"the name of a {what} is empty; give it a name")
    return name


def netstring(text: str) -> bytes:
    """Write one text so that a list of them can be read in one way only."""
    data = text.encode("utf-8", "surrogatepass")
    return b"%d:%b," % (len(data), data)


def prefix(lineage: Iterable[str], children: Iterable[str]) -> Any:
    """Return a SHA-256 object that has read all of a path but its last text."""
    # Not at the top: OpenSSL costs more than the rest of the package together.
    import hashlib

    parts = [*(f"@{step}" for step in lineage), *children]
    return hashlib.sha256(b"".join(map(netstring, parts)))


def digest(before: Any, kind: str, name: str) -> bytes:
    """Return the 32 bytes that stand for a stream below the prefix ``before``."""
    whole = before.copy()
    whole.update(netstring(f"{kind}:{name}"))
    data: bytes = whole.digest()
    return data


def derived_int(seed: int, key: bytes, bits: int = 256) -> int:
    """Return an int of ``bits`` bits (256 at most) for what numpy does not seed."""
    import hashlib

    data = hashlib.sha256(netstring(f"{seed}") + key).digest()
    return int.from_bytes(data, "big") >> (256 - bits)
