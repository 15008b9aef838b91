"""Write the records of a run that are not YAML: PROVENANCE.json and CONFIG.pkl."""

from __future__ import annotations

from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def dump_json(plain: object) -> bytes:
    """Write what `to_plain` returns as JSON (RFC 8259) in UTF-8, indented by two spaces.

    Dates and datetimes become ISO 8601 text, bytes a ``data:`` URL (RFC 2397), NaN and the
    infinities the words ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, keys text.

    Parameters
    ----------
    plain : object
        None, bool, int, float, str, bytes, date, datetime, and lists, tuples and dicts of them.

    Returns
    -------
    bytes
        One document; the keys of a mapping stand in their order.

    Raises
    ------
    TypeError
        For any other type.
    """
    import json

    text = json.dumps(_json_value(plain), ensure_ascii=False, indent=2)
    # A lone surrogate, as in a file name that is no Unicode, is written as the escape of JSON.
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _json_value(value: Any) -> Any:  # noqa: PLR0911 - one return for each kind
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return dict(zip(_json_names(value), map(_json_value, value.values()), strict=True))
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
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
    first = str(key if key is None or isinstance(key, bool) else _json_value(key))
    name, count = first, 2
    while name in taken:
        name, count = f"{first} ({count})", count + 1
    return name


def dump_pickle(obj: object) -> bytes:
    """Pickle an object as builtins, paths, dates and datetimes.

    Parameters
    ----------
    obj : object
        Anything; what `to_plain` would describe is described here in the same way.

    Returns
    -------
    bytes
        What ``pickle.loads`` turns into dict, list, tuple, None, bool, int, float, str, bytes,
        `pathlib.Path`, `datetime.date` and `datetime.datetime`, on any system, with any Python
        from 3.8 on, and without this package.
    """
    import io

    from scitex_io import to_plain

    plain, _ = to_plain(obj, for_pickle=True)
    file = io.BytesIO()
    _pickler()(file, protocol=4).dump(plain)
    return file.getvalue()


def _pickler() -> Any:
    import pickle
    from pathlib import Path, PurePath

    # The pickler written in Python: the one in C has no way to choose the name of a class.
    pickler: Any = pickle._Pickler  # noqa: SLF001

    class Portable(pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            # Text alone: a PosixPath cannot be made on Windows.
            return (Path, (str(obj),)) if isinstance(obj, PurePath) else NotImplemented

        def save_global(self, obj: Any, name: str | None = None) -> None:
            if obj is not Path:
                super().save_global(obj, name)
                return
            # Python 3.13 says `pathlib._local.Path`, which no other version can import.
            self.save("pathlib")
            self.save("Path")
            self.write(pickle.STACK_GLOBAL)
            self.memoize(obj)

    return Portable
