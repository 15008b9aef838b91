"""Cells of text as columns of numbers, where they are numbers."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# No leading zeros: "007" names a subject, it does not count one.
_INT = re.compile(r"[+-]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(
    r"\s*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)\s*\Z",
    re.IGNORECASE,
)
_PADDED = re.compile(r"[+-]?0[0-9]+\Z")
_TRUTH = {"True": True, "False": False}


def is_number(cell: str) -> bool:
    """Tell whether a cell reads as a number."""
    return _FLOAT.match(cell) is not None and _PADDED.match(cell) is None


def typed(cells: Sequence[str]) -> list[Any]:
    """Return the cells of one column as int, float, bool or str, whichever fits all of them.

    An empty cell is ``nan`` among floats, and makes floats of ints; a column of nothing but
    empty cells stays text.
    """
    if any(cells):
        if all(map(_INT.match, cells)):
            return [int(cell) for cell in cells]
        if all(not cell or is_number(cell) for cell in cells):
            return [float(cell) if cell else float("nan") for cell in cells]
        if all(cell in _TRUTH for cell in cells):
            return [_TRUTH[cell] for cell in cells]
    return list(cells)


def as_array(column: list[Any]) -> Any:
    """Return a typed column as a numpy array: int64, float64, bool, or text."""
    import numpy as np

    whole = bool(column) and type(column[0]) is int
    if whole and not all(-(2**63) <= value < 2**63 for value in column):
        return np.array(column, dtype=np.float64)
    return np.array(column, dtype=str if not column else None)


def unique(names: Sequence[str]) -> list[str]:
    """Tell repeated names apart by numbers, as pandas does: ``a``, ``a.1``, ``a.2``."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in names:
        count = seen.get(name, -1) + 1
        fresh = name if not count else f"{name}.{count}"
        while fresh in result:
            count += 1
            fresh = f"{name}.{count}"
        seen[name] = count
        result.append(fresh)
    return result
