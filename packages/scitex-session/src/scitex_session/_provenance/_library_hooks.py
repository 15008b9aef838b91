"""Note what is read by libraries that open files in C, which raise no audit event.

During a session their functions that open files are replaced by ones that note the path first.
Nothing is imported for that: a library is patched when the script imports it.
"""

from __future__ import annotations

import os
from functools import partial, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._audit_hook import Sink

# (module, attribute in it, position and name of the path, position and name of the mode or "r"/"w")
_OPENERS: tuple[tuple[str, str, tuple[int, str], tuple[int, str] | str], ...] = (
    ("h5py", "File.__init__", (1, "name"), (2, "mode")),
    ("netCDF4", "Dataset", (0, "filename"), (1, "mode")),
    ("pyarrow.parquet", "read_table", (0, "source"), "r"),
    ("pyarrow.parquet", "ParquetFile.__init__", (1, "source"), "r"),
    ("pyarrow.parquet", "read_schema", (0, "where"), "r"),
    ("pyarrow.parquet", "write_table", (1, "where"), "w"),
    ("pyarrow.parquet", "ParquetWriter.__init__", (1, "where"), "w"),
    ("pyarrow.csv", "read_csv", (0, "input_file"), "r"),
    ("pyarrow.csv", "write_csv", (1, "output_file"), "w"),
    ("pyarrow.json", "read_json", (0, "input_file"), "r"),
    ("pyarrow.orc", "read_table", (0, "source"), "r"),
    ("pyarrow.feather", "read_table", (0, "source"), "r"),
    ("pyarrow.feather", "read_feather", (0, "source"), "r"),
    ("pyarrow.feather", "write_feather", (1, "dest"), "w"),
    ("pyarrow.dataset", "dataset", (0, "source"), "r"),
    ("pyarrow", "memory_map", (0, "path"), (1, "mode")),
    ("pyarrow", "OSFile", (0, "path"), (1, "mode")),
    ("tables", "open_file", (0, "filename"), (1, "mode")),
    ("rasterio", "open", (0, "fp"), (1, "mode")),
    ("soundfile", "SoundFile.__init__", (1, "file"), (2, "mode")),
    ("cv2", "imread", (0, "filename"), "r"),
    ("cv2", "imwrite", (0, "filename"), "w"),
    ("cv2", "VideoCapture", (0, "filename"), "r"),
    ("pyedflib", "EdfReader.__init__", (1, "file_name"), "r"),
    ("SimpleITK", "ReadImage", (0, "fileName"), "r"),
    ("SimpleITK", "WriteImage", (1, "fileName"), "w"),
    ("pysam", "AlignmentFile", (0, "filename"), (1, "mode")),
    *(
        ("polars", f"{verb}_{kind}", (0, "source"), "r")
        for kind in ("csv", "parquet", "ipc", "ndjson", "avro", "excel", "delta")
        for verb in ("read", "scan")
    ),
)


class LibraryHooks:
    """The replaced functions of one session, which note paths in `sink`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._undo: list[Callable[[], Any]] = []
        self._restore: list[Callable[[], Any]] = []
        self.hooked: list[str] = []

    def install(self) -> None:
        """Set a hook on each library, whether it is imported or will be."""
        from scitex_repro import on_import

        for name in dict.fromkeys(opener[0] for opener in _OPENERS):
            self._undo.append(on_import(name, partial(self._hook, name)))

    def remove(self) -> None:
        """Put everything back."""
        for undo in self._undo:
            undo()
        for restore in reversed(self._restore):
            restore()
        self._undo.clear()
        self._restore.clear()

    def _hook(self, name: str, module: Any) -> None:
        for home, attribute, path, mode in _OPENERS:
            if home != name:
                continue
            owner, _, last = attribute.rpartition(".")
            target = getattr(module, owner, None) if owner else module
            original = vars(target).get(last) if target is not None else None
            if original is None:
                original = getattr(target, last, None)
            if original is None or target is None:
                continue  # another version of the library, without this function
            setattr(target, last, self._noting(original, path, mode))
            self._restore.append(partial(setattr, target, last, original))
        if name not in self.hooked:
            self.hooked.append(name)

    def _noting(self, original: Any, path: tuple[int, str], mode: tuple[int, str] | str) -> Any:
        note = partial(self._note, path, mode)
        if isinstance(original, type):
            # A class stays a class, for isinstance and for subclasses.
            def init(self: Any, *args: Any, **options: Any) -> None:
                note(args, options)
                original.__init__(self, *args, **options)  # type: ignore[misc] # the class as it was

            body = {
                "__init__": init,
                "__module__": original.__module__,
                "__doc__": original.__doc__,
            }
            return type(original)(original.__name__, (original,), body)

        @wraps(original)
        def noting(*args: Any, **options: Any) -> Any:
            note(args, options)
            return original(*args, **options)

        return noting

    def _note(
        self,
        path: tuple[int, str],
        mode: tuple[int, str] | str,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        how = mode if isinstance(mode, str) else _argument(args, options, mode) or "r"
        source = _argument(args, options, path)
        for one in source if isinstance(source, (list, tuple)) else [source]:
            if isinstance(one, (str, bytes, os.PathLike)):
                text = os.fsdecode(one)
                if "://" not in text:
                    note_path(self._sink, text, how if isinstance(how, str) else "r")


def note_path(sink: Sink, path: str, mode: str) -> None:
    """Note a file that is opened in `mode`; of a directory or a pattern, the files in it."""
    try:
        if mode[:1] in {"r", "a"} or "+" in mode:
            for file in files_of(path):
                sink.read(file)
        if mode[:1] != "r" or "+" in mode:
            sink.write(path)
    except (OSError, ValueError) as error:
        sink.failure = f"{path}: {error}"


def files_of(path: str) -> list[str]:
    """Return the files of a directory or a pattern, or `path` itself."""
    if os.path.isdir(path):
        found = [os.path.join(top, name) for top, _, names in os.walk(path) for name in names]
        return sorted(found)
    if any(character in path for character in "*?[") and not os.path.exists(path):
        from glob import glob

        return sorted(glob(path, recursive=True))
    return [path]


def _argument(args: tuple[Any, ...], options: dict[str, Any], parameter: tuple[int, str]) -> Any:
    position, name = parameter
    return args[position] if len(args) > position else options.get(name)
