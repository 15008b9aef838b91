"""Anything a user may put into CONFIG or ARGS, as values that YAML, JSON and a pickle all know."""

from __future__ import annotations

from ._kinds import MISSING, describe, is_of, parts, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

__all__ = ["Freezer", "to_plain"]

_MAX_DEPTH = 100
_CONTAINERS = frozenset((dict, list, tuple))
# What one record may hold: an object that shares its parts a thousandfold would never end.
_MAX_VALUES = 2_000_000
_MAX_CHARACTERS = 64_000_000
_MAX_ARRAY = 1_000
_MAX_BYTES = 64_000
_MAX_SHOWN = 100


def to_plain(obj: object) -> tuple[Any, list[str]]:
    """Turn an object into builtins that `dump_yaml` and `dump_json` write and any reader loads.

    Mappings become dict, sequences list, sets sorted lists, dataclasses and namespaces mappings
    of their fields, enum members their names, paths and the like text, numpy scalars and arrays
    of up to 1000 numbers numbers; dates, datetimes and bytes stay. All else is described in its
    place.

    Parameters
    ----------
    obj : object
        What a record is to hold.

    Returns
    -------
    plain : object
        None, bool, int, float, str, bytes, date, datetime, and lists and dicts of them.
    warnings : list of str
        One line for each value that is described instead of recorded, with its path of keys.
    """
    freezer = Freezer()
    return freezer.freeze(obj), freezer.warnings


class Freezer:
    """One walk over an object.

    Parameters
    ----------
    rich : bool, default False
        Keep paths and tuples, which a pickle can hold.

    Attributes
    ----------
    warnings : list of str
        What could not be kept, with its path of keys.
    """

    def __init__(self, *, rich: bool = False) -> None:
        self.warnings: list[str] = []
        self._rich = rich
        self._path: list[str] = []
        self._open: set[int] = set()
        self._values = 0
        self._characters = 0

    def freeze(self, obj: object) -> Any:
        """Give the plain form of `obj`."""
        kind = type(obj)
        self._values += 1
        if obj is None or kind is bool or kind is int or kind is float:
            return obj
        try:
            if kind is str:
                return self._text(str(obj))
            return self._other(obj)
        except RecursionError:
            return self._describe(obj, "goes too deep")
        except Exception as error:  # noqa: BLE001 - a user's class may raise anything when asked
            return self._describe(obj, f"raises {type(error).__name__} when it is read")

    def _other(self, obj: object) -> Any:  # noqa: PLR0911 - one return for each outcome
        if self._rich and is_of(obj, "pathlib", "PurePath"):
            return obj
        if type(obj) in _CONTAINERS:
            return self._container(obj, obj)
        value = scalar(obj)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes) and len(value) > _MAX_BYTES:
            return self._describe(value, "is too large to be recorded", f"<{len(value):,} bytes>")
        if value is not MISSING:
            return value
        inside = parts(obj, _MAX_ARRAY)
        if inside is None:
            return self._describe(obj, "cannot be recorded", describe(obj))
        return self._container(obj, inside)

    def _container(self, obj: object, inside: Any) -> Any:
        if id(obj) in self._open:
            return self._describe(obj, "contains itself")
        if len(self._path) >= _MAX_DEPTH:
            return self._describe(obj, f"is nested more than {_MAX_DEPTH} levels deep")
        self._open.add(id(obj))
        try:
            if isinstance(inside, dict):
                return self._mapping(inside)
            items = self._sequence(inside)
        finally:
            self._open.discard(id(obj))
        return tuple(items) if self._rich and isinstance(obj, tuple) else items

    def _mapping(self, mapping: dict[Any, Any]) -> dict[Any, Any]:
        plain: dict[Any, Any] = {}
        # A list, for another thread may be writing into it.
        for key, value in list(mapping.items()):
            if self._full():
                plain["..."] = self._describe(mapping, "is too large", _more(mapping, plain))
                break
            name = self._key(key, plain)
            self._path.append(str(name))
            plain[name] = self.freeze(value)
            self._path.pop()
        return plain

    def _sequence(self, items: Sequence[Any]) -> list[Any]:
        plain: list[Any] = []
        for index, value in enumerate(items):
            if self._full():
                plain.append(self._describe(items, "is too large", _more(items, plain)))
                break
            self._path.append(str(index))
            plain.append(self.freeze(value))
            self._path.pop()
        return plain

    def _key(self, key: object, taken: dict[Any, Any]) -> object:
        kind = type(key)
        if kind is str or kind is int or kind is bool:
            name: object = key
        else:
            try:
                value = scalar(key)
                name = str(key) if value is MISSING else value
            except Exception:  # noqa: BLE001 - a user's class may raise anything when asked
                name = describe(key)
            # None and NaN make keys that a reader refuses or never finds again; bytes, odd ones.
            if name is None or isinstance(name, bytes) or name != name:  # noqa: PLR0124 - NaN
                name = str(name)
        if isinstance(name, str):
            name = _unicode(name)
        count = 2
        first = name
        while name in taken:
            name, count = f"{first} ({count})", count + 1
        return name

    def _text(self, text: str) -> str:
        if self._characters + len(text) > _MAX_CHARACTERS and len(text) > _MAX_ARRAY:
            return self._describe(text, "is too large", f"<{len(text):,} characters>")
        self._characters += len(text)
        clean = _unicode(text)
        return clean if clean == text else self._describe(text, "is no Unicode text", clean)

    def _full(self) -> bool:
        return self._values > _MAX_VALUES or self._characters > _MAX_CHARACTERS

    def _describe(self, obj: object, why: str, text: str | None = None) -> str:
        if text is None:
            text = f"<{type(obj).__qualname__} that {why}>"
        text = _unicode(text)
        where = ".".join(self._path) or "the value"
        shown = repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}..."
        self.warnings.append(f"{where} {why}; {shown} is recorded in its place")
        return text


def _more(whole: Collection[Any], part: Collection[Any]) -> str:
    return f"<{len(whole) - len(part):,} more>"


def _unicode(text: str) -> str:
    """Write half a surrogate pair, which file names may bring in, as its escape."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
