"""What one artist drew: a kind, a label and columns of equal size.

Positions are given as a reader knows them: numbers, dates, names of categories.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_DAY_IN_US = 86_400_000_000
_CHUNK = 1 << 16


class Block:
    """The data of one artist.

    Parameters
    ----------
    kind : str
        What it is: ``line``, ``bar``, ``image``, ...
    label : str
        The user's label, "" without one.
    columns : dict of str to array or list
        All of one size. Arrays may have any shape, so that a grid can be a view of few numbers.
    grid : bool, default False
        One row for each cell of an image or mesh; the limit on the rows of these is lower.
    """

    __slots__ = ("columns", "grid", "kind", "label")

    def __init__(
        self, kind: str, label: str, columns: dict[str, Any], *, grid: bool = False
    ) -> None:
        self.kind = kind
        self.label = label
        self.columns = columns
        self.grid = grid

    @property
    def size(self) -> int:
        """Number of rows."""
        return max((_size(column) for column in self.columns.values()), default=0)

    def chunks(self, names: list[str], fixed: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in chunks.

        Parameters
        ----------
        names : list of str
            The columns, in order; None stands in each row for one that the block does not have.
        fixed : dict
            Values that are the same in each row.
        """
        for start in range(0, self.size, _CHUNK):
            stop = min(start + _CHUNK, self.size)
            parts = [
                self._part(name, start, stop)
                if name in self.columns
                else [fixed.get(name)] * (stop - start)
                for name in names
            ]
            yield list(zip(*parts, strict=True))

    def _part(self, name: str, start: int, stop: int) -> list[Any]:
        column = self.columns[name]
        if isinstance(column, list):
            return column[start:stop]
        part = column.flat[start:stop]
        cells: list[Any] = part.tolist()
        return cells


def note(kind: str, label: str, text: str) -> Block:
    """Return a block of one row, which says why there are no others."""
    return Block(kind, label, {"note": [text]})


def label_of(artist: Any) -> str:
    """Return the label that the user gave, "" for one that matplotlib made up."""
    label = artist.get_label() if hasattr(artist, "get_label") else None
    text = "" if label is None else str(label)
    return "" if text.startswith("_") else text.replace("\r", "\n")


def in_data(axes: Any, artist: Any) -> tuple[bool, bool]:
    """Return whether x and y of an artist are data coordinates."""
    x, y = artist.get_transform().contains_branch_seperately(axes.transData)
    return bool(x), bool(y)


def kinds_of(artist: Any) -> list[str]:
    """Return the names of an artist's class and its base classes, nearest first.

    Names instead of classes: nothing of matplotlib has to be imported to recognise an artist, and
    the same code works with versions in which a class does not exist yet.
    """
    return [cls.__name__ for cls in type(artist).__mro__]


def _size(column: Any) -> int:
    return len(column) if isinstance(column, list) else int(column.size)


def floats(values: Any) -> Any:
    """Return an array of floats, with NaN where values are masked."""
    import numpy as np

    return np.ma.filled(np.ma.asarray(values).astype(float), np.nan)


def positions(axes: Any, x: Any, y: Any) -> dict[str, Any]:
    """Return the columns ``x`` and ``y`` of positions in the axes."""
    return {"x": readable(axes.xaxis, x), "y": readable(axes.yaxis, y)}


def directions(axes: Any, *, upright: bool) -> tuple[Any, Any, str, str]:
    """Return the axis that bars stand on, the axis they reach along, and the names of both."""
    if upright:
        return axes.xaxis, axes.yaxis, "x", "y"
    return axes.yaxis, axes.xaxis, "y", "x"


def readable(axis: Any, values: Any, original: Any = None) -> Any:
    """Convert positions on an axis to numbers, ISO 8601 dates (UTC) or names of categories.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Its units say what the numbers mean.
    values : array of float
        Positions as matplotlib holds them.
    original : array-like, optional
        The same as the user gave them, for units that only their own library can convert back.

    Returns
    -------
    array or list of str
    """
    import numpy as np

    numbers = floats(values)
    converter = axis.get_converter() if hasattr(axis, "get_converter") else axis.converter
    if converter is None:
        return numbers
    kinds = [cls.__name__ for cls in type(converter).__mro__]
    if "StrCategoryConverter" in kinds:
        return _categories(axis.units, numbers)
    if "PeriodConverter" in kinds:
        return _periods(axis, numbers)
    if type(converter).__module__ == "matplotlib.dates" or "DateConverter" in kinds:
        return _dates(numbers)
    if original is not None and np.size(original) == numbers.size:
        cells: list[Any] = np.asarray(original, dtype=object).ravel().tolist()
        return [_text(value) for value in cells]
    return numbers


def _text(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) else str(value)


def _categories(units: Any, numbers: Any) -> Any:
    names = {position: name for name, position in getattr(units, "_mapping", {}).items()}
    # A bar drawn beside its category has a position and no name.
    return [names.get(cell, cell) for cell in numbers.ravel().tolist()]


def _dates(numbers: Any) -> list[str | None]:
    import numpy as np
    from matplotlib import dates

    finite = np.isfinite(numbers)
    micro = np.round(np.where(finite, numbers, 0) * _DAY_IN_US).astype("int64")
    epoch = np.array(dates.get_epoch(), dtype="datetime64[us]")  # type: ignore[no-untyped-call]
    times = epoch + micro.astype("timedelta64[us]")
    times = np.where(finite, times, np.datetime64("NaT", "us"))
    # "auto" leaves out the time of day if all are at midnight.
    texts = np.datetime_as_string(times, unit="auto") if times.size else times.astype(str)
    return [None if text == "NaT" else text for text in texts.ravel().tolist()]


def _periods(axis: Any, numbers: Any) -> Any:
    """Convert the months or weeks that pandas counts on its axes to its names for them."""
    import sys

    pandas, freq = sys.modules.get("pandas"), getattr(axis, "freq", None)
    if pandas is None or freq is None:
        return numbers
    cells = numbers.ravel().tolist()
    return [
        str(pandas.Period(ordinal=int(cell), freq=freq)) if cell == cell // 1 else cell
        for cell in cells
    ]


def tick_names(axis: Any, positions: Any) -> list[str] | None:
    """Return the label set by hand that is nearest to each position, or None if one has none.

    The nearest, because grouped bars stand on both sides of the tick that names their group.
    """
    formatter = axis.get_major_formatter()
    names: dict[float, str] = {}
    if hasattr(formatter, "seq"):  # a list of texts
        ticks = map(float, axis.get_major_locator()())
        names = dict(zip(ticks, map(str, formatter.seq), strict=False))
    elif getattr(getattr(formatter, "func", None), "args", ()):  # a dict, as set_xticks leaves it
        (given, *_) = formatter.func.args
        names = dict(given) if isinstance(given, dict) else {}
    named = sorted(float(tick) for tick, text in names.items() if str(text))
    if not named:
        return None
    reach = min((b - a for a, b in pairwise(named)), default=1.0) / 2
    found = []
    for position in map(float, positions):
        nearest = min(named, key=lambda tick: abs(tick - position))
        if abs(nearest - position) >= reach:
            return None
        found.append(str(names[nearest]))
    return found or None
