"""The text of PROVENANCE.json: everything that depends on how its JSON is laid out.

`dump` writes one top-level key a line, the keys that a listing needs first. `head` reads only
those, since a record may hold thousands of outputs behind them, and `mark_status` changes the
status of a record without writing a new file, which a full disk would refuse.
"""

from __future__ import annotations

import json
from math import isfinite

from . import _status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAD_KEYS = ("run", "process", "args", "config")
AFTER_HEAD = "seed"  # the first key behind those

# A line break cannot stand inside a JSON string, so this begins a key of the outermost object.
_CUT = f',\n  "{AFTER_HEAD}": '
_STATUS_RUNNING = b'"running"'
_STATUS_IN_PLACE = {  # padded to the length of what they replace
    _status.SUCCESS: b'"success"',
    _status.ERROR: b'"error"  ',
}
_STATUS_WITHIN = 4096  # bytes from the start of the file


def dump(data: dict[str, Any]) -> bytes:
    """Return a record as JSON in UTF-8: a line for each key, and for each entry of a list.

    Parameters
    ----------
    data : dict
        What PROVENANCE.json is to hold: values that JSON has, as `to_json` returns them.
    """
    # A lone surrogate, as in a file name that is no Unicode, is written as the escape of JSON.
    return f"{_layout(data, '')}\n".encode("utf-8", "backslashreplace")


def _layout(value: Any, indent: str) -> str:
    below = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{_encode(key)}: {_layout(item, below)}" for key, item in value.items()]
        return f"{{\n{below}" + f",\n{below}".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return f"[\n{below}" + f",\n{below}".join(map(_encode, value)) + f"\n{indent}]"
    return _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def head(data: bytes) -> dict[str, dict[str, Any]]:
    """Return the sections of a record that a listing needs; those that are not there are empty.

    Behind them a record may hold thousands of outputs, so it is cut in front of those: 12 us
    instead of 42 for a small record. One of another layout is parsed whole.

    Parameters
    ----------
    data : bytes
        PROVENANCE.json, whole; it may be no record at all.
    """
    record: Any = None
    try:
        text = data.decode("utf-8")
        record = _front(text) or json.loads(text)
    except (ValueError, RecursionError):
        pass  # the listing then shows what the directory says
    found = record if isinstance(record, dict) else {}
    sections = {name: found.get(name) for name in HEAD_KEYS}
    return {name: value if isinstance(value, dict) else {} for name, value in sections.items()}


def _front(text: str) -> dict[str, Any] | None:
    """Parse what a session writes first, if all that a listing needs is in there."""
    cut = text.find(_CUT)
    try:
        found = json.loads(text[:cut] + "}") if cut > 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= {*HEAD_KEYS} else None


def mark_status(path: str, status: str) -> None:
    """Change ``running`` to a status inside the bytes that the file has already.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if status not in _STATUS_IN_PLACE:
        return
    with open(path, "r+b") as file:
        position = file.read(_STATUS_WITHIN).find(_STATUS_RUNNING)
        if position >= 0:
            file.seek(position)
            file.write(_STATUS_IN_PLACE[status])


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one return for each kind
    """Return values that JSON has (RFC 8259) for those that `to_plain` returns.

    Dates and datetimes become ISO 8601 text, bytes a ``data:`` URL (RFC 2397), NaN and the
    infinities the words ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, keys text.

    Raises
    ------
    TypeError
        For a value of any other type.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return dict(zip(_json_names(value), map(to_json, value.values()), strict=True))
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, int):
        return _json_integer(value)
    if isinstance(value, float):
        return value if isfinite(value) else _NOT_FINITE[repr(float(value))]
    if isinstance(value, bytes):
        from base64 import b64encode

        return f"data:application/octet-stream;base64,{b64encode(value).decode('ascii')}"
    if type(value).__module__ == "datetime" and hasattr(value, "isoformat"):
        return value.isoformat()
    name = type(value).__qualname__
    raise TypeError(f"{name} cannot be written as JSON; pass it through to_plain first")


_NOT_FINITE = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def _json_integer(value: int) -> int | str:
    try:
        int.__repr__(value)
    except ValueError:  # more digits than Python agrees to write in decimal
        return hex(value)
    return value


def _json_names(mapping: dict[Any, Any]) -> Any:
    """Return the keys as text, all different."""
    if all(isinstance(key, str) for key in mapping):
        return mapping
    # Keys that are text keep their name: `"1"` stays `"1"` where there is a 1 too.
    taken = {key for key in mapping if isinstance(key, str)}
    names = []
    for key in mapping:
        name = key if isinstance(key, str) else _free_name(key, taken)
        taken.add(name)
        names.append(name)
    return names


def _free_name(key: Any, taken: set[str]) -> str:
    first = str(key if key is None or isinstance(key, bool) else to_json(key))
    name, count = first, 2
    while name in taken:
        name, count = f"{first} ({count})", count + 1
    return name
