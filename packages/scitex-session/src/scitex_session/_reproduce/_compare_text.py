"""Compare texts (tables, JSON, logs) with their numbers as numbers, and PDF and SVG documents."""

from __future__ import annotations

import re
import zlib

from ._verdict import DIFFERENT, EQUAL, Rules, Verdict

_PDF_DATES = re.compile(rb"/(CreationDate|ModDate)\s*(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>)")
_PDF_ID = re.compile(
    rb"/ID\s*\[\s*(?:<[0-9A-Fa-f]*>|\((?:[^()\\]|\\.)*\))\s*(?:<[0-9A-Fa-f]*>|\((?:[^()\\]|\\.)*\))\s*\]"
)
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PDF_OFFSETS = re.compile(rb"(?m)^\d{10} \d{5} [nf]\s*$|startxref\s+\d+|/Length \d+")
_XMP_DATES = re.compile(rb"<(xmp:\w*Date|xap:\w*Date)>[^<]*</\1>")

_SVG_DATE = re.compile(r"<dc:date>[^<]*</dc:date>")
_SVG_ID = re.compile(r"""\bid=["']([^"']+)["']""")
_SVG_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SHOWN = 60  # characters of a differing line

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?![\w])"
)
_ANY_NUMBER = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_UNIT = r"(?:ns|us|\u00b5s|\u03bcs|ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?)"
# What differs in the logs of two runs of one program: times, rates, addresses.
_VARYING = [
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\b0x[0-9a-fA-F]{6,}\b", "<address>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{4}Y-\d\dM-\d\dD-\d\dh\d\dm\d\ds(?:_\w{4})?", "<id>"),
        (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
        (r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b", "<time>"),
        (rf"\b{_ANY_NUMBER} ?(?:[kMG]?(?:B|it|iB)/s|s/it|it/s|steps?/s|/s)", "<rate>"),
        (rf"\b{_ANY_NUMBER} ?{_UNIT}\b", "<duration>"),
        (r"\b(?:pid|PID|process)[ =:]+\d+", "<process>"),
        (r"\btmp[a-z0-9_]{8}\b", "<temporary>"),
    )
]


def is_text(data: bytes) -> bool:
    """Whether `data` is text in UTF-8."""
    if b"\0" in data[:8192]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def compare_text(old: bytes, new: bytes, rules: Rules) -> Verdict:
    """Compare two texts line by line; with ``rules.log``, what varies by nature is set aside."""
    first, second = old.decode("utf-8"), new.decode("utf-8")
    if rules.log:
        settled = _settled(first), _settled(second)
        if settled[0] == settled[1]:
            return Verdict(EQUAL, "apart from times, rates and addresses")
        first, second = settled
    if first.split() == second.split():
        return Verdict(EQUAL, "apart from white space")
    numbers = _numbers_alone(first, second)
    if numbers is not None:
        return _compare_numbers(*numbers, rules)
    return _first_line(first.splitlines(), second.splitlines())


def _settled(text: str) -> str:
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text


def _numbers_alone(first: str, second: str) -> tuple[list[str], list[str]] | None:
    """Return the numbers of both texts if nothing else differs."""
    if _NUMBER.sub("#", first).split() != _NUMBER.sub("#", second).split():
        return None
    return _NUMBER.findall(first), _NUMBER.findall(second)


def _compare_numbers(first: list[str], second: list[str], rules: Rules) -> Verdict:
    pairs = [(float(a), float(b)) for a, b in zip(first, second, strict=True) if a != b]
    pairs = [(a, b) for a, b in pairs if a != b]
    if not pairs:
        return Verdict(EQUAL, "the same numbers, written differently")
    furthest = max(abs(a - b) for a, b in pairs)
    worst = max(abs(a - b) / max(abs(a), abs(b)) for a, b in pairs)
    detail = (
        f"{len(pairs)} of {len(first)} numbers differ, by at most {furthest:.3g} "
        f"({worst:.3g} of the value)"
    )
    return Verdict(EQUAL if worst <= rules.tolerance else DIFFERENT, detail)


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


def compare_pdf(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare two PDF files with dates, identifiers and offsets of objects set aside."""
    first, second = _pdf(old), _pdf(rules.translate(new))
    if first == second:
        return Verdict(EQUAL, "apart from dates and identifiers")
    skeletons = _PDF_STREAM.sub(b"", first), _PDF_STREAM.sub(b"", second)
    streams = _PDF_STREAM.findall(first), _PDF_STREAM.findall(second)
    if len(streams[0]) != len(streams[1]):
        return Verdict(DIFFERENT, f"{len(streams[0])} streams, then {len(streams[1])}")
    different = sum(a != b for a, b in zip(*streams, strict=True))
    if different:
        return Verdict(
            DIFFERENT, f"{different} of {len(streams[0])} streams (pages, fonts, images)"
        )
    if skeletons[0].split() == skeletons[1].split():
        return Verdict(EQUAL, "apart from white space")
    return Verdict(DIFFERENT, "the document's frame")


def _pdf(data: bytes) -> bytes:
    data = _PDF_STREAM.sub(lambda m: b"stream\n" + _inflated(m[1]) + b"\nendstream", data)
    data = _PDF_DATES.sub(rb"/\1()", data)
    data = _XMP_DATES.sub(rb"<\1/>", data)
    data = _PDF_ID.sub(b"/ID[]", data)
    return _PDF_OFFSETS.sub(b"", data)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def compare_svg(old: bytes, new: bytes, rules: Rules) -> Verdict:
    """Compare two SVG files with dates set aside and internal names numbered in their order."""
    first, second = _svg(old), _svg(new)
    if first == second:
        return Verdict(EQUAL, "apart from dates and internal names")
    return compare_text(first.encode(), second.encode(), rules)


def _svg(data: bytes) -> str:
    text = _SVG_COMMENT.sub("", _SVG_DATE.sub("<dc:date/>", data.decode("utf-8")))
    names = {name: f"name-{n}" for n, name in enumerate(dict.fromkeys(_SVG_ID.findall(text)))}
    if not names:
        return text
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    reference = re.compile(rf"""(?<=["'#])({either})(?=["')])""")
    return reference.sub(lambda match: names[match[1]], text)
