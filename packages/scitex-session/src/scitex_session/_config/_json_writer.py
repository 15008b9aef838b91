"""JSON that any reader of JSON loads, also where Python's own would write more than JSON has."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["dump_json"]


def dump_json(plain: object) -> bytes:
    """Write what `to_plain` gave as JSON in UTF-8, indented by two, keys in their order.

    Dates and datetimes become ISO 8601 text, bytes a ``data:`` URL (RFC 2397), NaN and the
    infinities the words ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, keys text.

    Parameters
    ----------
    plain : object
        None, bool, int, float, str, bytes, date, datetime, and lists and dicts of them.

    Returns
    -------
    bytes
        One document (RFC 8259).

    Raises
    ------
    TypeError
        For any other type.
    """
    try:
        text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False, default=_value)
        if _has_text_keys(plain):
            return (text + "\n").encode("utf-8")
    except (TypeError, ValueError):
        pass  # a key or a number that JSON has not: written below, one by one
    return (json.dumps(_tree(plain), indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _has_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) for k in value) and all(map(_has_text_keys, value.values()))
    return all(map(_has_text_keys, value)) if isinstance(value, list) else True


def _tree(value: Any) -> Any:
    if isinstance(value, list):
        return [_tree(item) for item in value]
    if isinstance(value, dict):
        # Text keys first: `"1"` keeps its name where there is a 1 too.
        names = {key: key for key in value if isinstance(key, str)}
        for key in value:
            if not isinstance(key, str):
                names[key] = _free(str(_value(key)), set(names.values()))
        return {names[key]: _tree(item) for key, item in value.items()}
    return _value(value)


def _free(name: str, taken: set[str]) -> str:
    count, first = 2, name
    while name in taken:
        name, count = f"{first} ({count})", count + 1
    return name


def _value(value: Any) -> Any:
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if kind.__module__ == "datetime" and hasattr(value, "isoformat"):
        return value.isoformat()
    name = kind.__qualname__
    raise TypeError(f"{name} cannot be written as JSON; pass it through to_plain first")


def _integer(value: int) -> int | str:
    try:
        str(value)
    except ValueError:  # more digits than Python agrees to write in decimal
        return hex(value)
    return value


def _real(value: float) -> float | str:
    if value - value == 0:
        return value
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), "NaN")


def _binary(data: bytes) -> str:
    from binascii import b2a_base64

    encoded = b2a_base64(data, newline=False).decode("ascii")
    return f"data:application/octet-stream;base64,{encoded}"


_WRITERS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    bool: lambda value: value,
    str: lambda value: value,
    int: _integer,
    float: _real,
    bytes: _binary,
}
