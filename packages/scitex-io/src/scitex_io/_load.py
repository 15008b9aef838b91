"""Load any file by the ending of its path."""

from __future__ import annotations

import os

from ._registry import check_options, ending_of, format_of
from ._target import active_directory, notify_loaded, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

_MAX_LISTED = 10_000


def load(path: str | os.PathLike[str], **options: Any) -> Any:
    """Load a file in the format that the ending of `path` names.

    Parameters
    ----------
    path : str or os.PathLike
        Looked up as it is given, and then, if it is relative, in the directory that
        `saving_into` has set. ``~`` is the home directory.
    **options
        What the format takes. For ``.csv`` and ``.tsv``: ``kind`` ("frame", "columns", "rows"
        or "array") and ``header`` (bool).

    Returns
    -------
    object
        csv, tsv: a pandas DataFrame if pandas is installed, else a dict of columns (numpy
        arrays); numbers without a header: a 2-D array. json, yaml, pkl: what was saved. txt,
        svg: str. npy: array. npz, h5, mat: a dict of arrays. png, jpg, tif: array of pixels.
        parquet: DataFrame. xlsx: DataFrame, or a dict of them for several sheets. pt: what
        torch loads with ``weights_only=True``.

    Raises
    ------
    FileNotFoundError
        Names the paths tried, and files of similar names.
    UnknownEndingError, MissingLibraryError
        As for `save`.
    UnreadableFileError (ValueError)
        The content is not what the ending says. For YAML it is a `YamlError`, with line and key.

    Warnings
    --------
    A pickle runs code when it is loaded: load ``.pkl`` only from those you trust. No other
    ending does that, unless you ask for it (``allow_pickle=True``, ``weights_only=False``).
    """
    found = _find(text_of(path, "load"))
    ending = ending_of(found)
    module = format_of(ending)
    read = getattr(module, "read", None)
    check_options(read, options, "load", ending)
    with open(found, "rb") as file:
        try:
            content = _read(read, file, ending, options)
        except Exception as error:
            _explain(error, found, ending)
            raise
    notify_loaded(found)
    return content


def _read(read: Any, file: BinaryIO, ending: str, options: dict[str, Any]) -> Any:
    if not ending.endswith(".gz"):
        return read(file, ending, **options)
    from gzip import GzipFile

    with GzipFile(fileobj=file, mode="rb") as unpacked:
        return read(unpacked, ending, **options)


def _explain(error: Exception, path: str, ending: str) -> None:
    """Raise an error that names the file, if the library's own error is about the content."""
    from ._errors import MissingLibraryError, UnknownEndingError, UnreadableFileError

    ours = (MissingLibraryError, UnknownEndingError, UnreadableFileError)
    if isinstance(error, (*ours, TypeError, MemoryError, Warning)):
        return
    if isinstance(error, OSError) and error.errno is not None:
        return
    said = " ".join(str(error).split()) or type(error).__name__
    raise UnreadableFileError(f"cannot read {path} as {ending}: {said}") from error


def _find(text: str) -> str:
    paths = [os.path.abspath(text)]
    directory = active_directory()
    if directory is not None and not os.path.isabs(text):
        paths.append(os.path.abspath(os.path.join(directory, text)))
    for path in paths:
        if os.path.isdir(path):
            raise IsADirectoryError(f"cannot load {path}: it is a directory")
        if os.path.exists(path):
            return path
    raise FileNotFoundError(_missing(list(dict.fromkeys(paths))))


def _missing(paths: list[str]) -> str:
    message = f"no file {' and no file '.join(paths)}"
    similar = [name for path in paths for name in _similar(path)]
    return f"{message}; did you mean {' or '.join(similar[:3])}?" if similar else message


def _similar(path: str) -> list[str]:
    """Return files of similar names in the directory of a path that does not exist."""
    from difflib import get_close_matches
    from itertools import islice

    folder, name = os.path.split(path)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _MAX_LISTED)]
    except OSError:
        return []  # no such directory
    # The whole name, because the ending may be misspelt too; capitals do not matter.
    by_lower = {other.lower(): other for other in sorted(names) if not other.startswith(".")}
    matches = get_close_matches(name.lower(), by_lower, n=2, cutoff=0.7)
    return [os.path.join(folder, by_lower[match]) for match in matches]
