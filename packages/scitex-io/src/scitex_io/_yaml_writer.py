"""Write plain data as YAML that every reader of YAML 1.1 or 1.2 reads alike.

A word is left unquoted only where no reader could take it for anything else; all other text is in
double quotes. Written without PyYAML, which takes 10 to 15 ms to import, as long as a bare
interpreter takes to start, and which every run would pay for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST = frozenset(_LETTERS + "_/")
_ALLOWED = _LETTERS + "0123456789_/.+-@ "
_BOOLEANS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_SURROGATES = (0xD800, 0xDFFF)
# A key of more than 1024 characters needs a line of its own, with `?` in front.
_LONG_KEY = 1_000
_FLOW_WIDTH = 80


def dump_yaml(plain: object) -> bytes:
    """Write plain data, such as `to_plain` returns, as YAML in UTF-8, keys in their order.

    Parameters
    ----------
    plain : object
        None, bool, int, float, str, bytes, date, datetime, and lists and dicts of them.

    Returns
    -------
    bytes
        One document that `parse_yaml`, ``yaml.safe_load`` and readers of YAML 1.2 load to the same
        values (except dates, which YAML 1.2 leaves as text).

    Raises
    ------
    TypeError
        For any other type.
    """
    if isinstance(plain, dict | list) and plain:
        return ("\n".join(_block(plain, "")) + "\n").encode("utf-8")
    return (_inline(plain) + "\n").encode("utf-8")


def _block(container: dict[Any, Any] | list[Any], indent: str) -> Iterator[str]:
    if isinstance(container, list):
        for value in container:
            yield from _entry(f"{indent}-", value, indent)
        return
    for key, value in container.items():
        name = _scalar(key)
        if len(name) > _LONG_KEY:
            yield f"{indent}? {name}"
            name = ""
        yield from _entry(f"{indent}{name}:", value, indent)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        flow = _flow(value) if isinstance(value, list) else None
        if flow is None:
            yield head
            yield from _block(value, indent + "  ")
            return
        yield f"{head} {flow}"
        return
    yield f"{head} {_inline(value)}"


def _flow(items: list[Any]) -> str | None:
    """Return a short list of single values on one line, or None."""
    if len(items) > _FLOW_WIDTH // 2 or any(isinstance(item, dict | list) for item in items):
        return None
    text = f"[{', '.join(map(_scalar, items))}]"
    return text if len(text) <= _FLOW_WIDTH else None


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list) else _scalar(value)


def _scalar(value: Any) -> str:
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if kind.__module__ == "datetime" and hasattr(value, "isoformat"):
        return str(value.isoformat())
    name = kind.__qualname__
    raise TypeError(f"{name} cannot be written as YAML; pass it through to_plain first")


def _integer(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python agrees to write in decimal
        return hex(value)


def _real(value: float) -> str:
    text = repr(value)
    if text.endswith(("inf", "nan")):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    # YAML 1.1 takes `1e-05` for a word.
    head, e, exponent = text.partition("e")
    if e and "." not in head:
        head += ".0"
    return head + e + (exponent if exponent[:1] in ("", "-", "+") else f"+{exponent}")


def _text(text: str) -> str:
    if text[:1] in _FIRST and not text.strip(_ALLOWED) and text[-1] != " ":
        return text if text.lower() not in _BOOLEANS else f'"{text}"'
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    known = _ESCAPES.get(character)
    if known or character.isprintable():
        return known or character
    code = ord(character)
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        return f"\\\\u{code:04x}"
    for letter, digits in (("x", 2), ("u", 4)):
        if code < 16**digits:
            return f"\\{letter}{code:0{digits}x}"
    return f"\\U{code:08x}"


def _binary(data: bytes) -> str:
    from binascii import b2a_base64

    return f'!!binary "{b2a_base64(data, newline=False).decode("ascii")}"'


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _text,
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: _integer,
    float: _real,
    bytes: _binary,
}
