"""The order of sets and of other things that go by hash: what is true of it.

Python draws the key of ``hash(str)`` when it starts. Setting ``PYTHONHASHSEED`` later reaches the
processes started from then on, and not this one, whatever the variable says. So what is told here
about this process is computed: a text is hashed with the key that a seed would have given, and the
result compared with what ``hash`` says.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MASK = 2**64 - 1
_VARIABLE = "PYTHONHASHSEED"
_PROBE = "scitex_repro"
_LARGEST = 2**32


def hash_order() -> dict[str, Any]:
    """Say whether the hash order of this process is fixed, and what its children get.

    Returns
    -------
    dict
        ``fixed`` : True if the order is that of a known seed, False if it is random, None where
        it cannot be told (a Python whose string hash is not SipHash on 64 bits);
        ``seed`` : that seed, or None;
        ``for_children`` : the value of ``PYTHONHASHSEED``, or None.
    """
    value = os.environ.get(_VARIABLE)
    candidates = [0, *([int(value)] if value is not None and value.isdecimal() else [])]
    if _at_start is not None and _at_start.isdecimal():
        candidates.append(int(_at_start))
    fixed: bool | None = False
    seed = None
    for candidate in candidates:
        fits = is_hash_seed(candidate)
        if fits is None:
            fixed = None
        elif fits:
            fixed, seed = True, candidate
            break
    return {"fixed": fixed, "seed": seed, "for_children": value}


def is_hash_seed(seed: int) -> bool | None:
    """Tell whether this process hashes texts as ``PYTHONHASHSEED=seed`` would have it.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.

    Returns
    -------
    bool or None
        None where the algorithm of this Python is not known here.
    """
    rounds = {"siphash13": 1, "siphash24": 2}.get(sys.hash_info.algorithm)
    if rounds is None or sys.hash_info.hash_bits != 64 or seed >= _LARGEST:  # noqa: PLR2004 - bits
        return None
    number = _siphash(_PROBE.encode(), *_secret(seed), rounds)
    return number == hash(_PROBE) & _MASK


def fix_for_children(seed: int) -> None:
    """Give children a hash seed, unless this process was itself started with one."""
    value = os.environ.get(_VARIABLE, "")
    if not value.isdecimal() or value == _given_by_us:
        _give(str(seed % _LARGEST))


# What this module wrote, so that a second seed replaces the first but not the user's own.
_given_by_us: str | None = None
_at_start = os.environ.get(_VARIABLE)


def _give(value: str) -> None:
    global _given_by_us
    _given_by_us = value
    os.environ[_VARIABLE] = value


def _secret(seed: int) -> tuple[int, int]:
    """Return the two 64-bit keys that Python makes of a hash seed."""
    if seed == 0:
        return 0, 0
    data = bytearray()
    for _ in range(16):
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        data.append(seed >> 16 & 0xFF)
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:], "little")


def _siphash(data: bytes, key0: int, key1: int, rounds: int) -> int:
    """Hash as J.-P. Aumasson and D. J. Bernstein describe (SipHash, Indocrypt 2012)."""
    state = [
        key0 ^ 0x736F6D6570736575,
        key1 ^ 0x646F72616E646F6D,
        key0 ^ 0x6C7967656E657261,
        key1 ^ 0x7465646279746573,
    ]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        state[3] ^= word
        _mix(state, rounds)
        state[0] ^= word
    state[2] ^= 0xFF
    _mix(state, rounds + 2)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _mix(state: list[int], rounds: int) -> None:
    a, b, c, d = state
    for _ in range(rounds):
        a = (a + b) & _MASK
        b = _turn(b, 13) ^ a
        a = _turn(a, 32)
        c = (c + d) & _MASK
        d = _turn(d, 16) ^ c
        a = (a + d) & _MASK
        d = _turn(d, 21) ^ a
        c = (c + b) & _MASK
        b = _turn(b, 17) ^ c
        c = _turn(c, 32)
    state[:] = a, b, c, d


def _turn(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
