"""Any table as a header and rows of cells, or as a frame of pandas."""

from __future__ import annotations

from ._errors import UnfitObjectError
from ._libraries import is_a, is_frame, is_polars, need, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_SIMPLE = frozenset({bool, float, int, str, type(None)})


class Table:
    """A table in memory.

    Parameters
    ----------
    header : list of str or None
        None for a table without column names.
    rows : list of sequences
        All of one width.
    width : int
        Number of columns.
    """

    __slots__ = ("header", "rows", "width")

    def __init__(self, header: list[str] | None, rows: list[Sequence[Any]], width: int) -> None:
        self.header = header
        self.rows = rows
        self.width = width

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @classmethod
    def of(cls, obj: Any, ending: str) -> Table:
        """Read an array, a dict of columns, a list of dicts or a list of rows as a table.

        Raises
        ------
        UnfitObjectError
            If it is none of these, or its cells hold more than a number, a text or a date.
        """
        refuse = _Refusal(obj, ending)
        if is_a(obj, "numpy", "ndarray"):
            table = _from_array(obj, refuse)
        elif isinstance(obj, dict) or (hasattr(obj, "keys") and hasattr(obj, "__getitem__")):
            table = _from_columns({key: obj[key] for key in obj.keys()}, refuse)  # noqa: SIM118
        elif isinstance(obj, (list, tuple)):
            table = _from_list(obj, refuse)
        else:
            raise refuse(
                "give a frame, a 2-D array, a dict of columns, a list of dicts or a list of rows"
            )
        header, rows, width = table
        if is_a(obj, "numpy", "ndarray") and obj.dtype.kind in "biuf":
            return cls(header, list(rows), width)
        return cls(header, _checked(rows, refuse), width)


class _Refusal:
    def __init__(self, obj: Any, ending: str) -> None:
        self.start = f"cannot save {type_name(obj)} as {ending}"

    def __call__(self, why: str) -> UnfitObjectError:
        return UnfitObjectError(f"{self.start}: {why}")


_Parts = tuple["list[str] | None", "Iterable[Sequence[Any]]", int]


def _from_array(array: Any, refuse: _Refusal) -> _Parts:
    if is_a(array, "numpy.ma", "MaskedArray") and array.mask.any():
        raise refuse("its mask would be lost; use .filled(value)")
    if array.dtype.names is not None and array.ndim == 1:
        columns = {name: array[name] for name in array.dtype.names}
        return _from_columns(columns, refuse)
    if array.ndim not in {1, 2}:
        raise refuse(f"a table has 1 or 2 dimensions, and this has {array.ndim}; save it as .npy")
    if array.dtype.kind not in "biufMUSO":
        raise refuse(f"cells hold numbers, text and dates, not {array.dtype}; save it as .npy")
    if array.dtype.kind == "b":
        array = array.astype("uint8")  # 1 and 0, because True and False would be read as a header
    plain = _cells(array.reshape(len(array), -1) if array.size else array.reshape(len(array), 0))
    width = array.shape[1] if array.ndim == 2 else 1  # noqa: PLR2004 - two dimensions
    numeric = array.dtype.kind in "biuf"
    return (None if numeric else [str(index) for index in range(width)]), plain, width


def _cells(array: Any) -> list[Any]:
    if array.dtype.kind == "M":
        array = array.astype(str)
    cells: list[Any] = array.tolist()
    return cells


def _from_columns(columns: dict[Any, Any], refuse: _Refusal) -> _Parts:
    header = [_name(key, refuse) for key in columns]
    listed = [_column(value) for value in columns.values()]
    if columns and not any(isinstance(column, list) for column in listed):
        return header, [listed], len(header)  # one value for each name: one row
    lengths = {}
    for name, column in zip(header, listed, strict=True):
        if not isinstance(column, list):
            raise refuse(f"column {name!r} is a single value but other columns are lists")
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        raise refuse(f"columns differ in length: {lengths}")
    return header, zip(*listed, strict=True), len(header)


def _column(value: Any) -> Any:
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if is_a(value, "numpy", "ndarray"):
        return _cells(value) if value.ndim else value.item()
    return list(value) if isinstance(value, (list, tuple, range)) else value


def _from_list(obj: Sequence[Any], refuse: _Refusal) -> _Parts:
    if obj and all(isinstance(row, dict) for row in obj):
        names = list(dict.fromkeys(key for row in obj for key in row))
        header = [_name(key, refuse) for key in names]
        return header, [[row.get(key) for key in names] for row in obj], len(names)
    rows = [_column(row) for row in obj]
    if not any(isinstance(row, list) for row in rows):
        return None, [[row] for row in rows], 1
    width = len(rows[0]) if isinstance(rows[0], list) else 1
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            raise refuse(f"row {index} does not have {width} cells as row 0 has")
    return None, rows, width


def _name(key: Any, refuse: _Refusal) -> str:
    if isinstance(key, (str, int, float)):
        return str(key)
    raise refuse(f"{key!r} is not a valid column name")


def _checked(rows: Iterable[Sequence[Any]], refuse: _Refusal) -> list[Sequence[Any]]:
    checked: list[Sequence[Any]] = []
    for index, row in enumerate(rows):
        if _SIMPLE.issuperset(map(type, row)):
            checked.append(row)
        else:
            checked.append([_cell(cell, index, refuse) for cell in row])
    return checked


def _cell(cell: Any, row: int, refuse: _Refusal) -> Any:
    if type(cell) in _SIMPLE:
        return cell
    if is_a(cell, "numpy", "datetime64"):
        return str(cell)
    if is_a(cell, "numpy", "generic"):
        cell = cell.item()
    if isinstance(cell, (int, float)):
        return cell
    if isinstance(cell, str) or hasattr(cell, "__fspath__"):
        return str(cell)
    if hasattr(cell, "isoformat"):
        return "" if type(cell).__name__ == "NaTType" else cell.isoformat()
    if type(cell).__name__ == "NAType":
        return None
    raise refuse(
        f"row {row} holds {type_name(cell)}, and a cell holds a number, a text or a date; "
        "save it as .json or .pkl"
    )


def has_own_index(frame: Any) -> bool:
    """Return whether the index holds more than row numbers."""
    index = frame.index
    if index.nlevels > 1 or index.name is not None:
        return True
    return type(index).__name__ != "RangeIndex" or index.start != 0 or index.step != 1


def with_index(obj: Any) -> Any:
    """Return a frame or Series as a frame, with an index of its own as columns."""
    frame = _frame(obj)
    return frame.reset_index() if has_own_index(frame) else frame


def _frame(obj: Any) -> Any:
    """Return a Series as the frame of one column that it is."""
    if not is_a(obj, "pandas", "Series"):
        return obj
    return obj.to_frame(obj.name if obj.name is not None else "value")


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
        return _frame(obj)
    if is_polars(obj):
        return need("pandas", ending, extra).DataFrame(obj.to_dict(as_series=False))
    table = Table.of(obj, ending)
    pandas = need("pandas", ending, extra)
    names = table.header or [f"column_{index}" for index in range(table.width)]
    if len(set(names)) != len(names):
        raise UnfitObjectError(f"cannot save as {ending}: two columns have the same name")
    columns: Any = zip(*table.rows, strict=True) if table.height else [[] for _ in names]
    return pandas.DataFrame(
        {name: list(column) for name, column in zip(names, columns, strict=True)}
    )
