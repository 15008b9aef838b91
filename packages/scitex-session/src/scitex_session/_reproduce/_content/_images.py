"""Pictures: the pixels count, not how they were packed or what the metadata say."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from scitex_session._reproduce._content._arrays import compare_arrays
from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, IDENTICAL, Rules, Verdict

if TYPE_CHECKING:
    from typing import Any

_SAID = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"})


def compare_png(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare two PNG files, with nothing but the standard library where the pixels agree."""
    try:
        (seen, said), (seen_new, said_new) = _parts(old), _parts(new)
    except (ValueError, zlib.error) as error:
        return Verdict(DIFFERENT, f"not a whole PNG file: {error}")
    if seen == seen_new:
        if said == [(kind, rules.translate(body)) for kind, body in said_new]:
            return Verdict(IDENTICAL, "ids and paths of the run aside")
        return Verdict(EQUAL, "metadata aside")
    return compare_pixels(old, new, name, rules)


def _parts(data: bytes) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Return the chunks that make the picture, pixels unpacked, and those that speak of it."""
    seen: list[tuple[bytes, bytes]] = []
    said: list[tuple[bytes, bytes]] = []
    packed = b""
    at = 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            raise ValueError("it ends in the middle of a chunk")
        at += 12 + length
        if kind == b"IDAT":
            packed += body
        else:
            (said if kind in _SAID else seen).append((kind, body))
    return [*seen, (b"IDAT", zlib.decompress(packed))], said


def compare_pixels(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare two pictures of any format that can be read here."""
    a, b = _read(old), _read(new)
    if a is None or b is None:
        return Verdict(DIFFERENT, "the pixels could not be read; install pillow to compare them")
    if a.shape != b.shape:
        return Verdict(DIFFERENT, f"{_size(a)} pixels, then {_size(b)}")
    verdict = compare_arrays(a, b, rules)
    if verdict.same:
        return Verdict(EQUAL, verdict.detail or "the same pixels")
    gap = abs(a.astype("int64") - b.astype("int64"))
    while gap.ndim > 2:  # noqa: PLR2004 - height and width remain
        gap = gap.max(axis=-1)
    count, total = int((gap > 0).sum()), gap.size
    return Verdict(
        DIFFERENT, f"{count} of {total} pixels differ ({count / total:.2%}), by at most {gap.max()}"
    )


def _size(pixels: Any) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]}"


def _read(data: bytes) -> Any:
    import numpy as np

    try:
        from PIL import Image
    except ImportError:
        if not data.startswith(b"\x89PNG"):
            return None
        import matplotlib.image

        return np.round(matplotlib.image.imread(io.BytesIO(data), format="png") * 255)
    with Image.open(io.BytesIO(data)) as picture:
        if picture.mode == "P":
            return np.asarray(picture.convert("RGBA"))
        return np.asarray(picture)
