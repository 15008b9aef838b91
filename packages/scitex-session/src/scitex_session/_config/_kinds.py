"""The kinds of objects a record understands; those of libraries only where they are imported."""

from __future__ import annotations

import os
import sys
from collections import abc, deque
from datetime import UTC, date, datetime, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MISSING", "describe", "is_of", "parts", "scalar"]

# Says "not of these kinds", for None is a value.
MISSING = object()
_MAX_REPR = 200


def scalar(obj: Any) -> Any:  # noqa: PLR0911 - one return for each kind
    """Give the builtin that stands for a single value, or `MISSING`."""
    if is_of(obj, "enum", "Enum"):
        return obj.name if isinstance(obj.name, str) else str(obj)
    for kind in (int, float, str):
        if isinstance(obj, kind):
            return getattr(kind, f"__{kind.__name__}__")(obj)
    if isinstance(obj, complex):
        return f"{obj.real!r}{obj.imag:+}j"
    if isinstance(obj, bytes | bytearray | memoryview):
        return bytes(obj)
    if isinstance(obj, date):
        return _moment(obj)
    if is_of(obj, "numpy", "generic"):
        item = obj.item()
        # The types that Python has no equal of give themselves.
        return item if not is_of(item, "numpy", "generic") else float(item)
    if isinstance(obj, os.PathLike):
        return os.fsdecode(obj)
    if any(is_of(obj, module, name) for module, name in _BY_TEXT):
        return str(obj)
    return MISSING


_BY_TEXT = (
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
)


def parts(  # noqa: PLR0911 - one return for each kind
    obj: Any, max_array: int
) -> dict[Any, Any] | list[Any] | None:
    """Give what an object consists of, or None if it is no container that can be looked into."""
    if isinstance(obj, dict):
        return dict(dict.items(obj))
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return dict(zip(obj._fields, obj, strict=True))
    if isinstance(obj, list | tuple | deque | range):
        return list(obj)
    if isinstance(obj, abc.Set):
        return sorted(obj, key=lambda item: (type(item).__name__, repr(item)))
    if isinstance(obj, abc.Mapping):
        return dict(obj.items())
    if is_of(obj, "numpy", "ndarray"):
        small = obj.ndim and obj.size <= max_array and obj.dtype.kind != "V"
        return list(obj.tolist()) if small else None
    if not isinstance(obj, type):
        return _fields(obj)
    return None


def describe(obj: object) -> str:
    """Describe an object in one line, without an address and whatever its repr does."""
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


def is_of(obj: object, module: str, name: str) -> bool:
    """Tell whether an object is of a class, without importing the module of the class."""
    # An object of a library exists only where the library was imported: none is imported to ask.
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(obj, kind)


def _moment(obj: Any) -> Any:
    if not isinstance(obj, datetime):
        return date(obj.year, obj.month, obj.day)
    offset = obj.utcoffset()
    if offset is not None and offset.total_seconds() % 60:
        # Neither YAML nor ISO 8601 has seconds in an offset.
        obj, offset = obj.astimezone(UTC), UTC.utcoffset(None)
    clock = (obj.hour, obj.minute, obj.second, obj.microsecond)
    zone = None if offset is None else timezone(offset)
    return datetime(obj.year, obj.month, obj.day, *clock, tzinfo=zone)


def _fields(obj: Any) -> dict[Any, Any] | None:
    kind = type(obj)
    if hasattr(kind, "__dataclass_fields__"):
        names = [field.name for field in sys.modules["dataclasses"].fields(obj)]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif is_of(obj, "pydantic", "BaseModel"):
        names = list(kind.model_fields)
    elif is_of(obj, "argparse", "Namespace") or is_of(obj, "types", "SimpleNamespace"):
        names = list(vars(obj))
    else:
        return None
    return {name: getattr(obj, name) for name in names}
