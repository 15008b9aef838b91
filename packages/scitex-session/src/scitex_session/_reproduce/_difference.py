"""One thing that differs between two runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """
    Something that differs between two runs.

    Attributes
    ----------
    kind : str
        ``seed``, ``argument``, ``configuration``, ``code``, ``input``, ``library``, ``hash order``,
        ``threads``, ``machine`` or ``stream``.
    text : str
        What it is, and how it differs.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
