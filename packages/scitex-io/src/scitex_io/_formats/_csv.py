"""Tables as text: csv and tsv."""

from __future__ import annotations

import csv
import io
import re

from .._errors import UnfitObjectError
from .._libraries import figure_of, is_frame, is_polars, need
from .._tables import Table, has_own_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

HOLDS_TABLES = True  # `save` keeps the table of a figure from replacing one

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_KINDS = ("frame", "columns", "rows", "array")
_PEEK = 1 << 16
# No leading zeros: "007" names a subject.
_INT = re.compile(r"[+-]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(
    r"\s*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)\s*\Z",
    re.IGNORECASE,
)
_PADDED = re.compile(r"[+-]?0[0-9]+\Z")
_TRUTH = {"True": True, "False": False}


def prepare(obj: Any, request: Request, **options: Any) -> bytes | Writer:
    """Return the text of a table, or a writer of a frame or a figure.

    ``header`` names the columns of what has no names, or is False; for frames of pandas all
    options go to ``DataFrame.to_csv``.
    """
    delimiter = _DELIMITERS[request.kind]
    if is_frame(obj):
        return _frame_writer(obj, delimiter, options)
    header = options.pop("header", True)
    if options:
        raise TypeError(
            f"save() to {request.ending} has no option {next(iter(options))!r} for this object; "
            "it takes header"
        )
    if (figure := figure_of(obj)) is not None:
        from .._figure._table import FigureTable

        return lambda file: FigureTable(figure, unlimited=True).write(file, delimiter)
    table = Table.of(obj.to_dicts() if is_polars(obj) else obj, request.ending)
    if is_polars(obj):
        table.header = list(obj.columns)
    return _table_text(table, _header(table, header, request.ending), request, delimiter)


def _header(table: Table, header: Any, ending: str) -> list[str] | None:
    if header is True:
        return table.header
    if header is False or header is None:
        return None
    names = [str(name) for name in header]
    if len(names) != table.width:
        raise UnfitObjectError(
            f"cannot save as {ending}: header has {len(names)} names for {table.width} columns"
        )
    return names


def _table_text(table: Table, header: list[str] | None, request: Request, delimiter: str) -> bytes:
    content = io.StringIO(newline="")
    if header is not None:
        content.write(_header_line(header, delimiter))
    csv.writer(content, delimiter=delimiter, lineterminator="\n").writerows(table.rows)
    if "\r" in content.getvalue():
        # Before 3.13 a carriage return is not quoted, and readers take it for the end of a line.
        content.seek(content.truncate(0))
        if header is not None:
            content.write(_header_line(header, delimiter, careful=True))
        csv.writer(
            content, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC
        ).writerows(table.rows)
    try:
        return content.getvalue().encode("utf-8")
    except UnicodeEncodeError:
        raise UnfitObjectError(
            f"cannot save as {request.ending}: a text has a lone surrogate, which UTF-8 cannot hold"
        ) from None


def _header_line(names: Sequence[str], delimiter: str, *, careful: bool = False) -> str:
    """Return the line of names, in quotes if `careful` or if they could be taken for numbers."""
    numbers = careful or all(map(_is_number, names))
    line = io.StringIO(newline="")
    csv.writer(
        line,
        delimiter=delimiter,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if numbers else csv.QUOTE_MINIMAL,
    ).writerow(names)
    return line.getvalue()


def _frame_writer(obj: Any, delimiter: str, options: dict[str, Any]) -> Writer:
    frame = obj if hasattr(obj, "columns") else obj.to_frame(obj.name or "value")
    settings = {"index": has_own_index(frame), "lineterminator": "\n", "sep": delimiter, **options}
    names = [str(name) for name in frame.columns]
    if _has_returns(frame):
        settings.setdefault("quoting", csv.QUOTE_NONNUMERIC)
    first = ""
    if "header" not in settings and not settings["index"] and all(map(_is_number, names)):
        first = _header_line(names, delimiter) if names else ""
        settings["header"] = False

    def write(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        text.write(first)
        frame.to_csv(text, **settings)
        text.flush()
        text.detach()

    return write


def _has_returns(frame: Any) -> bool:
    texts = (frame.iloc[:, index] for index, kind in enumerate(frame.dtypes) if kind.kind in "OU")
    return any(isinstance(cell, str) and "\r" in cell for column in texts for cell in column)


def read(
    file: BinaryIO,
    ending: str,
    /,
    *,
    kind: str | None = None,
    header: bool | None = None,
    **options: Any,
) -> Any:
    """Return a table.

    `kind` is "frame" (pandas), "columns" (dict of arrays), "rows" (list of dicts) or "array";
    by default a frame where pandas is installed and columns where not, and an array if there
    is no header. `header` says whether the first line holds names; by default it does unless
    all its cells are unquoted numbers. Further options go to ``pandas.read_csv``.
    """
    if kind not in {None, *_KINDS}:
        raise TypeError(f"load() from {ending}: kind must be one of {_KINDS}, not {kind!r}")
    delimiter = _DELIMITERS[ending.removesuffix(".gz")]
    named = _has_header(file, delimiter) if header is None else header
    if options or kind == "frame":
        return _read_frame(need("pandas", ending, "pandas"), file, delimiter, named, options)
    if kind == "array" or (kind is None and not named):
        array = _read_array(file, delimiter, named)
        if array is not None:
            return array
        if kind == "array":
            raise ValueError("it holds more than numbers, so it cannot be loaded as an array")
    if kind is None and (pandas := _pandas()) is not None:
        return _read_frame(pandas, file, delimiter, named, options)
    return _read_plain(file, delimiter, named, rows=kind == "rows")


def _pandas() -> Any:
    from importlib.util import find_spec

    return need("pandas", ".csv", "pandas") if find_spec("pandas") else None


def _has_header(file: BinaryIO, delimiter: str) -> bool:
    start = file.read(_PEEK).decode("utf-8-sig", "replace")
    file.seek(0)
    first = next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
    return start[:1] == '"' or not all(map(_is_number, first))


def _read_frame(
    pandas: Any, file: BinaryIO, delimiter: str, named: bool, options: dict[str, Any]
) -> Any:
    settings = {
        "sep": delimiter,
        "header": 0 if named else None,
        "encoding": "utf-8-sig",
        **options,
    }
    if settings.get("engine", "c") == "c" and _rounds(pandas.__version__):
        settings.setdefault("float_precision", "round_trip")
    try:
        return pandas.read_csv(file, **settings)
    except pandas.errors.EmptyDataError:
        return pandas.DataFrame()


def _rounds(version: str) -> bool:
    # Before 3.1 the fast parser of pandas is sometimes wrong in the last digit; 3.1 mended it and
    # deprecated the exact one.
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) < (3, 1)


def _records(file: BinaryIO, delimiter: str) -> Iterable[tuple[int, list[str]]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if record:
                yield reader.line_num, record
    finally:
        text.detach()


def _read_array(file: BinaryIO, delimiter: str, named: bool) -> Any:
    import numpy as np

    text = file.read().decode("utf-8-sig")
    file.seek(0)
    if re.search("[0-9]{19}", text):  # perhaps beyond 64 bits, where loadtxt is wrong
        return _read_array_slowly(file, delimiter, named)
    try:
        # Fast, but refuses empty cells.
        return np.loadtxt(
            io.StringIO(text),
            dtype=np.float64 if set(".eEnN") & set(text) else np.int64,
            comments=None,
            delimiter=delimiter,
            skiprows=int(named),
            ndmin=2,
        )
    except (ValueError, UserWarning):
        return _read_array_slowly(file, delimiter, named)


def _read_array_slowly(file: BinaryIO, delimiter: str, named: bool) -> Any:
    import numpy as np

    records = [record for _, record in _records(file, delimiter)][named:]
    file.seek(0)
    if any(len(record) != len(records[0]) for record in records):
        return None
    columns = [_typed(column) for column in zip(*records, strict=True)]
    if any(type(column[0]) not in {int, float} for column in columns):
        return None
    return np.array([_as_array(column) for column in columns]).T.copy()


def _read_plain(file: BinaryIO, delimiter: str, named: bool, *, rows: bool) -> Any:
    records = list(_records(file, delimiter))
    if not records:
        return [] if rows else {}
    width = len(records[0][1])
    for line, record in records:
        if len(record) != width:
            raise ValueError(f"line {line} has {len(record)} cells where the first has {width}")
    names = _unique(records.pop(0)[1]) if named else [str(index) for index in range(width)]
    cells = zip(*(record for _, record in records), strict=True) if records else [()] * width
    columns = [_typed(column) for column in cells]
    if rows:
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return {name: _as_array(column) for name, column in zip(names, columns, strict=True)}


def _is_number(cell: str) -> bool:
    """Return whether a cell reads as a number."""
    return _FLOAT.match(cell) is not None and _PADDED.match(cell) is None


def _typed(cells: Sequence[str]) -> list[Any]:
    """Return the cells of one column as int, float, bool or str, whichever fits all of them.

    An empty cell is ``nan`` among floats, and makes floats of ints; a column of nothing but
    empty cells stays text.
    """
    if any(cells):
        if all(map(_INT.match, cells)):
            return [int(cell) for cell in cells]
        if all(not cell or _is_number(cell) for cell in cells):
            return [float(cell) if cell else float("nan") for cell in cells]
        if all(cell in _TRUTH for cell in cells):
            return [_TRUTH[cell] for cell in cells]
    return list(cells)


def _as_array(column: list[Any]) -> Any:
    """Return a typed column as a numpy array: int64, float64, bool, or text."""
    import numpy as np

    whole = bool(column) and type(column[0]) is int
    if whole and not all(-(2**63) <= value < 2**63 for value in column):
        return np.array(column, dtype=np.float64)
    return np.array(column, dtype=str if not column else None)


def _unique(names: Sequence[str]) -> list[str]:
    """Append numbers to repeated names, as pandas does: ``a``, ``a.1``, ``a.2``."""
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
