"""Positions on an axis as a reader knows them: numbers, dates, categories."""

from __future__ import annotations

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
    home = type(converter).__module__
    if "StrCategoryConverter" in kinds:
        return _categories(axis.units, numbers)
    if home.startswith("matplotlib.dates") or "DateConverter" in kinds:
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


def tick_names(axis: Any, positions: Any) -> list[str] | None:
    """Return the texts of hand-made ticks at `positions`, or None if one has none."""
    formatter = axis.get_major_formatter()
    if type(formatter).__name__ != "FixedFormatter":
        return None
    places = [float(place) for place in axis.get_major_locator()()]
    names = dict(zip(places, map(str, formatter.seq), strict=False))
    found = [names.get(float(place), "") for place in positions]
    return found if found and all(found) else None
