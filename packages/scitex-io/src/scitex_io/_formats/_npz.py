"""Several named arrays in numpy's own format."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import type_name
from .._stamp import stamp_text
from ._npy import as_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold


def prepare(
    obj: Any, request: Request, *, compress: bool = True, allow_pickle: bool = False
) -> Writer:
    """Return a writer of a dict of arrays; a list of them is named ``arr_0``, ``arr_1``, ..."""
    arrays = {
        name: as_array(value, request.ending, f" ({name})", allow_pickle=allow_pickle)
        for name, value in _named(obj, request).items()
    }

    def write(file: BinaryIO) -> None:
        import zipfile

        import numpy as np

        # Not by np.savez, which refuses names like "file" and leaves no room for the run id.
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
                with archive.open(member, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, array, allow_pickle=allow_pickle)
            if request.run_id is not None:
                archive.comment = stamp_text(request.run_id).encode()

    return write


def _named(obj: Any, request: Request) -> dict[str, Any]:
    if hasattr(obj, "keys") and hasattr(obj, "__getitem__") and not hasattr(obj, "dtypes"):
        named = {key: obj[key] for key in obj.keys()}  # noqa: SIM118 - iterating an NpzFile gives no keys
    elif isinstance(obj, (list, tuple)) and any(hasattr(part, "__array__") for part in obj):
        named = {f"arr_{index}": part for index, part in enumerate(obj)}
    else:
        named = {"arr_0": obj}
    for name in named:
        if not isinstance(name, str) or not name or "\0" in name:
            raise UnfitObjectError(
                f"cannot save {type_name(obj)} as {request.ending}: arrays are named by text, "
                f"not by {name!r}"
            )
    return named


def read(file: BinaryIO, _ending: str, /, *, allow_pickle: bool = False) -> dict[str, Any]:
    """Return all arrays by name, read into memory."""
    import numpy as np

    with np.load(file, allow_pickle=allow_pickle) as archive:
        return {name: archive[name] for name in archive.files}
