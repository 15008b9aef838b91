"""Compare the outputs of two runs, each file by its kind: bytes first, then by its format."""

from __future__ import annotations

import io
import os
import zlib

from .._provenance._digest import describe
from .._record._run_directory import STDERR_LOG, STDOUT_LOG
from ._compare_numbers import compare_hdf5, compare_parquet, compare_pixels, compare_png
from ._compare_pickles import compare_npy, compare_pickles, is_pickle
from ._compare_text import compare_pdf, compare_svg, compare_text, is_text
from ._verdict import DIFFERENT, EQUAL, IDENTICAL, MISSING, NEW, FileResult, Rules, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._record._record import Record
    from ._isolation import Isolation

_LARGE = 256 * 1024 * 1024  # bytes; above it, only formats with a library of their own are read
_STAMP = "apart from timestamps"


def compare_outputs(
    old: Record, new: Record, isolation: Isolation, tolerance: float
) -> list[FileResult]:
    """Compare every file of a run and its rerun, what they wrote elsewhere, and their logs."""
    paths = {} if isolation.in_place else {isolation.root.encode(): b""}
    rules = Rules(aliases(old, new) | paths, tolerance)
    first, second = old.directory.output_files(), new.directory.output_files()
    results = [_one(old, first, second, name, rules) for name in sorted(first | second)]
    results += [
        _elsewhere(entry, isolation, rules)
        for entry in old.entries("outputs")
        if entry.get("elsewhere")
    ]
    logs = Rules(rules.aliases, tolerance, log=True)
    for name in (STDOUT_LOG, STDERR_LOG):
        pair = old.directory.inside(name), new.directory.inside(name)
        if all(os.path.isfile(path) for path in pair):
            results.append(compare_files(*pair, name, logs))
    return results


def aliases(old: Record, new: Record) -> dict[bytes, bytes]:
    """Return the texts of the second run that stand for others of the first: its ID and paths."""
    pairs = {new.id: old.id, new.path_while_running: old.path_while_running}
    for name in ("sdir_run", "name"):
        pairs[str(new.run.get(name))] = str(old.run.get(name))
    pids = [record.section("process").get("pid") for record in (new, old)]
    pairs[f"pid {pids[0]}"] = f"pid {pids[1]}"
    return {key.encode(): value.encode() for key, value in pairs.items() if key != value}


def _one(
    old: Record, first: dict[str, str], second: dict[str, str], name: str, rules: Rules
) -> FileResult:
    recorded = {e["path"]: e.get("sha256") for e in old.entries("outputs")}
    if name not in second:
        return FileResult(name, MISSING, "not made again")
    if name not in first:
        known = recorded.get(name)
        if known is None:
            return FileResult(name, NEW, "not made by the first run")
        same = describe(second[name])["sha256"] == known
        return FileResult(name, IDENTICAL if same else DIFFERENT, "by its recorded digest")
    result = compare_files(first[name], second[name], name, rules)
    if recorded.get(name) not in {None, describe(first[name])["sha256"]}:
        details = [result.detail] * bool(result.detail)
        details.append("the first run's file was changed after the run")
        return FileResult(name, result.status, "; ".join(details))
    return result


def _elsewhere(entry: dict[str, Any], isolation: Isolation, rules: Rules) -> FileResult:
    """Compare a file outside the run directory."""
    path, digest = str(entry["path"]), entry.get("sha256")
    made = isolation.absolute_outputs.get(path) or isolation.of(path)
    if not os.path.isfile(made):
        return FileResult(path, MISSING, "not made again")
    if describe(made)["sha256"] == digest:
        return FileResult(path, IDENTICAL)
    if os.path.isfile(path) and describe(path)["sha256"] == digest:
        return compare_files(path, made, path, rules)
    return FileResult(path, DIFFERENT, "the first one is not there to compare")


def compare_files(old: str, new: str, name: str, rules: Rules) -> FileResult:
    """Compare two files, called `name` in the result.

    The ending of the name helps where the first bytes are of no known format. A file that is not
    what its ending says is compared as bytes.
    """
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
            except Exception as error:  # noqa: BLE001 - a broken file or library is a difference
                return Verdict(DIFFERENT, f"content not read: {type(error).__name__}: {error}")
    sizes = os.path.getsize(old), os.path.getsize(new)
    if max(sizes) > _LARGE:
        return Verdict(DIFFERENT, f"{sizes[0]} and {sizes[1]} bytes, too large to look into")
    with open(old, "rb") as a, open(new, "rb") as b:
        return _compare_data(a.read(), b.read(), name, rules)


def _compare_data(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare two contents that are in memory, such as members of an archive."""
    if old == new:
        return Verdict(IDENTICAL)
    translated = rules.translate(new)
    if old == translated:
        return Verdict(IDENTICAL, "apart from IDs and paths of the run")
    try:
        for magics, compare in _BY_DATA:
            if old.startswith(magics):
                return compare(old, new, name, rules)
        return _by_name(old, translated, name)(old, translated, rules)
    except Exception as error:  # noqa: BLE001 - as above
        return Verdict(DIFFERENT, f"content not read: {type(error).__name__}: {error}")


def _by_name(old: bytes, new: bytes, name: str) -> Callable[[bytes, bytes, Rules], Verdict]:
    """Choose a comparison where the first bytes announce no format."""
    if name.endswith((".pkl", ".pickle", ".joblib")) or is_pickle(old):
        return compare_pickles
    if name.endswith(".svg") or b"<svg" in old[:1000]:
        return compare_svg
    if is_text(old) and is_text(new):
        return compare_text
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


def _compare_compressed(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare what two files hold that were compressed by gzip, bzip2 or xz."""
    import bz2
    import gzip
    import lzma

    unpack = {b"\x1f\x8b": gzip.decompress, b"BZ": bz2.decompress, b"\xfd7": lzma.decompress}
    try:
        found = unpack[old[:2]](old), unpack[old[:2]](new)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        return Verdict(DIFFERENT, f"cannot be unpacked: {error}")
    if found[0][257:262] == b"ustar":
        return _compare_members(_tar_members(found[0]), _tar_members(found[1]), rules)
    verdict = _compare_data(*found, name.rpartition(".")[0], rules)
    return Verdict(EQUAL, verdict.detail or _STAMP) if verdict.same else verdict


def _tar_members(data: bytes) -> dict[str, bytes]:
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {info.name: archive.extractfile(info) for info in archive if info.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


def _compare_zip(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare the members of two zip files, which NPZ and XLSX files are too."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(old)) as a, zipfile.ZipFile(io.BytesIO(new)) as b:
        first = {info.filename: a.read(info) for info in a.infolist()}
        second = {info.filename: b.read(info) for info in b.infolist()}
    if name.endswith((".xlsx", ".xlsm", ".docx", ".pptx")):
        # The dates of the document are in a member of their own.
        for members in (first, second):
            members.pop("docProps/core.xml", None)
    return _compare_members(first, second, rules)


def _compare_members(first: dict[str, bytes], second: dict[str, bytes], rules: Rules) -> Verdict:
    if first.keys() != second.keys():
        only_first = sorted(first.keys() - second.keys())
        only_second = sorted(second.keys() - first.keys())
        parts = [f"without {', '.join(only_first[:5])}"] * bool(only_first)
        parts += [f"with {', '.join(only_second[:5])}"] * bool(only_second)
        return Verdict(DIFFERENT, "; ".join(parts))
    different = []
    for name, data in first.items():
        verdict = _compare_data(data, second[name], name, rules)
        if not verdict.same:
            different.append(f"{name}: {verdict.detail}")
    if different:
        more = f"; and {len(different) - 3} more" if len(different) > 3 else ""  # noqa: PLR2004
        return Verdict(DIFFERENT, "; ".join(different[:3]) + more)
    return Verdict(EQUAL, _STAMP)


_BY_PATH: tuple[tuple[bytes, Callable[[str, str, Rules], Verdict]], ...] = (
    (b"\x89HDF\r\n\x1a\n", compare_hdf5),
    (b"PAR1", compare_parquet),
)
_BY_DATA: tuple[tuple[tuple[bytes, ...], Callable[[bytes, bytes, str, Rules], Verdict]], ...] = (
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"), _compare_compressed),
    ((b"PK\x03\x04",), _compare_zip),
    ((b"\x93NUMPY",), compare_npy),
    ((b"\x89PNG\r\n\x1a\n",), compare_png),
    ((b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8"), compare_pixels),
    ((b"%PDF-",), compare_pdf),
)
