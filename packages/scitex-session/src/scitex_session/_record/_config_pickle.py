"""Write CONFIG.pkl: a pickle that any Python reads, without this package."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def dump_pickle(obj: object) -> bytes:
    """Pickle an object as builtins, paths, dates and datetimes.

    Parameters
    ----------
    obj : object
        Anything; what `to_plain` would describe is described here in the same way.

    Returns
    -------
    bytes
        What ``pickle.loads`` turns into dict, list, tuple, None, bool, int, float, str, bytes,
        `pathlib.Path`, `datetime.date` and `datetime.datetime`, on any system, with any Python
        from 3.8 on, and without this package.
    """
    import io

    from scitex_io import to_plain

    plain, _ = to_plain(obj, for_pickle=True)
    file = io.BytesIO()
    _pickler()(file, protocol=4).dump(plain)
    return file.getvalue()


def _pickler() -> Any:
    import pickle
    from pathlib import Path, PurePath

    # The pickler written in Python: the one in C has no way to choose the name of a class.
    pickler: Any = pickle._Pickler  # noqa: SLF001

    class Portable(pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            # Text alone: a PosixPath cannot be made on Windows.
            return (Path, (str(obj),)) if isinstance(obj, PurePath) else NotImplemented

        def save_global(self, obj: Any, name: str | None = None) -> None:
            if obj is not Path:
                super().save_global(obj, name)
                return
            # Python 3.13 says `pathlib._local.Path`, which no other version can import.
            self.save("pathlib")
            self.save("Path")
            self.write(pickle.STACK_GLOBAL)
            self.memoize(obj)

    return Portable
