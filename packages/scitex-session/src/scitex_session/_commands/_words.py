"""What the command says beside its answer, on standard error."""

from __future__ import annotations

import sys

__all__ = ["count", "say"]


def say(text: str) -> None:
    """Write to standard error, behind what standard output has been given so far."""
    sys.stdout.flush()
    sys.stderr.write(text)


def count(number: int, what: str) -> str:
    """Return a number of things in words: ``1 run``, ``2 runs``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
