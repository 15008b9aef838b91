"""pandas frames: what of them is written, and frames made of other tables."""

from __future__ import annotations

from scitex_io._errors import UnfitObjectError
from scitex_io._lookup import is_a, is_frame, is_polars, need

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def has_own_index(frame: Any) -> bool:
    """Tell whether the index says more than the number of the row."""
    index = frame.index
    if index.nlevels > 1 or index.name is not None:
        return True
    return type(index).__name__ != "RangeIndex" or index.start != 0 or index.step != 1


def with_index(obj: Any) -> Any:
    """Return a frame in which an index of its own has become columns."""
    frame = obj.to_frame(obj.name if obj.name is not None else "value") if _is_series(obj) else obj
    return frame.reset_index() if has_own_index(frame) else frame


def _is_series(obj: Any) -> bool:
    return is_a(obj, "pandas", "Series")


def as_frame(obj: Any, ending: str, extra: str) -> Any:
    """Return any table as a DataFrame of pandas.

    Raises
    ------
    UnfitObjectError
        If `obj` is no table.
    MissingLibraryError
        If pandas is not installed.
    """
    if is_frame(obj):
        return (
            obj.to_frame(obj.name if obj.name is not None else "value") if _is_series(obj) else obj
        )
    if is_polars(obj):
        return need("pandas", ending, extra).DataFrame(obj.to_dict(as_series=False))
    from scitex_io._formats._table_rows import Table

    table = Table.of(obj, ending)
    pandas = need("pandas", ending, extra)
    names = table.header or [f"column_{place}" for place in range(table.width)]
    if len(set(names)) != len(names):
        raise UnfitObjectError(f"cannot save as {ending}: two columns have the same name")
    columns: Any = zip(*table.rows, strict=True) if table.height else [[] for _ in names]
    return pandas.DataFrame(
        {name: list(column) for name, column in zip(names, columns, strict=True)}
    )
