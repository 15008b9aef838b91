"""MATLAB files of version 5."""

from __future__ import annotations

import re

from .._errors import UnfitObjectError
from .._libraries import need, type_name
from ._npy import as_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Literal

    from .._registry import Request, Writer

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_HEADER = b"MATLAB 5.0 MAT-file, written by scitex-io".ljust(116)


def prepare(
    obj: Any,
    request: Request,
    *,
    do_compression: bool = True,
    oned_as: Literal["row", "column"] = "row",
) -> Writer:
    """Return a writer of a dict of variables; an array alone is named ``data``."""
    variables = _tree({"data": obj} if not hasattr(obj, "keys") else obj, request.ending, "")
    scipy_io = need("scipy.io", request.ending, "mat")

    def write(file: BinaryIO) -> None:
        scipy_io.savemat(
            file,
            variables,
            do_compression=do_compression,
            long_field_names=True,
            oned_as=oned_as,
        )
        # scipy writes the time into the header; the same content is to give the same bytes.
        file.seek(0)
        file.write(_HEADER)

    return write


def _tree(obj: Any, ending: str, where: str) -> dict[str, Any]:
    tree = {}
    for key in obj.keys():  # noqa: SIM118 - iterating a frame or an archive gives no keys
        if not isinstance(key, str) or not _NAME.match(key):
            raise UnfitObjectError(
                f"cannot save as {ending}: {where or type_name(obj)} has the key {key!r}, which is "
                "no MATLAB name: a letter, then up to 62 letters, digits and underscores"
            )
        tree[key] = _value(obj[key], ending, f"{where}.{key}".lstrip("."))
    return tree


def _value(value: Any, ending: str, where: str) -> Any:
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if hasattr(value, "keys"):
        return _tree(value, ending, where)
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(part, str) for part in value):
        import numpy as np

        cells = np.empty(len(value), dtype=object)  # a cell array: texts of unlike length
        cells[:] = [_value(part, ending, where) for part in value]
        return cells
    array = as_array(value, ending, f" ({where})")
    if array.dtype.kind in "MmV":
        raise UnfitObjectError(
            f"cannot save as {ending}: {where} holds {array.dtype}, which MATLAB files do not "
            "know; convert dates to numbers or text"
        )
    return array


def read(file: BinaryIO, ending: str, /) -> dict[str, Any]:
    """Return the variables by name, structs as dicts and dimensions of one dropped."""
    scipy_io = need("scipy.io", ending, "mat")
    try:
        variables = scipy_io.loadmat(file, simplify_cells=True)
    except NotImplementedError as error:
        raise ValueError(
            "it is of MATLAB 7.3, which is HDF5: load a copy that is named .h5"
        ) from error
    return {name: value for name, value in variables.items() if not name.startswith("__")}
