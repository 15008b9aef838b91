"""One numpy array in numpy's own format."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import is_a, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Literal

    from .._registry import Request, Writer


def prepare(obj: Any, request: Request, *, allow_pickle: bool = False) -> Writer:
    """Return a writer of an array, or of what numpy converts to one."""
    array = as_array(obj, request.ending, allow_pickle=allow_pickle)

    def write(file: BinaryIO) -> None:
        import numpy as np

        np.lib.format.write_array(file, array, allow_pickle=allow_pickle)

    return write


def read(
    file: BinaryIO,
    _ending: str,
    /,
    *,
    allow_pickle: bool = False,
    mmap_mode: Literal["r", "r+", "w+", "c"] | None = None,
) -> Any:
    """Return the array; `allow_pickle` runs whatever code an object array names."""
    import numpy as np

    source: Any = file if mmap_mode is None else file.name
    return np.load(source, allow_pickle=allow_pickle, mmap_mode=mmap_mode)


def as_array(obj: Any, ending: str, where: str = "", *, allow_pickle: bool = False) -> Any:
    """Return `obj` as an array that the file will hold without loss.

    Parameters
    ----------
    obj : array-like
        An array, number, list of numbers, or anything with ``__array__``.
    ending, where : str
        For messages.
    allow_pickle : bool, default False
        Let arrays of Python objects pass.

    Raises
    ------
    UnfitObjectError
        For masked arrays, whose mask would be lost, for objects, and for what is not an array.
    """
    import numpy as np

    what = f"cannot save {type_name(obj)}{where} as {ending}"
    if is_a(obj, "numpy.ma", "MaskedArray"):
        raise UnfitObjectError(
            f"{what}: its mask would be lost; save obj.filled(value), or as .pkl"
        )
    known = isinstance(obj, (np.ndarray, np.generic, bool, int, float, complex, list, tuple))
    if not known and (not hasattr(obj, "__array__") or hasattr(type(obj), "savefig")):
        raise UnfitObjectError(f"{what}, which holds arrays; save it as .json or .pkl")
    try:
        array = np.asarray(obj)
    except (ValueError, TypeError) as error:
        raise UnfitObjectError(f"{what}: {error}") from error
    if array.dtype.hasobject and not allow_pickle:
        raise UnfitObjectError(
            f"{what}: it holds Python objects; give it a number or text dtype (.astype), save it "
            "as .pkl, or pass allow_pickle=True here and to load()"
        )
    return array
