"""Names for runs: a random tag and a readable time."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# The largest multiple of 36 in a byte: bytes above it would favour the first letters.
_FAIR = 252


def gen_ID(N: int = 4) -> str:  # noqa: N802, N803 - the contract fixes both names
    """Draw a random tag from the operating system's entropy.

    Seeds never reach it: a script with fixed seeds still gets a new tag in each run. The tag
    has upper-case letters only, so that two tags differ on every file system.

    Parameters
    ----------
    N : int, default 4
        Number of characters, at least 1.

    Returns
    -------
    str
        ``N`` characters out of A-Z and 0-9, each equally likely.

    Raises
    ------
    ValueError
        If ``N`` is less than 1.
    """
    if N < 1:
        raise ValueError(f"gen_ID: N is {N}; a tag has at least 1 character")
    found = b""
    while len(found) < N:
        found += bytes(_ALPHABET[byte % 36] for byte in os.urandom(2 * N) if byte < _FAIR)
    return found[:N].decode("ascii")


def gen_timestamp(moment: datetime | None = None) -> str:
    """Write a moment as ``2026Y-02M-13D-14h30m15s``.

    Parameters
    ----------
    moment : datetime.datetime, optional
        The moment to write, by its own clock: an aware datetime is not converted. By default
        now, in local time.

    Returns
    -------
    str
        The moment to the second; texts sort as the moments do.
    """
    if moment is None:
        # Asked without a moment, the system answers from a clock that is some milliseconds late.
        return time.strftime("%YY-%mM-%dD-%Hh%Mm%Ss", time.localtime(time.time()))
    return (
        f"{moment.year:04d}Y-{moment.month:02d}M-{moment.day:02d}D-"
        f"{moment.hour:02d}h{moment.minute:02d}m{moment.second:02d}s"
    )
