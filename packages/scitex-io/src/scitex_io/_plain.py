"""Any nest of data as builtins, for formats that know nothing else."""

from __future__ import annotations

import os

from scitex_io._errors import UnfitObjectError
from scitex_io._lookup import describe, is_a, is_frame, is_polars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NUMBERS = frozenset({bool, float, int, type(None)})
_SCALARS = _NUMBERS | {str}


class Plain:
    """Turns a nest of data into builtins, or says which part of it has no such form.

    Parameters
    ----------
    ending : str
        The ending asked for, for messages.
    keep_dates : bool
        Leave dates and datetimes as they are (YAML) instead of writing them as ISO 8601 text.
    text_keys : bool
        Turn keys that are numbers, booleans or None into text as JSON writes them.
    """

    def __init__(self, ending: str, *, keep_dates: bool, text_keys: bool) -> None:
        self.ending = ending
        self.keep_dates = keep_dates
        self.text_keys = text_keys
        self._open: list[int] = []

    def of(self, obj: Any) -> Any:
        """Return `obj` as dicts, lists and scalars.

        Raises
        ------
        UnfitObjectError
            With the place of the part that has no such form.
        """
        try:
            return self.convert(obj)
        except RecursionError:
            raise self.refuse("", "is nested too deep; make it flatter") from None

    def convert(self, obj: Any, where: str = "") -> Any:
        """Return a part of the whole; `where` is its place, as ``['a'][3]``."""
        if type(obj) in _SCALARS:
            return self._text(obj, where) if type(obj) is str else obj
        for is_it, make in _CONVERSIONS:
            if is_it(obj):
                return self._nested(make, obj, where)
        return self._scalar(obj, where)

    def refuse(self, where: str, why: str) -> UnfitObjectError:
        """Make the error that names the place."""
        place = f"the object at {where}" if where else "the object"
        return UnfitObjectError(f"cannot save as {self.ending}: {place} {why}")

    def _nested(self, make: Callable[[Plain, Any, str], Any], obj: Any, where: str) -> Any:
        if id(obj) in self._open:
            raise self.refuse(where, "contains itself")
        self._open.append(id(obj))
        try:
            return make(self, obj, where)
        finally:
            self._open.pop()

    def _text(self, text: str, where: str) -> str:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise self.refuse(where, "is text that UTF-8 cannot hold (a lone surrogate)") from None
        return text

    def _scalar(self, obj: Any, where: str) -> Any:
        for base in (bool, int, float, str):
            if isinstance(obj, base):  # IntEnum, numpy.float64 and other subclasses
                return self.convert(base(obj) if base is not str else str.__str__(obj), where)
        if isinstance(obj, os.PathLike):
            return self.convert(os.fspath(obj), where)
        if any(is_a(obj, "datetime", name) for name in ("date", "time")):
            return self._date(obj)
        if type(obj).__name__ == "NAType":  # pandas' missing value
            return None
        raise self.refuse(
            where, f"is {describe(obj)}, which this format cannot hold; convert it, or save as .pkl"
        )

    def _date(self, obj: Any) -> Any:
        if type(obj).__name__ == "NaTType":
            return None
        if is_a(obj, "pandas", "Timestamp"):
            obj = obj.to_pydatetime(warn=False)
        if self.keep_dates and not is_a(obj, "datetime", "time"):
            return obj
        return obj.isoformat()

    def key(self, key: Any, where: str) -> Any:
        """Return a mapping's key in the form that the format knows."""
        if type(key) is str:
            return self._text(key, where)
        if is_a(key, "numpy", "generic"):
            key = key.item()
        if isinstance(key, str):
            return self._text(str.__str__(key), where)
        if key is None or isinstance(key, (bool, int, float)):
            return self._number_key(key) if self.text_keys else key
        if any(is_a(key, "datetime", name) for name in ("date", "time")):
            return self._date(key)
        raise self.refuse(where, f"has the key {key!r}; keys must be text or numbers")

    def _number_key(self, key: bool | float | None) -> str:
        names = {None: "null", True: "true", False: "false"}
        if key is None or isinstance(key, bool):
            return names[key]
        return int.__repr__(key) if isinstance(key, int) else float.__repr__(key)


def _mapping(plain: Plain, obj: Any, where: str) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for raw, value in obj.items():
        key = plain.key(raw, where)
        if key in result:
            raise plain.refuse(where, f"has two keys that would both be written as {key!r}")
        result[key] = plain.convert(value, f"{where}[{raw!r}]")
    return result


def _sequence(plain: Plain, obj: Any, where: str) -> list[Any]:
    if set(map(type, obj)) <= _NUMBERS:  # long lists of numbers need no closer look
        return list(obj)
    return [plain.convert(value, f"{where}[{place}]") for place, value in enumerate(obj)]


def _array(plain: Plain, obj: Any, where: str) -> Any:
    if obj.dtype.kind == "M":
        obj = obj.astype(str)
    if obj.dtype.names is not None:
        return [plain.convert(dict(zip(obj.dtype.names, row, strict=True))) for row in obj.tolist()]
    if is_a(obj, "numpy.ma", "MaskedArray") and obj.mask.any():
        raise plain.refuse(where, "is a masked array; use .filled(value), or save as .pkl")
    return plain.convert(obj.tolist(), where)


def _frame(plain: Plain, obj: Any, where: str) -> Any:
    from scitex_io._formats._frames import with_index

    table = with_index(obj)
    return [
        _mapping(plain, dict(zip(table.columns, row, strict=True)), f"{where}[{place}]")
        for place, row in enumerate(table.itertuples(index=False, name=None))
    ]


def _fields(plain: Plain, obj: Any, where: str) -> dict[Any, Any]:
    return _mapping(
        plain, {name: getattr(obj, name) for name in type(obj).__dataclass_fields__}, where
    )


def _is_mapping(obj: Any) -> bool:
    from collections.abc import Mapping

    return isinstance(obj, Mapping)


_CONVERSIONS: tuple[tuple[Callable[[Any], bool], Callable[[Plain, Any, str], Any]], ...] = (
    (_is_mapping, _mapping),
    (lambda obj: isinstance(obj, (list, tuple)), _sequence),
    (lambda obj: is_a(obj, "numpy", "ndarray") or is_a(obj, "numpy", "generic"), _array),
    (is_frame, _frame),
    (is_polars, lambda plain, obj, where: _sequence(plain, obj.to_dicts(), where)),
    (lambda obj: hasattr(type(obj), "__dataclass_fields__"), _fields),
)
