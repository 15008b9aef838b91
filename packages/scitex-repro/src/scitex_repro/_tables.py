"""What frames and series of pandas consist of."""

from __future__ import annotations

from scitex_repro._part import Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def describe(obj: Any, pandas: Any) -> Part | None:
    """Describe a frame, a series, an index or one of their values; None for anything else."""
    for names, rule in _RULES:
        kinds = tuple(getattr(pandas, name) for name in names)
        if isinstance(obj, kinds):
            return rule(obj, pandas)
    if obj is pandas.NA or obj is pandas.NaT:
        return Part("missing", data=b"")
    if isinstance(obj, pandas.api.extensions.ExtensionArray):
        return _values(obj, pandas)
    return None


def _frame(frame: Any, _pandas: Any) -> Part:
    names = frame.columns if frame.columns.is_unique else range(frame.shape[1])
    columns = [(name, _held(frame.iloc[:, number])) for number, name in enumerate(names)]
    items = [("columns", frame.columns), ("index", frame.index), *columns]
    return Part("frame", items=items, keyed=True)


def _series(series: Any, _pandas: Any) -> Part:
    items = [("name", series.name), ("index", series.index), ("values", _held(series))]
    return Part("series", items=items, keyed=True)


def _held(column: Any) -> Any:
    """Return the array of numpy that a column is, or else what pandas holds it in."""
    import numpy as np

    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind != "O"
    return column.to_numpy() if plain else column.array


def _scalar(obj: Any, _pandas: Any) -> Part:
    text = obj.isoformat() if hasattr(obj, "isoformat") else str(obj)
    return Part(type(obj).__name__, data=text.encode())


def _index(index: Any, pandas: Any) -> Part:
    if isinstance(index, pandas.MultiIndex):
        levels = [(number, index.get_level_values(number)) for number in range(index.nlevels)]
        return Part("multiindex", items=levels)
    items = [("name", index.name), ("values", _held(index))]
    return Part("index", items=items, keyed=True)


def _values(values: Any, pandas: Any) -> Part:
    """Describe a column by what is in it, not by how this version of pandas holds it."""
    dtype = values.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        items = [
            ("categories", dtype.categories),
            ("ordered", bool(dtype.ordered)),
            ("codes", values.codes.astype("int64")),
        ]
        return Part("categorical", items=items, keyed=True)
    if isinstance(dtype, pandas.DatetimeTZDtype):
        moments = values.tz_convert("UTC").tz_localize(None).to_numpy()
        items = [("zone", str(dtype.tz)), ("moments", moments)]
        return Part("moments", items=items, keyed=True)
    if getattr(dtype, "kind", "O") in "biufcmM":
        return _numbers(values, dtype)
    return _objects(values, pandas)


def _numbers(values: Any, dtype: Any) -> Part:
    import numpy as np

    if isinstance(dtype, np.dtype):
        return Part("array", array=values.to_numpy())
    missing = np.asarray(values.isna())
    plain = getattr(dtype, "numpy_dtype", np.dtype(f"{dtype.kind}{dtype.itemsize}"))
    filled = values.to_numpy(dtype=plain, na_value=np.zeros((), plain).item())
    return Part("masked", items=[("mask", missing), ("values", filled)], keyed=True)


def _objects(values: Any, pandas: Any) -> Part:
    missing = pandas.isna(values)
    listed = list(values)
    pairs = list(zip(listed, missing, strict=True))
    if all(absent or isinstance(one, str) for one, absent in pairs):
        return Part("texts", texts=[None if absent else str(one) for one, absent in pairs])
    return Part("objects", items=list(enumerate(listed)))


_RULES: tuple[tuple[tuple[str, ...], Callable[[Any, Any], Part]], ...] = (
    (("DataFrame",), _frame),
    (("Series",), _series),
    (("Index",), _index),
    (("Interval", "Period", "Timedelta"), _scalar),
)
