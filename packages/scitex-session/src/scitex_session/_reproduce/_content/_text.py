"""Texts: tables, JSON, logs. Numbers are compared as numbers, the rest as it stands."""

from __future__ import annotations

import re
from functools import cache

from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, Rules, Verdict

_SHOWN = 60  # characters of a differing line


@cache
def _number() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?![\w])"
    )


@cache
def _passing() -> list[tuple[re.Pattern[str], str]]:
    """Return what differs between two runs of the same program: times, rates, addresses."""
    number = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"
    unit = r"(?:ns|us|\u00b5s|\u03bcs|ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?)"
    rules = (
        (r"\b0x[0-9a-fA-F]{6,}\b", "<address>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{4}Y-\d\dM-\d\dD-\d\dh\d\dm\d\ds(?:_\w{4})?", "<id>"),
        (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
        (r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b", "<time>"),
        (rf"\b{number} ?(?:[kMG]?(?:B|it|iB)/s|s/it|it/s|steps?/s|/s)", "<rate>"),
        (rf"\b{number} ?{unit}\b", "<duration>"),
        (r"\b(?:pid|PID|process)[ =:]+\d+", "<process>"),
        (r"\btmp[a-z0-9_]{8}\b", "<temporary>"),
    )
    return [(re.compile(pattern), text) for pattern, text in rules]


def is_text(data: bytes) -> bool:
    """Whether `data` is text in UTF-8."""
    if b"\0" in data[:8192]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def compare(old: bytes, new: bytes, rules: Rules) -> Verdict:
    """Compare two texts line by line; with ``rules.log``, what varies by nature is set aside."""
    first, second = old.decode("utf-8"), new.decode("utf-8")
    if rules.log:
        calm = _calm(first), _calm(second)
        if calm[0] == calm[1]:
            return Verdict(EQUAL, "times, rates and addresses aside")
        first, second = calm
    if first.split() == second.split():
        return Verdict(EQUAL, "white space aside")
    numbers = _numbers_alone(first, second)
    if numbers is not None:
        return _compare_numbers(*numbers, rules)
    return _first_line(first.splitlines(), second.splitlines())


def _calm(text: str) -> str:
    for pattern, name in _passing():
        text = pattern.sub(name, text)
    return text


def _numbers_alone(first: str, second: str) -> tuple[list[str], list[str]] | None:
    """Return the numbers of both texts if nothing else differs."""
    pattern = _number()
    if pattern.sub("#", first).split() != pattern.sub("#", second).split():
        return None
    return pattern.findall(first), pattern.findall(second)


def _compare_numbers(first: list[str], second: list[str], rules: Rules) -> Verdict:
    pairs = [(float(a), float(b)) for a, b in zip(first, second, strict=True) if a != b]
    pairs = [(a, b) for a, b in pairs if a != b]
    if not pairs:
        return Verdict(EQUAL, "the same numbers, written differently")
    furthest = max(abs(a - b) for a, b in pairs)
    worst = max(abs(a - b) / max(abs(a), abs(b)) for a, b in pairs)
    said = (
        f"{len(pairs)} of {len(first)} numbers differ, by at most {furthest:.3g} "
        f"({worst:.3g} of the value)"
    )
    return Verdict(EQUAL if worst <= rules.tolerance else DIFFERENT, said)


def _first_line(first: list[str], second: list[str]) -> Verdict:
    for number, (a, b) in enumerate(zip(first, second, strict=False), 1):
        if a != b:
            return Verdict(DIFFERENT, f"line {number}: {_short(a)} became {_short(b)}")
    if len(first) > len(second):
        return Verdict(
            DIFFERENT, f"ends after {len(second)} lines, without {_short(first[len(second)])}"
        )
    if len(second) > len(first):
        return Verdict(DIFFERENT, f"goes on in line {len(first) + 1}: {_short(second[len(first)])}")
    return Verdict(DIFFERENT, "the ends of lines")


def _short(line: str) -> str:
    return repr(line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "...")
