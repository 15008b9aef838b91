"""Save any object by the ending of its path."""

from __future__ import annotations

from pathlib import Path

from scitex_io._atomic import check_place, write_whole
from scitex_io._registry import Request, check_options, ending_of, format_of
from scitex_io._target import active_run_id, resolve, tell_saved

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, BinaryIO, Literal

    from scitex_io._registry import Writer

_DRAWINGS = (".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff")
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def save(obj: Any, path: str | os.PathLike[str], **options: Any) -> Path:
    """Save `obj` in the format that the ending of `path` names.

    Endings: csv, tsv, json, txt, pkl (these also with ``.gz`` behind), yaml, yml, npy, npz,
    png, jpg, jpeg, tif, tiff, pdf, svg, parquet, xlsx, h5, hdf5, mat, pt, pth.

    The file appears whole or not at all: it is written aside in the same directory under a
    hidden name, brought to the disk (fsync) and renamed. Missing parent directories are made.
    Saving a figure also writes its data as ``<stem>.csv``; where a table of yours has that
    name, as ``<stem>_figure.csv``.

    Parameters
    ----------
    obj : object
        What to save. Pictures: a matplotlib figure, axes, anything with ``.figure``, pyplot
        itself (its current figure), a PIL image, or an array of pixels.
    path : str or os.PathLike
        A relative path lands in the directory that `saving_into` has set, which it may not
        leave by ``..``; without one, in the working directory. ``~`` is the home directory.
    **options
        What the format takes; for figures, frames and the like handed to the library that
        writes them. For figures, ``data=False`` writes no table and ``data="all"`` one without
        any limit to its size.

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
    check_place(target)
    figure = _figure_in(obj, request.ending)
    data = options.pop("data", True) if figure is not None else False
    if figure is not None:
        _check_data(data)
    module = format_of(request.ending)
    check_options(module.prepare, options, "save", request.ending)
    write = module.prepare(obj, request, **options)
    table = _data_writer(figure, data) if data else None
    _put(request, write)
    if table is not None:
        _put_data(target, table)
    elif request.ending in _TABLES:
        from scitex_io._figure._place import remember

        remember(target)
    return Path(target)


def _put(request: Request, write: Writer) -> None:
    if request.ending.endswith(".gz"):
        write = _zipped(write)
    write_whole(request.path, request.ending, write)
    tell_saved(request.path)


def _zipped(write: Writer) -> Writer:
    def write_zipped(file: BinaryIO) -> None:
        from gzip import GzipFile

        # No name and no time: the same content gives the same bytes.
        with GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            write(packed)  # type: ignore[arg-type]  # GzipFile has what the writers use

    return write_zipped


def _figure_in(obj: Any, ending: str) -> Any:
    if ending not in _DRAWINGS:
        return None
    from scitex_io._figure._find import figure_of

    return figure_of(obj)


def _check_data(data: bool | Literal["all"]) -> None:
    if not (isinstance(data, bool) or data == "all"):
        raise ValueError(f'save(): data must be True, False or "all", not {data!r}')


def _data_writer(figure: Any, data: bool | Literal["all"]) -> Writer:
    from scitex_io._figure._table import FigureTable

    table = FigureTable(figure, unlimited=data == "all")
    return lambda file: table.write(file, ",")


def _put_data(target: str, write: Writer) -> None:
    from scitex_io._figure._place import data_path

    path = data_path(target)
    check_place(path)
    _put(Request(path, ".csv", None), write)
