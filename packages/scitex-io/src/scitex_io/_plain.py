"""Turn any object into plain data: dicts, lists, text, numbers and dates.

One walk with two policies. `to_plain` describes what has no plain form, for records that have to be
written whatever they hold. `_fit.fit` refuses it, for files that have to come back as they were.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta, timezone

from ._libraries import is_a

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    Parts = dict[Any, Any] | Sequence[Any] | None

_NUMBERS = frozenset((bool, float, int, type(None)))
_CONTAINERS = frozenset((dict, list, tuple))
MISSING = object()  # no plain form; not None, which is a value

# What a record may hold: an object that shares its parts a thousandfold would never end.
_MAX_VALUES = 2_000_000
_MAX_CHARACTERS = 64_000_000
_MAX_DEPTH = 100
_MAX_ARRAY = 1_000
_MAX_BYTES = 64_000
_MAX_SHOWN = 100
_MAX_REPR = 200


def to_plain(obj: object, *, for_pickle: bool = False) -> tuple[Any, list[str]]:
    """Turn any object into plain data that `dump_yaml` and JSON can hold.

    Mappings become dict, sequences list, sets sorted lists, dataclasses and namespaces mappings of
    their fields, enum members their names, paths, decimals and the like text, numpy scalars and
    arrays of up to 1000 numbers numbers. Dates, datetimes and bytes stay. Anything else is replaced
    by a description. No library is imported to recognise its objects.

    Parameters
    ----------
    obj : object
        Anything.
    for_pickle : bool, default False
        Keep paths and tuples, which a pickle can hold.

    Returns
    -------
    plain : object
        None, bool, int, float, str, bytes, date, datetime, and lists and dicts of them.
    warnings : list of str
        One line for each value that is described, with its path of keys.
    """
    walk = _Describing(for_pickle=for_pickle)
    return walk.visit(obj), walk.warnings


def describe(obj: object) -> str:
    """Describe an object in one line, without its address, even if its repr fails.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    str
        In angle brackets: type, and shape or repr.
    """
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")
    try:
        shape, dtype = getattr(obj, "shape", None), getattr(obj, "dtype", None)
        if isinstance(shape, tuple):
            return f"<{kind} shape={tuple(shape)}" + (f" dtype={dtype}>" if dtype else ">")
        text = " ".join(repr(obj).split())
    except Exception as error:  # noqa: BLE001 - a user's repr may raise anything
        return f"<{kind}, whose repr raises {type(error).__name__}>"
    head, at, tail = text.partition(" at 0x")
    if at:
        text = head + tail.lstrip("0123456789abcdefABCDEF")
    if len(text) > _MAX_REPR:
        text = f"{text[:_MAX_REPR]}..."
    return text if text.startswith("<") else f"<{kind} {text}>"


class Walk:
    """A walk over nested data; a subclass decides on single values, keys and misfits."""

    max_values = float("inf")

    def __init__(self) -> None:
        self._path: list[object] = []
        self._open: set[int] = set()
        self._values = 0

    def visit(self, obj: Any) -> Any:
        """Return the plain form of `obj`."""
        kind = type(obj)
        self._values += 1
        if kind in _NUMBERS:
            return obj
        if kind is str:
            return self.text(obj)
        if kind in _CONTAINERS:
            return self.container(obj, obj)
        value = self.single(obj)
        if value is not MISSING:
            return value
        parts = self.parts(obj)
        return self.misfit(obj) if parts is None else self.container(obj, parts)

    def container(self, obj: Any, parts: Any) -> Any:
        """Return the dict or list of the plain forms of an object's parts."""
        self._open.add(id(obj))
        try:
            return self._mapping(parts) if isinstance(parts, dict) else self._sequence(parts)
        finally:
            self._open.discard(id(obj))

    def _mapping(self, mapping: dict[Any, Any]) -> dict[Any, Any]:
        plain: dict[Any, Any] = {}
        # A list, because another thread may be writing into the mapping.
        for raw, value in list(mapping.items()):
            if self._values > self.max_values:
                plain["..."] = self.rest(mapping, plain)
                break
            key = self.key(raw, plain)
            self._path.append(key)
            plain[key] = self.visit(value)
            self._path.pop()
        return plain

    def _sequence(self, items: Sequence[Any]) -> list[Any]:
        if self._values + len(items) <= self.max_values and _NUMBERS.issuperset(map(type, items)):
            self._values += len(items)  # long lists of numbers need no closer look
            return list(items)
        plain: list[Any] = []
        for index, value in enumerate(items):
            if self._values > self.max_values:
                plain.append(self.rest(items, plain))
                break
            self._path.append(index)
            plain.append(self.visit(value))
            self._path.pop()
        return plain

    def text(self, text: str) -> str:
        """Return a text as the file is to hold it."""
        raise NotImplementedError

    def single(self, obj: Any) -> Any:
        """Return the plain form of a single value, or `MISSING`."""
        raise NotImplementedError

    def parts(self, obj: Any) -> Parts:
        """Return what an object consists of, or None if it cannot be taken apart."""
        raise NotImplementedError

    def key(self, key: Any, taken: dict[Any, Any]) -> Any:
        """Return the plain form of a key that is not among the keys `taken`."""
        raise NotImplementedError

    def misfit(self, obj: Any) -> Any:
        """Decide on an object without a plain form."""
        raise NotImplementedError

    def rest(self, whole: Collection[Any], part: Collection[Any]) -> Any:
        """Return what replaces the parts of a container beyond `max_values`."""
        raise NotImplementedError


class _Describing(Walk):
    """Describes what has no plain form, and goes on."""

    max_values = _MAX_VALUES

    def __init__(self, *, for_pickle: bool) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self._for_pickle = for_pickle
        self._characters = 0

    def visit(self, obj: Any) -> Any:
        try:
            return super().visit(obj)
        except RecursionError:
            return self._describe(obj, "goes too deep")
        except Exception as error:  # noqa: BLE001 - a user's class may raise anything when asked
            return self._describe(obj, f"raises {type(error).__name__} when it is read")

    def container(self, obj: Any, parts: Any) -> Any:
        if id(obj) in self._open:
            return self._describe(obj, "contains itself")
        if len(self._path) >= _MAX_DEPTH:
            return self._describe(obj, f"is nested more than {_MAX_DEPTH} levels deep")
        plain = super().container(obj, parts)
        kept = self._for_pickle and isinstance(obj, tuple) and isinstance(plain, list)
        return tuple(plain) if kept else plain

    def text(self, text: str) -> str:
        if self._characters + len(text) > _MAX_CHARACTERS and len(text) > _MAX_ARRAY:
            return self._describe(text, "is too large", f"<{len(text):,} characters>")
        self._characters += len(text)
        clean = _unicode(text)
        return clean if clean == text else self._describe(text, "is no Unicode text", clean)

    def single(self, obj: Any) -> Any:
        if self._for_pickle and is_a(obj, "pathlib", "PurePath"):
            return obj
        value = scalar_of(obj)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes) and len(value) > _MAX_BYTES:
            return self._describe(value, "is too large to be recorded", f"<{len(value):,} bytes>")
        return value

    def parts(self, obj: Any) -> Parts:
        if isinstance(obj, tuple) and hasattr(obj, "_fields"):
            return dict(zip(obj._fields, obj, strict=True))
        if isinstance(obj, AbstractSet):
            return sorted(obj, key=lambda item: (type(item).__name__, repr(item)))
        if is_a(obj, "numpy", "ndarray"):
            small = obj.ndim and obj.size <= _MAX_ARRAY and obj.dtype.kind != "V"
            return list(obj.tolist()) if small else None
        return parts_of(obj)

    def key(self, key: Any, taken: dict[Any, Any]) -> Any:
        kind = type(key)
        if kind is str or kind is int or kind is bool:
            name: Any = key
        else:
            try:
                value = scalar_of(key)
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

    def misfit(self, obj: Any) -> Any:
        return self._describe(obj, "cannot be recorded", describe(obj))

    def rest(self, whole: Collection[Any], part: Collection[Any]) -> Any:
        return self._describe(whole, "is too large", f"<{len(whole) - len(part):,} more>")

    def _describe(self, obj: object, why: str, text: str | None = None) -> str:
        if text is None:
            text = f"<{type(obj).__qualname__} that {why}>"
        text = _unicode(text)
        where = ".".join(map(str, self._path)) or "the value"
        shown = repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}..."
        self.warnings.append(f"{where} {why}; {shown} is recorded in its place")
        return text


def scalar_of(obj: Any) -> Any:  # noqa: PLR0911 - one return for each kind
    """Return the plain form of a single value, or `MISSING`."""
    if is_a(obj, "enum", "Enum"):
        return obj.name if isinstance(obj.name, str) else str(obj)
    value = base_of(obj)
    if value is not MISSING:
        return value
    if isinstance(obj, complex):
        return f"{obj.real!r}{obj.imag:+}j"
    if isinstance(obj, bytes | bytearray | memoryview):
        return bytes(obj)
    if isinstance(obj, date):
        return moment_of(obj)
    if is_a(obj, "numpy", "generic"):
        item = item_of(obj)
        return item if item is None else scalar_of(item)
    if isinstance(obj, os.PathLike):
        return os.fsdecode(obj)
    if any(is_a(obj, module, name) for module, name in _BY_TEXT):
        return str(obj)
    return MISSING


def base_of(obj: Any) -> Any:
    """Return the bool, int, float or str that an object is, without its subclass."""
    if isinstance(obj, bool):
        return obj
    for kind in (int, float, str):
        if isinstance(obj, kind):
            return getattr(kind, f"__{kind.__name__}__")(obj)
    return MISSING


def item_of(scalar: Any) -> Any:
    """Return the Python object that is equal to a scalar of numpy."""
    item = scalar.item()
    # A type without an equal in Python, such as longdouble, returns itself.
    return float(item) if is_a(item, "numpy", "generic") else item


_BY_TEXT = (
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
)


def parts_of(obj: Any) -> Parts:
    """Return what an object consists of, or None if it is no container that can be looked into."""
    if isinstance(obj, dict):
        return dict(dict.items(obj))
    if isinstance(obj, range):
        return obj
    if isinstance(obj, list | tuple | deque):
        return list(obj)
    if isinstance(obj, Mapping):
        return dict(obj.items())
    return None if isinstance(obj, type) else _fields(obj)


def _fields(obj: Any) -> dict[Any, Any] | None:
    kind = type(obj)
    if hasattr(kind, "__dataclass_fields__"):
        names = [field.name for field in sys.modules["dataclasses"].fields(obj)]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif is_a(obj, "pydantic", "BaseModel"):
        names = list(kind.model_fields)
    elif is_a(obj, "argparse", "Namespace") or is_a(obj, "types", "SimpleNamespace"):
        names = list(vars(obj))
    else:
        return None
    return {name: getattr(obj, name) for name in names}


def moment_of(obj: date) -> date:
    """Return a date or datetime of exactly that class, with an offset of whole minutes."""
    if not isinstance(obj, datetime):
        return date(obj.year, obj.month, obj.day)
    offset = obj.utcoffset()
    if offset is not None and offset.total_seconds() % 60:
        # Neither YAML nor ISO 8601 has seconds in an offset.
        obj, offset = obj.astimezone(UTC), timedelta(0)
    clock = (obj.hour, obj.minute, obj.second, obj.microsecond)
    zone = None if offset is None else timezone(offset)
    return datetime(obj.year, obj.month, obj.day, *clock, tzinfo=zone)


def _unicode(text: str) -> str:
    """Write a lone surrogate, which a file name may contain, as its escape."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
