"""Compare files of numbers: arrays, pictures, HDF5 and parquet."""

from __future__ import annotations

import io
import zlib
from importlib import import_module

from ._verdict import DIFFERENT, EQUAL, IDENTICAL, Rules, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_METADATA = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"})
_LISTED = 3


def compare_arrays(old: Any, new: Any, rules: Rules) -> Verdict:
    """Compare two arrays: shape, type, then elements; NaN equals NaN."""
    import numpy as np

    if old.shape != new.shape:
        return Verdict(DIFFERENT, f"shape {old.shape}, then {new.shape}")
    if old.dtype != new.dtype:
        return Verdict(DIFFERENT, f"type {old.dtype}, then {new.dtype}")
    if old.dtype.names:
        parts = [(n, compare_arrays(old[n], new[n], rules)) for n in old.dtype.names]
        bad = [f"{name}: {verdict.detail}" for name, verdict in parts if not verdict.same]
        return Verdict(DIFFERENT, "; ".join(bad)) if bad else Verdict(EQUAL)
    unequal = old != new
    if old.dtype.kind in "fc":
        unequal &= ~(np.isnan(old) & np.isnan(new))
    elif old.dtype.kind in "mM":
        unequal &= ~(np.isnat(old) & np.isnat(new))
    count = int(np.count_nonzero(unequal))
    if count == 0:
        return Verdict(EQUAL)
    return _how_far(old, new, unequal, count, rules)


def _how_far(old: Any, new: Any, unequal: Any, count: int, rules: Rules) -> Verdict:
    import numpy as np

    index = np.unravel_index(int(np.argmax(unequal)), unequal.shape) if unequal.shape else ()
    where = f", first at [{', '.join(str(int(i)) for i in index)}]" if index else ""
    detail = f"{count} of {old.size} values differ{where}"
    if old.dtype.kind not in "iufcb":
        return Verdict(DIFFERENT, detail)
    kind = np.complex128 if old.dtype.kind == "c" else np.float64
    a, b = old[unequal].astype(kind), new[unequal].astype(kind)
    with np.errstate(all="ignore"):
        gap = np.abs(a - b)
        relative = gap / np.maximum(np.abs(a), np.abs(b))
    worst = float(np.max(np.where(np.isnan(relative), np.inf, relative)))
    furthest = float(np.nanmax(gap)) if np.isfinite(gap).any() else float("inf")
    detail += f", by at most {furthest:.3g} ({worst:.3g} of the value)"
    return Verdict(EQUAL if worst <= rules.tolerance else DIFFERENT, detail)


def compare_png(old: bytes, new: bytes, name: str, rules: Rules) -> Verdict:
    """Compare two PNG files, with nothing but the standard library where the pixels agree."""
    try:
        (picture, metadata), (picture_new, metadata_new) = _png_chunks(old), _png_chunks(new)
    except (ValueError, zlib.error) as error:
        return Verdict(DIFFERENT, f"not a whole PNG file: {error}")
    if picture == picture_new:
        if metadata == [(kind, rules.translate(body)) for kind, body in metadata_new]:
            return Verdict(IDENTICAL, "apart from IDs and paths of the run")
        return Verdict(EQUAL, "apart from metadata")
    return compare_pixels(old, new, name, rules)


def _png_chunks(data: bytes) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Return the chunks that make the picture, pixels unpacked, and those of metadata."""
    picture: list[tuple[bytes, bytes]] = []
    metadata: list[tuple[bytes, bytes]] = []
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
            (metadata if kind in _METADATA else picture).append((kind, body))
    return [*picture, (b"IDAT", zlib.decompress(packed))], metadata


def compare_pixels(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare the pixels of two pictures of any format that can be read here."""
    a, b = _pixels(old), _pixels(new)
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


def _pixels(data: bytes) -> Any:
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


def compare_hdf5(old: str, new: str, rules: Rules) -> Verdict:
    """Compare groups, datasets and attributes of two HDF5 files."""
    try:
        h5py = import_module("h5py")
    except ImportError:
        return Verdict(DIFFERENT, "the bytes; install h5py to compare the content")
    different: list[str] = []
    with h5py.File(old, "r") as a, h5py.File(new, "r") as b:
        first, second = _objects(a), _objects(b)
        if first.keys() != second.keys():
            names = sorted(first.keys() ^ second.keys())
            return Verdict(DIFFERENT, f"only in one of them: {', '.join(names[:_LISTED])}")
        for name, item in first.items():
            other = second[name]
            if isinstance(item, h5py.Dataset) and isinstance(other, h5py.Dataset):
                _note(different, name, compare_arrays(_values(item), _values(other), rules))
            if _attributes(item, rules, translate=False) != _attributes(other, rules):
                different.append(f"{name}: attributes")
    return _summary(different)


def _objects(file: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"/": file}
    file.visititems(lambda name, item: found.update({name: item}))
    return found


def _values(dataset: Any) -> Any:
    import numpy as np

    return np.asarray(dataset[()])


def _attributes(item: Any, rules: Rules, *, translate: bool = True) -> dict[str, str]:
    texts = {name: repr(value) for name, value in item.attrs.items()}
    if translate:
        return {name: rules.translate(text.encode()).decode() for name, text in texts.items()}
    return texts


def compare_parquet(old: str, new: str, rules: Rules) -> Verdict:
    """Compare the columns of two parquet files; metadata of the file are set aside."""
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        return Verdict(DIFFERENT, "the bytes; install pyarrow to compare the content")
    a, b = (parquet.read_table(path) for path in (old, new))
    if a.column_names != b.column_names:
        return Verdict(DIFFERENT, f"columns {a.column_names}, then {b.column_names}")
    different: list[str] = []
    for name in a.column_names:
        first, second = a.column(name), b.column(name)
        if not first.equals(second):
            arrays = first.to_numpy(), second.to_numpy()
            _note(different, name, compare_arrays(*arrays, rules))
    return _summary(different)


def _note(different: list[str], name: str, verdict: Verdict) -> None:
    if not verdict.same:
        different.append(f"{name}: {verdict.detail}")


def _summary(different: list[str]) -> Verdict:
    if not different:
        return Verdict(EQUAL, "apart from timestamps and layout")
    more = f"; and {len(different) - _LISTED} more" if len(different) > _LISTED else ""
    return Verdict(DIFFERENT, "; ".join(different[:_LISTED]) + more)
