"""Fit an object into a file that knows only plain data, or refuse it."""

from __future__ import annotations

import os
from datetime import date

from ._errors import UnfitObjectError
from ._libraries import is_a, is_frame, is_polars, type_name
from ._plain import Walk, base_of, item_of, moment_of, parts_of, scalar_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._plain import Parts


def fit(obj: Any, ending: str, *, dates: bool, any_keys: bool, max_depth: float) -> Any:
    """Return `obj` as the builtins that a file of this ending can hold.

    Parameters
    ----------
    obj : object
        What to save.
    ending : str
        Of the file, for messages.
    dates : bool
        Keep dates and datetimes (YAML) instead of writing them as ISO 8601 text.
    any_keys : bool
        Keep keys that are numbers, booleans or dates (YAML) instead of writing them as JSON does.
    max_depth : float
        Levels of nesting that the format can be read with.

    Raises
    ------
    UnfitObjectError
        Names the part that has no such form.
    """
    walk = _Refusing(ending, dates=dates, any_keys=any_keys, max_depth=max_depth)
    try:
        return walk.visit(obj)
    except RecursionError:
        raise walk.refusal("is nested too deep; make it flatter", at="") from None


class _Refusing(Walk):
    """Refuses what has no plain form, by its path of keys."""

    def __init__(self, ending: str, *, dates: bool, any_keys: bool, max_depth: float) -> None:
        super().__init__()
        self._ending = ending
        self._dates = dates
        self._any_keys = any_keys
        self._max_depth = max_depth

    def refusal(self, why: str, at: str | None = None) -> UnfitObjectError:
        """Return the error that names the part."""
        where = "".join(f"[{key!r}]" for key in self._path) if at is None else at
        part = f"the object at {where}" if where else "the object"
        return UnfitObjectError(f"cannot save as {self._ending}: {part} {why}")

    def container(self, obj: Any, parts: Any) -> Any:
        if id(obj) in self._open:
            raise self.refusal("contains itself")
        if len(self._path) + bool(parts) >= self._max_depth:  # single values are a level too
            raise self.refusal("is nested too deep; make it flatter", at="")
        return super().container(obj, parts)

    def text(self, text: str) -> str:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise self.refusal("is text that UTF-8 cannot hold (a lone surrogate)") from None
        return text

    def single(self, obj: Any) -> Any:  # noqa: PLR0911 - one return for each kind
        if is_a(obj, "numpy", "ndarray"):
            return self._array(obj)
        if is_frame(obj):
            return self.visit(self._rows(obj))
        if is_polars(obj):
            return self.visit(obj.to_dicts())
        if is_a(obj, "numpy", "datetime64"):
            return str(obj)
        if type(obj).__name__ in {"NAType", "NaTType"}:  # pandas' missing values
            return None
        if is_a(obj, "numpy", "generic"):
            return self.visit(item_of(obj))
        if isinstance(obj, date):
            moment = moment_of(obj)
            return moment if self._dates else moment.isoformat()
        if isinstance(obj, os.PathLike) or is_a(obj, "datetime", "time"):
            return self.text(scalar_of(obj))
        value = base_of(obj)  # of IntEnum and the like
        return self.text(value) if isinstance(value, str) else value

    def _array(self, array: Any) -> Any:
        if array.dtype.kind == "M":
            array = array.astype(str)
        if is_a(array, "numpy.ma", "MaskedArray") and array.mask.any():
            raise self.refusal("is a masked array; use .filled(value), or save as .pkl")
        names = array.dtype.names
        rows = array.tolist()
        return self.visit(
            rows if names is None else [dict(zip(names, row, strict=True)) for row in rows]
        )

    def _rows(self, obj: Any) -> list[dict[Any, Any]]:
        from ._tables import with_index

        table = with_index(obj)
        if len(set(table.columns)) < len(table.columns):
            raise self.refusal("is a frame with two columns of one name")
        rows = table.itertuples(index=False, name=None)
        return [dict(zip(table.columns, row, strict=True)) for row in rows]

    def parts(self, obj: Any) -> Parts:
        return parts_of(obj)

    def key(self, key: Any, taken: dict[Any, Any]) -> Any:
        name = self._name(key)
        if name in taken:
            raise self.refusal(f"has two keys that would both be written as {name!r}")
        return name

    def _name(self, key: Any) -> Any:
        if is_a(key, "numpy", "generic"):
            key = key.item()
        if isinstance(key, str):
            return self.text(str.__str__(key))
        if isinstance(key, date) or is_a(key, "datetime", "time"):
            return self.single(key)
        if not self._any_keys and (key is None or isinstance(key, bool | int | float)):
            return _json_key(key)
        # None and NaN make keys that the reader of YAML refuses.
        if isinstance(key, bool | int | float) and key == key:  # noqa: PLR0124 - NaN
            return key
        raise self.refusal(f"has the key {key!r}; keys must be text or numbers")

    def misfit(self, obj: Any) -> Any:
        raise self.refusal(
            f"is {type_name(obj)}, which this format cannot hold; convert it, or save as .pkl"
        )


def _json_key(key: bool | float | None) -> str:
    names = {None: "null", True: "true", False: "false"}
    if key is None or isinstance(key, bool):
        return names[key]
    return int.__repr__(key) if isinstance(key, int) else float.__repr__(key)
