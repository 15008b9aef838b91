"""Archives and compressed files: stamps of time vary, what is inside counts.

Each comparison is given the one for what is inside, which may be an archive again.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, Rules, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    Comparison = Callable[[bytes, bytes, str, Rules], Verdict]

_STAMP = "stamps of time in it aside"


def compare_gzip(inside: Comparison, old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare what two gzip files hold."""
    import gzip

    return _unpacked(gzip.decompress, inside, old, new, name, rules)


def compare_bzip2(inside: Comparison, old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare what two bzip2 files hold."""
    import bz2

    return _unpacked(bz2.decompress, inside, old, new, name, rules)


def compare_xz(inside: Comparison, old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare what two xz files hold."""
    import lzma

    return _unpacked(lzma.decompress, inside, old, new, name, rules)


def _unpacked(
    unpack: Callable[[bytes], bytes],
    inside: Comparison,
    old: bytes,
    new: bytes,
    name: str,
    rules: Rules,
) -> Verdict:
    try:
        found = unpack(old), unpack(new)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        return Verdict(DIFFERENT, f"cannot be unpacked: {error}")
    stem = name.rpartition(".")[0]
    if found[0][257:262] == b"ustar":
        return _compare_tar(inside, *found, rules)
    verdict = inside(*found, stem, rules)
    return Verdict(EQUAL, verdict.detail or _STAMP) if verdict.same else verdict


def compare_zip(inside: Comparison, old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare the members of two zip files, which NPZ and XLSX files are too."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(old)) as a, zipfile.ZipFile(io.BytesIO(new)) as b:
        first = {info.filename: a.read(info) for info in a.infolist()}
        second = {info.filename: b.read(info) for info in b.infolist()}
    if name.endswith((".xlsx", ".xlsm", ".docx", ".pptx")):
        # The dates of the document stand in a member of their own.
        for members in (first, second):
            members.pop("docProps/core.xml", None)
    return _compare_members(inside, first, second, rules)


def _compare_tar(inside: Comparison, old: bytes, new: bytes, rules: Rules) -> Verdict:
    import tarfile

    def members(data: bytes) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            files = {info.name: archive.extractfile(info) for info in archive if info.isfile()}
            return {name: file.read() for name, file in files.items() if file is not None}

    return _compare_members(inside, members(old), members(new), rules)


def _compare_members(
    inside: Comparison, first: dict[str, bytes], second: dict[str, bytes], rules: Rules
) -> Verdict:
    if first.keys() != second.keys():
        gone = sorted(first.keys() - second.keys())
        come = sorted(second.keys() - first.keys())
        parts = [f"without {', '.join(gone[:5])}"] * bool(gone)
        parts += [f"with {', '.join(come[:5])}"] * bool(come)
        return Verdict(DIFFERENT, "; ".join(parts))
    different = []
    for name, data in first.items():
        verdict = inside(data, second[name], name, rules)
        if not verdict.same:
            different.append(f"{name}: {verdict.detail}")
    if different:
        more = f"; and {len(different) - 3} more" if len(different) > 3 else ""  # noqa: PLR2004
        return Verdict(DIFFERENT, "; ".join(different[:3]) + more)
    return Verdict(EQUAL, _STAMP)
