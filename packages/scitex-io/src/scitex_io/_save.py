"""Save any object by the ending of its path."""

from __future__ import annotations

import os
from pathlib import Path

from ._atomic import check_writable, write_atomically
from ._libraries import figure_of
from ._registry import Request, check_options, ending_of, format_of
from ._target import active_run_id, notify_saved, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Literal

    from ._registry import Writer

# Paths of the tables that the user saved in this process, and which no figure may replace.
_USERS_TABLES: set[str] = set()


def save(obj: Any, path: str | os.PathLike[str], **options: Any) -> Path:
    """Save `obj` in the format that the ending of `path` names.

    Endings: csv, tsv, json, txt, pkl (these also with ``.gz`` behind), yaml, yml, npy, npz,
    png, jpg, jpeg, tif, tiff, pdf, svg, parquet, xlsx, h5, hdf5, mat, pt, pth.

    The file appears whole or not at all: it is written under a hidden name in the same directory,
    fsynced and renamed. Missing parent directories are made.
    Saving a figure also writes its data as ``<stem>.csv``; where a table of yours has that
    name, as ``<stem>_figure.csv``.

    Parameters
    ----------
    obj : object
        What to save. Pictures: a matplotlib figure, axes, anything with ``.figure``, pyplot
        itself (its current figure), a PIL image, or an array of pixels.
    path : str or os.PathLike
        A relative path is saved into the directory that `saving_into` has set, which it may not
        leave by ``..``; without one, in the working directory. ``~`` is the home directory.
    **options
        What the format takes; for figures, frames and the like passed to the library that
        writes them. For figures, ``data=False`` writes no table and ``data="all"`` one without
        a limit to its size.

    Returns
    -------
    pathlib.Path
        The absolute path of the file.

    Raises
    ------
    UnknownEndingError (ValueError)
        No format has this ending.
    UnfitObjectError (TypeError, ValueError)
        The format cannot hold this object; the message names one that can.
    MissingLibraryError (ImportError)
        An optional library is needed; the message says how to install it.
    TypeError
        An option that the format does not have.
    OSError
        A directory of that name, a write-protected file, a full disk.
    """
    target = resolve(path)
    request = Request(target, ending_of(target), active_run_id())
    check_writable(target)
    module = format_of(request.ending)
    figure = figure_of(obj) if getattr(module, "DRAWS_FIGURES", False) else None
    data = False if figure is None else _checked_data(options.pop("data", True))
    check_options(module.prepare, options, "save", request.ending)
    content = module.prepare(obj, request, **options)
    table = _table_writer(figure, data) if data else None
    _write(request, content)
    if table is not None:
        _write_table(target, table)
    elif getattr(module, "HOLDS_TABLES", False):
        _USERS_TABLES.add(os.path.realpath(target))
    return Path(target)


def _write(request: Request, content: bytes | Writer) -> None:
    write = _writer_of(content) if isinstance(content, bytes) else content
    if request.ending.endswith(".gz"):
        write = _zipped(write)
    write_atomically(request.path, request.ending, write)
    notify_saved(request.path)


def _writer_of(content: bytes) -> Writer:
    def write(file: BinaryIO) -> None:
        file.write(content)

    return write


def _zipped(write: Writer) -> Writer:
    def write_zipped(file: BinaryIO) -> None:
        from gzip import GzipFile

        # Without name and time, so that the same content gives the same bytes.
        with GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            write(packed)  # type: ignore[arg-type]  # GzipFile has what the writers use

    return write_zipped


def _checked_data(data: bool | Literal["all"]) -> bool | Literal["all"]:
    if not (isinstance(data, bool) or data == "all"):
        raise ValueError(f'save(): data must be True, False or "all", not {data!r}')
    return data


def _table_writer(figure: Any, data: bool | Literal["all"]) -> Writer:
    from ._figure._table import FigureTable

    table = FigureTable(figure, unlimited=data == "all")
    return lambda file: table.write(file, ",")


def _write_table(picture: str, write: Writer) -> None:
    path = _table_path(picture)
    check_writable(path)
    _write(Request(path, ".csv", None), write)


def _table_path(picture: str) -> str:
    """Return ``<stem>.csv``, or ``<stem>_figure.csv`` where the first is a table of the user's.

    A table is the user's if it was saved by name in this process, or if its first line is not that
    of a figure's table. ``<stem>_figure_2.csv`` and so on follow.
    """
    stem = os.path.splitext(picture)[0]
    path = f"{stem}.csv"
    number = 1
    while _is_users_table(path):
        path = f"{stem}_figure.csv" if number == 1 else f"{stem}_figure_{number}.csv"
        number += 1
    return path


def _is_users_table(path: str) -> bool:
    from ._figure._table import HEADER

    if os.path.realpath(path) in _USERS_TABLES:
        return True
    first = ",".join(HEADER).encode()
    try:
        with open(path, "rb") as file:
            return file.read(len(first)) != first
    except FileNotFoundError:
        return False
    except OSError:
        return True
