"""What a scalar of YAML means: the rules of YAML 1.2, with the dates and ``1_000`` of YAML 1.1."""

from __future__ import annotations

import datetime as dt
import re

# Below the depth at which PyYAML's parser in C, which recurses, would overflow the stack.
MAX_DEPTH = 100

# What YAML 1.1 read as a boolean and YAML 1.2 reads as a word.
OLD_BOOLEANS = frozenset(
    form for word in ("yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)

# Plain scalars that begin with none of these are words; no pattern needs to be tried.
_FIRST = frozenset("-+.0123456789~tTfFnN")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+(?:_[0-9]+)*)")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?"
    r"(?:[ \t]*(Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?"
)
_TYPES = {"int": int, "float": float, "bool": bool, "null": type(None), "timestamp": dt.date}


def resolve(text: str) -> object:
    """Return the value of a plain (unquoted) scalar; ValueError if it is out of range."""
    if text[:1] not in _FIRST and text:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _real(text)
    if text[4:5] == "-":
        match = _TIME.fullmatch(text)
        # `2024-1-5` is a date only in the long form, as YAML 1.1 has it.
        if match and (match[4] or len(text) == len("2024-01-05")):
            return _moment(match)
    return text


def tagged(kind: str, text: str) -> object:
    """Return the value of a scalar with an explicit tag ``!!kind``; ValueError if it has none."""
    if kind == "str":
        return text
    if kind == "binary":
        import binascii

        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    value = resolve(text)
    if kind == "float" and type(value) is int:
        return float(value)
    # A bool is an int to isinstance, but `!!int true` is a mistake.
    if not isinstance(value, _TYPES[kind]) or (kind == "int" and isinstance(value, bool)):
        raise ValueError(f"{text!r} is no {kind}")
    return value


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    body = digits.lstrip("-+")
    base = {"0o": 8, "0x": 16}.get(body[:2], 10)
    try:
        return int(digits, base)
    except ValueError:
        raise ValueError(f"a number of {len(body)} digits") from None


def _real(text: str) -> float:
    lowered = text.lower()
    if lowered.endswith(("inf", "nan")):
        lowered = lowered.replace(".", "")
    return float(lowered)


def _moment(match: re.Match[str]) -> dt.date:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if match[4] is None:
        return dt.date(year, month, day)
    micro = int((match[7] or "").ljust(6, "0")[:6])
    clock = (int(match[4]), int(match[5]), int(match[6]), micro)
    return dt.datetime(year, month, day, *clock, tzinfo=_zone(match[8]))


def _zone(text: str | None) -> dt.timezone | None:
    if text is None:
        return None
    if text == "Z":
        return dt.UTC
    hours, _, minutes = text[1:].partition(":")
    if not minutes and len(hours) > len("12"):
        hours, minutes = hours[:-2], hours[-2:]
    delta = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    return dt.timezone(-delta if text[0] == "-" else delta)
