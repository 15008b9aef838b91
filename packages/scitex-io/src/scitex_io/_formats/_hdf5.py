"""HDF5: nested dicts as groups, arrays as datasets."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import is_a, need
from .._stamp import KEY, stamp_text
from ._npy import as_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

_CHUNKED_FROM = 1 << 16  # bytes; below, compression and its chunks cost more than they save


def prepare(obj: Any, request: Request, *, compression: str | int | None = "gzip") -> Writer:
    """Return a writer of a dict (of dicts) of arrays, numbers and text; an array is ``data``."""
    tree = _tree({"data": obj} if not hasattr(obj, "keys") else obj, request.ending, "")
    h5py = need("h5py", request.ending, "hdf5")

    def write(file: BinaryIO) -> None:
        # By its name: through a Python file object HDF5 is several times slower.
        with h5py.File(file.name, "w", libver=("v108", "v110")) as root:
            if request.run_id is not None:
                import numpy as np

                # Of fixed length and first of all, so that `read_stamp` finds it near the front.
                root.attrs[KEY] = np.bytes_(stamp_text(request.run_id))
            _put(root, tree, h5py, compression)

    return write


def _tree(obj: Any, ending: str, where: str) -> dict[str, Any]:
    tree = {}
    for key in obj.keys():  # noqa: SIM118 - iterating a frame or an archive gives no keys
        if not isinstance(key, str) or not key or "/" in key or key == "." or "\0" in key:
            raise UnfitObjectError(
                f"cannot save as {ending}: {where or '/'} has the key {key!r}; names in HDF5 are "
                "text without slashes"
            )
        inside, value = f"{where}/{key}", obj[key]
        if is_a(value, "pandas", "Series"):
            value = value.to_numpy()
        nested = hasattr(value, "keys")
        tree[key] = _tree(value, ending, inside) if nested else _leaf(value, ending, inside)
    return tree


def _leaf(value: Any, ending: str, where: str) -> Any:
    if isinstance(value, (str, bytes)):
        if "\0" in value if isinstance(value, str) else b"\0" in value:
            raise UnfitObjectError(f"cannot save as {ending}: the text at {where} holds a NUL")
        return value
    texts = getattr(value, "tolist", lambda: value)() if _may_be_text(value) else None
    if isinstance(texts, (list, tuple)) and texts and all(isinstance(part, str) for part in texts):
        import numpy as np

        return np.array(texts, dtype=object)
    array = as_array(value, ending, f" ({where})")
    if array.dtype.kind in "MmU":
        raise UnfitObjectError(
            f"cannot save as {ending}: {where} holds {array.dtype}, which HDF5 does not know; "
            "convert dates by .astype('int64') or to text, tables of text to lists"
        )
    return array


def _may_be_text(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return isinstance(value, (list, tuple)) or kind in {"U", "O", "T"}


def _put(group: Any, tree: dict[str, Any], h5py: Any, compression: str | int | None) -> None:
    for key, value in tree.items():
        if isinstance(value, dict):
            _put(group.create_group(key), value, h5py, compression)
        elif getattr(value, "dtype", None) is not None and value.dtype.hasobject:
            group.create_dataset(key, data=value, dtype=h5py.string_dtype())
        elif compression is not None and getattr(value, "nbytes", 0) >= _CHUNKED_FROM:
            group.create_dataset(key, data=value, compression=compression, shuffle=True)
        else:
            group.create_dataset(key, data=value)


def read(file: BinaryIO, ending: str, /, *, key: str | None = None) -> Any:
    """Return everything in the file, or the group or dataset at `key`, in memory."""
    h5py = need("h5py", ending, "hdf5")
    with h5py.File(file, "r") as root:
        if key is not None and key not in root:
            raise ValueError(f"no {key!r} in it; it has {', '.join(root)}")
        return _get(root if key is None else root[key], h5py)


def _get(node: Any, h5py: Any) -> Any:
    if not isinstance(node, h5py.Dataset):
        return {name: _get(child, h5py) for name, child in node.items()}
    if h5py.check_string_dtype(node.dtype) is not None and node.shape is not None:
        value = node.asstr()[()]
    else:
        value = node[()]
    return value
