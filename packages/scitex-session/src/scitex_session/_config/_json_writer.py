"""JSON that any reader of JSON loads, also where Python's own would write more than JSON has.

Written here, for the library takes a millisecond to import and spends it on reading.
"""

from __future__ import annotations

try:
    from _json import encode_basestring as _quoted
except ImportError:  # another Python than CPython
    from json.encoder import py_encode_basestring as _quoted

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
        None, bool, int, float, str, bytes, date, datetime, and lists, tuples and dicts of them.

    Returns
    -------
    bytes
        One document (RFC 8259).

    Raises
    ------
    TypeError
        For any other type.
    """
    pieces: list[str] = []
    _write(plain, "\n", pieces.append)
    pieces.append("\n")
    # Half a surrogate pair, as in a file name that is no Unicode, is an escape that JSON knows.
    return "".join(pieces).encode("utf-8", "backslashreplace")


def _write(value: Any, line: str, put: Callable[[str], None]) -> None:
    """Put the pieces of a value; `line` begins a line at its depth."""
    kind = type(value)
    if kind is str:
        put(_quoted(value))
    elif kind is dict:
        _write_items(zip(_names(value), value.values(), strict=True), line, put)
    elif kind is list or kind is tuple:
        begin = "["
        for item in value:
            put(f"{begin}{line}  ")
            _write(item, line + "  ", put)
            begin = ","
        put("[]" if begin == "[" else line + "]")
    elif kind in _WRITERS or not isinstance(value, _BASES):
        put(_single(value))
    else:  # a subclass, such as an enum of numbers or a dict with attributes
        kind = next(base for base in _BASES if isinstance(value, base))
        _write(kind(value), line, put)


def _write_items(items: Any, line: str, put: Callable[[str], None]) -> None:
    begin = "{"
    for name, item in items:
        put(f"{begin}{line}  {_quoted(name)}: ")
        _write(item, line + "  ", put)
        begin = ","
    put("{}" if begin == "{" else line + "}")


def _names(mapping: dict[Any, Any]) -> Any:
    """Give the keys as text, each one once."""
    if all(type(key) is str for key in mapping):
        return mapping
    # Text keys first: `"1"` keeps its name where there is a 1 too.
    names = {key: key for key in mapping if isinstance(key, str)}
    for key in mapping:
        if not isinstance(key, str):
            names[key] = _free(_key(key), set(names.values()))
    return [names[key] for key in mapping]


def _key(key: Any) -> str:
    if isinstance(key, bytes):
        return _binary(key)
    text = str(key) if key is None or isinstance(key, bool) else _single(key)
    return text.strip('"')


def _free(name: str, taken: set[str]) -> str:
    count, first = 2, name
    while name in taken:
        name, count = f"{first} ({count})", count + 1
    return name


def _single(value: Any) -> str:
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if kind.__module__ == "datetime" and hasattr(value, "isoformat"):
        return f'"{value.isoformat()}"'
    name = kind.__qualname__
    raise TypeError(f"{name} cannot be written as JSON; pass it through to_plain first")


def _integer(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python agrees to write in decimal
        return f'"{hex(value)}"'


def _real(value: float) -> str:
    text = repr(value)
    return {"inf": '"Infinity"', "-inf": '"-Infinity"', "nan": '"NaN"'}.get(text, text)


def _binary(data: bytes) -> str:
    from binascii import b2a_base64

    encoded = b2a_base64(data, newline=False).decode("ascii")
    return f"data:application/octet-stream;base64,{encoded}"


_BASES: tuple[type, ...] = (dict, list, tuple, str, int, float)
_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: _integer,
    float: _real,
    bytes: lambda value: f'"{_binary(value)}"',
}
