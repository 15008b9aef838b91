"""Excel workbooks, through pandas and openpyxl."""

from __future__ import annotations

import re

from .._errors import UnfitObjectError
from .._libraries import is_frame, is_polars, need
from .._tables import as_frame, has_own_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

_EPOCH = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_MAX_SHEET_NAME = 31


def prepare(obj: Any, request: Request, *, index: bool | None = None) -> Writer:
    """Return a writer of a table, or of a dict of frames as sheets."""
    sheets = obj if _are_sheets(obj) else {"Sheet1": obj}
    frames = {
        _sheet_name(name, request.ending): as_frame(table, request.ending, "excel")
        for name, table in sheets.items()
    }
    need("openpyxl", request.ending, "excel")
    pandas = need("pandas", request.ending, "excel")

    def write(file: BinaryIO) -> None:
        import io

        book = io.BytesIO()
        with pandas.ExcelWriter(book, engine="openpyxl") as writer:
            for name, frame in frames.items():
                own = has_own_index(frame) if index is None else index
                frame.to_excel(writer, sheet_name=name, index=own)
        _copy_without_times(book, file)

    return write


def _are_sheets(obj: Any) -> bool:
    return isinstance(obj, dict) and bool(obj) and all(map(_is_table, obj.values()))


def _is_table(obj: Any) -> bool:
    return is_frame(obj) or is_polars(obj)


def _sheet_name(name: Any, ending: str) -> str:
    forbidden = "[]:*?/\\"
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= _MAX_SHEET_NAME
        or any(sign in name for sign in forbidden)
    ):
        raise UnfitObjectError(
            f"cannot save as {ending}: {name!r} is not a valid sheet name: text of 1 to "
            f"{_MAX_SHEET_NAME} characters without {forbidden}"
        )
    return name


def _copy_without_times(book: Any, file: BinaryIO) -> None:
    import zipfile

    with zipfile.ZipFile(book) as source, zipfile.ZipFile(file, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            member = zipfile.ZipInfo(entry.filename, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, content)


def read(file: BinaryIO, ending: str, /, *, sheet: str | int | None = None, **options: Any) -> Any:
    """Return the only sheet as a DataFrame, several as a dict; options go to pandas."""
    need("openpyxl", ending, "excel")
    pandas = need("pandas", ending, "excel")
    found = pandas.read_excel(file, sheet_name=sheet, engine="openpyxl", **options)
    if isinstance(found, dict) and len(found) == 1:
        return next(iter(found.values()))
    return found
