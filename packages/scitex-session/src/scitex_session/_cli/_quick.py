"""Plain command lines, read without the library for them, whose import takes 100 ms.

Most are ``--name value`` with a number, a word or a flag. Whatever the library might read in
another way, and all help and all mistakes, is left to it.
"""

from __future__ import annotations

from ._parameters import REQUIRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_KINDS = {kind.__name__: kind for kind in (bool, int, float, str)}
_DIGITS = frozenset("0123456789")
_LONG = 1000  # digits; Python refuses numbers with some thousands of them
_OF_REALS = _DIGITS | frozenset("+-.eE")


class _NotPlain(Exception):  # noqa: N818 - no error: it leaves the matter to the library
    """The library has to read this."""


def parse(
    func: Callable[..., Any], defaults: dict[str, Any], argv: list[str]
) -> tuple[dict[str, Any], list[str]] | None:
    """Read `argv` as `_tyro.parse` does, or return None if that has to read it.

    Parameters
    ----------
    func : callable
        The function, for its hints.
    defaults : dict
        The default of each option, `REQUIRED` where there is none.
    argv : list of str
        What was typed.

    Returns
    -------
    (dict, list of str) or None
        A value for each option that was typed, and the words of ``--set``.
    """
    given: dict[str, Any] = {}
    overrides: list[str] = []
    words = iter(argv)
    try:
        for word in words:
            if word == "--set":
                overrides.append(_text(next(words, "")))
                continue
            name, value = _option(func, defaults, word, words)
            if name in given:
                return None
            given[name] = value
    except _NotPlain:
        return None
    required = {name for name, default in defaults.items() if default is REQUIRED}
    return (given, overrides) if given.keys() >= required else None


def _option(
    func: Callable[..., Any], defaults: dict[str, Any], word: str, words: Any
) -> tuple[str, Any]:
    """Return the name and the value of one option; its value may be the next word."""
    flag, equals, text = word.partition("=")
    name = flag[2:].replace("-", "_")
    if flag != "--" + name.strip("_").replace("_", "-") or "__" in name:
        raise _NotPlain
    negated = name not in defaults and flag.startswith("--no-")
    if negated:
        name = name.removeprefix("no_")
    if name not in defaults:
        raise _NotPlain
    kind = _kind(func, name, defaults[name])
    if kind is not bool and not negated:
        return name, _READERS[kind](text if equals else next(words, ""))
    if kind is not bool or equals or defaults[name] is REQUIRED:
        raise _NotPlain
    return name, not negated


def _kind(func: Callable[..., Any], name: str, default: Any) -> type:
    """Return the type of an option if hint and default leave no doubt."""
    try:
        hint = getattr(func, "__annotations__", {}).get(name, REQUIRED)
    except NameError:  # from 3.14 on hints are evaluated here
        raise _NotPlain from None
    if isinstance(hint, str) and hint not in getattr(func, "__globals__", {}):
        hint = _KINDS.get(hint, hint)
    kind = type(default) if hint is REQUIRED else hint
    known = isinstance(kind, type) and _KINDS.get(kind.__name__) is kind
    if not known or (default is not REQUIRED and type(default) is not kind):
        raise _NotPlain
    return kind


def _text(text: str) -> str:
    if not text or text.startswith("-"):
        raise _NotPlain
    return text


def _integer(text: str) -> int:
    digits = text.removeprefix("-")
    if not 0 < len(digits) < _LONG or not _DIGITS.issuperset(digits):
        raise _NotPlain
    return int(text)


def _real(text: str) -> float:
    if not _OF_REALS.issuperset(text):
        raise _NotPlain
    try:
        return float(text)
    except ValueError:
        raise _NotPlain from None


_READERS: dict[type, Callable[[str], Any]] = {int: _integer, float: _real, str: _text}
