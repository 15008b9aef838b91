"""Positions on an axis as a reader knows them: numbers, dates, categories."""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAY_IN_US = 86_400_000_000


def readable(axis: Any, values: Any, original: Any = None) -> Any:
    """Return positions on an axis as numbers, ISO 8601 dates (UTC) or names of categories.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis they lie on; its units tell what the numbers mean.
    values : array of float
        Positions as matplotlib holds them.
    original : array-like, optional
        The same as the user gave them, for units that only their own library can turn back.

    Returns
    -------
    array or list of str
    """
    import numpy as np

    numbers: Any = np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
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
    names = {place: name for name, place in getattr(units, "_mapping", {}).items()}
    cells = numbers.ravel().tolist()
    # A bar that stands beside its category has a position and no name.
    return [names.get(cell, cell) for cell in cells]


def _dates(numbers: Any) -> list[str | None]:
    import numpy as np
    from matplotlib import dates

    finite = np.isfinite(numbers)
    micro = np.round(np.where(finite, numbers, 0) * _DAY_IN_US).astype("int64")
    epoch = np.array(dates.get_epoch(), dtype="datetime64[us]")  # type: ignore[no-untyped-call]
    times = epoch + micro.astype("timedelta64[us]")
    times = np.where(finite, times, np.datetime64("NaT", "us"))
    # All at midnight: days, and no clock.
    texts = np.datetime_as_string(times, unit="auto") if times.size else times.astype(str)
    return [None if text == "NaT" else text for text in texts.ravel().tolist()]


def _periods(axis: Any, numbers: Any) -> Any:
    """Turn the months or weeks that pandas counts on its axes into its names for them."""
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
    """Return the texts of the hand-made ticks nearest to `positions`, or None if one has none.

    Nearest and not at: grouped bars stand on both sides of the tick that names their group.
    """
    formatter = axis.get_major_formatter()
    names: dict[float, str] = {}
    if hasattr(formatter, "seq"):  # a list of texts
        places = map(float, axis.get_major_locator()())
        names = dict(zip(places, map(str, formatter.seq), strict=False))
    elif getattr(getattr(formatter, "func", None), "args", ()):  # a dict, as set_xticks leaves it
        (given, *_) = formatter.func.args
        names = dict(given) if isinstance(given, dict) else {}
    named = sorted(float(place) for place, text in names.items() if str(text))
    if not named:
        return None
    reach = min((b - a for a, b in pairwise(named)), default=1.0) / 2
    found = []
    for place in positions:
        nearest = min(named, key=lambda tick: abs(tick - float(place)))
        if abs(nearest - float(place)) >= reach:
            return None
        found.append(str(names[nearest]))
    return found or None
