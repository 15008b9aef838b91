"""PDF and SVG: dates and internal names vary by nature."""

from __future__ import annotations

import re
import zlib

from scitex_session._reproduce._content import _text
from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, Rules, Verdict

_PDF_DATES = re.compile(rb"/(CreationDate|ModDate)\s*(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>)")
_PDF_ID = re.compile(
    rb"/ID\s*\[\s*(?:<[0-9A-Fa-f]*>|\((?:[^()\\]|\\.)*\))\s*(?:<[0-9A-Fa-f]*>|\((?:[^()\\]|\\.)*\))\s*\]"
)
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PDF_PLACES = re.compile(rb"(?m)^\d{10} \d{5} [nf]\s*$|startxref\s+\d+|/Length \d+")
_XMP_DATES = re.compile(rb"<(xmp:\w*Date|xap:\w*Date)>[^<]*</\1>")

_SVG_DATE = re.compile(r"<dc:date>[^<]*</dc:date>")
_SVG_ID = re.compile(r"""\bid=["']([^"']+)["']""")
_SVG_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def compare_pdf(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare two PDF files with dates, identifiers and places of objects set aside."""
    first, second = _pdf(old), _pdf(rules.translate(new))
    if first == second:
        return Verdict(EQUAL, "dates and identifiers aside")
    skeletons = _PDF_STREAM.sub(b"", first), _PDF_STREAM.sub(b"", second)
    streams = _PDF_STREAM.findall(first), _PDF_STREAM.findall(second)
    if len(streams[0]) != len(streams[1]):
        return Verdict(DIFFERENT, f"{len(streams[0])} streams, then {len(streams[1])}")
    different = sum(a != b for a, b in zip(*streams, strict=True))
    if different:
        return Verdict(
            DIFFERENT, f"{different} of {len(streams[0])} streams (pages, fonts, images)"
        )
    same = skeletons[0].split() == skeletons[1].split()
    return (
        Verdict(EQUAL, "white space aside") if same else Verdict(DIFFERENT, "the document's frame")
    )


def _pdf(data: bytes) -> bytes:
    data = _PDF_STREAM.sub(lambda m: b"stream\n" + _inflated(m[1]) + b"\nendstream", data)
    data = _PDF_DATES.sub(rb"/\1()", data)
    data = _XMP_DATES.sub(rb"<\1/>", data)
    data = _PDF_ID.sub(b"/ID[]", data)
    return _PDF_PLACES.sub(b"", data)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def compare_svg(old: bytes, new: bytes, rules: Rules) -> Verdict:
    """Compare two SVG files with dates set aside and internal names numbered in their order."""
    first, second = _svg(old), _svg(new)
    if first == second:
        return Verdict(EQUAL, "dates and internal names aside")
    return _text.compare(first.encode(), second.encode(), rules)


def _svg(data: bytes) -> str:
    text = _SVG_COMMENT.sub("", _SVG_DATE.sub("<dc:date/>", data.decode("utf-8")))
    names = {name: f"name-{n}" for n, name in enumerate(dict.fromkeys(_SVG_ID.findall(text)))}
    if not names:
        return text
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    reference = re.compile(rf"""(?<=["'#])({either})(?=["')])""")
    return reference.sub(lambda match: names[match[1]], text)
