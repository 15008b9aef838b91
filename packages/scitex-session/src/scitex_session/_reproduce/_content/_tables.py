"""HDF5 and parquet, where their libraries are installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from scitex_session._reproduce._content._arrays import compare_arrays
from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, Rules, Verdict

if TYPE_CHECKING:
    from typing import Any

_LISTED = 3


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
    """Compare the columns of two parquet files; metadata of the whole file are set aside."""
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
        return Verdict(EQUAL, "stamps of time and layout aside")
    more = f"; and {len(different) - _LISTED} more" if len(different) > _LISTED else ""
    return Verdict(DIFFERENT, "; ".join(different[:_LISTED]) + more)
