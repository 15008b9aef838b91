"""From two files to a verdict: bytes first, then the format that the first bytes announce."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from scitex_session._reproduce._content import (
    _archives,
    _documents,
    _images,
    _npy,
    _pickles,
    _tables,
    _text,
)
from scitex_session._reproduce._content._result import (
    DIFFERENT,
    IDENTICAL,
    FileResult,
    Rules,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGE = 256 * 1024 * 1024  # bytes; above it, only formats with a library of their own are read


def compare_files(old: str, new: str, name: str, rules: Rules | None = None) -> FileResult:
    """
    Compare two files.

    Parameters
    ----------
    old, new : str
        Their paths.
    name : str
        What the result calls them; its ending helps where the first bytes do not tell the format.
    rules : Rules, optional
        What may differ; by default nothing.

    Returns
    -------
    FileResult
        A file that is not what its ending says is compared as bytes.
    """
    rules = rules or Rules()
    if os.path.islink(old) and os.path.islink(new):
        same = rules.translate(os.readlink(new).encode()) == os.readlink(old).encode()
        return FileResult(name, IDENTICAL if same else DIFFERENT, "a link")
    if _same_bytes(old, new):
        return FileResult(name, IDENTICAL)
    verdict = _by_content(old, new, name, rules)
    return FileResult(name, verdict.status, verdict.detail)


def _by_content(old: str, new: str, name: str, rules: Rules) -> Verdict:
    with open(old, "rb") as file:
        start = file.read(512)
    for magic, compare in _BY_PATH:
        if start.startswith(magic):
            try:
                return compare(old, new, rules)
            except Exception as error:  # noqa: BLE001 - torn files and missing libraries end here
                return Verdict(DIFFERENT, f"content not read: {type(error).__name__}: {error}")
    sizes = os.path.getsize(old), os.path.getsize(new)
    if max(sizes) > _LARGE:
        return Verdict(DIFFERENT, f"{sizes[0]} and {sizes[1]} bytes, too large to look into")
    with open(old, "rb") as a, open(new, "rb") as b:
        return compare_data(a.read(), b.read(), name, rules)


def compare_data(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare two contents that are in memory, such as members of an archive."""
    if old == new:
        return Verdict(IDENTICAL)
    translated = rules.translate(new)
    if old == translated:
        return Verdict(IDENTICAL, "ids and paths of the run aside")
    try:
        for magic, compare in _BY_DATA:
            if old.startswith(magic):
                return compare(old, new, name, rules)
        return _by_name(old, translated, name)(old, translated, rules)
    except Exception as error:  # noqa: BLE001 - a torn file is a different file
        return Verdict(DIFFERENT, f"content not read: {type(error).__name__}: {error}")


def _by_name(old: bytes, new: bytes, name: str) -> Callable[[bytes, bytes, Rules], Verdict]:
    """Choose a comparison where the first bytes announce no format."""
    if name.endswith((".pkl", ".pickle", ".joblib")) or _pickles.is_pickle(old):
        return _pickles.compare
    if name.endswith(".svg") or b"<svg" in old[:1000]:
        return _documents.compare_svg
    if _text.is_text(old) and _text.is_text(new):
        return _text.compare
    return _bytes_differ


def _bytes_differ(old: bytes, new: bytes, _rules: Rules) -> Verdict:
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    where = min(len(old), len(new)) if at is None else at
    size = "" if len(old) == len(new) else f", {len(old)} and {len(new)} bytes"
    return Verdict(DIFFERENT, f"from byte {where} on{size}")


def _same_bytes(old: str, new: str) -> bool:
    if os.path.getsize(old) != os.path.getsize(new):
        return False
    with open(old, "rb") as a, open(new, "rb") as b:
        while block := a.read(1 << 20):
            if block != b.read(1 << 20):
                return False
    return True


_BY_PATH: tuple[tuple[bytes, Callable[[str, str, Rules], Verdict]], ...] = (
    (b"\x89HDF\r\n\x1a\n", _tables.compare_hdf5),
    (b"PAR1", _tables.compare_parquet),
)
_BY_DATA: tuple[tuple[bytes, Callable[[bytes, bytes, str, Rules], Verdict]], ...] = (
    (b"\x1f\x8b", partial(_archives.compare_gzip, compare_data)),
    (b"BZh", partial(_archives.compare_bzip2, compare_data)),
    (b"\xfd7zXZ\x00", partial(_archives.compare_xz, compare_data)),
    (b"PK\x03\x04", partial(_archives.compare_zip, compare_data)),
    (b"\x93NUMPY", _npy.compare_npy),
    (b"\x89PNG\r\n\x1a\n", _images.compare_png),
    (b"\xff\xd8\xff", _images.compare_pixels),
    (b"II*\x00", _images.compare_pixels),
    (b"MM\x00*", _images.compare_pixels),
    (b"GIF8", _images.compare_pixels),
    (b"%PDF-", _documents.compare_pdf),
)
