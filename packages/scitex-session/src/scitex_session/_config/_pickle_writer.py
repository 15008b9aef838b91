"""A pickle that loads on any system and any Python from 3.4 on.

`pickle.dumps` names classes by where they are defined today: `pathlib._local.PosixPath`, for one,
is unknown to Python 3.12 and cannot be made on Windows. So the few opcodes that builtins, paths
and datetimes need are written here, and the names with them.
"""

from __future__ import annotations

from ._plain import Freezer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["dump_pickle"]


def dump_pickle(obj: object) -> bytes:
    """Pickle an object as builtins, paths, dates and datetimes (protocol 4).

    Parameters
    ----------
    obj : object
        Anything; what `to_plain` would describe is described here too, in the same words.

    Returns
    -------
    bytes
        What ``pickle.loads`` turns into dict, list, tuple, None, bool, int, float, str, bytes,
        `pathlib.Path`, `datetime.date` and `datetime.datetime`.
    """
    return b"\x80\x04" + b"".join(_value(Freezer(rich=True).freeze(obj))) + b"."


def _value(value: Any) -> Iterator[bytes]:
    kind = type(value)
    if kind is dict:
        yield b"}("
        for key, item in value.items():
            yield from _value(key)
            yield from _value(item)
        yield b"u"
    elif kind is list:
        yield b"]("
        for item in value:
            yield from _value(item)
        yield b"e"
    elif kind is tuple:
        yield b"("
        for item in value:
            yield from _value(item)
        yield b"t"
    else:
        yield _single(value)


def _single(value: Any) -> bytes:
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if kind.__module__ == "datetime":
        return _moment(value)
    # A path, by the module that has had it since 3.4; text alone, for Windows makes its own.
    return _call("pathlib", "Path", str(value))


def _integer(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return b"\x8b" + size.to_bytes(4, "little") + value.to_bytes(size, "little", signed=True)


def _text(value: str) -> bytes:
    data = value.encode("utf-8")
    return b"X" + _size(data) + data


def _size(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little")


def _real(value: float) -> bytes:
    from struct import pack

    return b"G" + pack(">d", value)


def _moment(value: Any) -> bytes:
    day = (value.year, value.month, value.day)
    if not hasattr(value, "hour"):
        return _call("datetime", "date", *day)
    clock = (value.hour, value.minute, value.second, value.microsecond)
    parts = b"".join(map(_single, (*day, *clock)))
    return _name("datetime", "datetime") + b"(" + parts + _zone(value.utcoffset()) + b"tR"


def _zone(offset: Any) -> bytes:
    if offset is None:
        return b"N"
    delta = _call("datetime", "timedelta", offset.days, offset.seconds)
    return _name("datetime", "timezone") + delta + b"\x85R"


def _call(module: str, name: str, *args: Any) -> bytes:
    return _name(module, name) + b"(" + b"".join(map(_single, args)) + b"tR"


def _name(module: str, name: str) -> bytes:
    return _single(module) + _single(name) + b"\x93"


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"\x88" if value else b"\x89",
    int: _integer,
    float: _real,
    str: _text,
    bytes: lambda value: b"B" + _size(value) + value,
}
