"""Read the id of the run that made a file from the file's own metadata."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

KEY = "scitex-run"
_STAMP = re.compile(rb"scitex-run=([\x20-\x7e]{1,400}?)(?:;|\Z)")
_HEAD = 1 << 20  # SVG metadata and the root of an HDF5 file are near the front
_MAX_COMMENT = 65_557  # the longest end of a zip file
_SCAN_STEP = 1 << 20
_MAX_STAMP = 1024


def stamp_text(run_id: str) -> str:
    """Return the text that is written into the metadata of a file; ``;`` ends it."""
    return f"{KEY}={run_id.replace('%', '%25').replace(';', '%3B')};"


def read_stamp(path: str | os.PathLike[str]) -> str | None:
    """Return the id of the run that made a file, from the file's own metadata.

    Works for PNG, JPEG, PDF, SVG, NPZ, parquet and HDF5 files written by `save` while
    `saving_into` had a run id, whatever they are called now. The format is recognised by the first
    bytes, and no library is imported.

    Parameters
    ----------
    path : str or os.PathLike
        Any file.

    Returns
    -------
    str or None
        None if the file carries no id.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open(os.path.expanduser(os.fspath(path)), "rb") as file:
        magic = file.read(8)
        for start, find in _FINDERS:
            if magic.startswith(start):
                return find(file)
        return _in_svg(file) if magic.lstrip(b"\xef\xbb\xbf").lstrip()[:1] == b"<" else None


def _marked(content: bytes) -> str | None:
    match = _STAMP.search(content)
    if match is None:
        return None
    return match.group(1).decode("ascii").replace("%3B", ";").replace("%25", "%")


def _in_png(file: BinaryIO) -> str | None:
    while len(head := file.read(8)) == 8:  # noqa: PLR2004 - length and type of a chunk
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return None
        if head[4:] in {b"tEXt", b"iTXt"}:
            key, _, value = file.read(length).partition(b"\0")
            if key == KEY.encode():
                return _marked(value)
            file.seek(4, os.SEEK_CUR)
        else:
            file.seek(length + 4, os.SEEK_CUR)
    return None


def _in_jpeg(file: BinaryIO) -> str | None:
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:  # noqa: PLR2004 - marker, length
        if head[1] == 0xDA:  # noqa: PLR2004 - start of scan: comments come before it
            return None
        content = file.read(int.from_bytes(head[2:], "big") - 2)
        if head[1] == 0xFE and (found := _marked(content)):  # noqa: PLR2004 - a comment
            return found
    return None


def _in_pdf(file: BinaryIO) -> str | None:
    file.seek(0)
    tail = b""
    # The last one counts: a tool that edits a PDF may append a new information dictionary.
    found = None
    while block := file.read(_SCAN_STEP):
        window = tail + block
        for match in re.finditer(rb"/Keywords\s*\(((?:[^()\\]|\\.){1,2000})\)", window, re.DOTALL):
            text = re.sub(rb"\\(.)", rb"\1", match.group(1), flags=re.DOTALL)
            if text.startswith(b"\xfe\xff"):  # UTF-16, as PIL writes it
                text = text[2:].decode("utf-16-be", "replace").encode()
            found = _marked(text) or found
        tail = window[-2 * _MAX_STAMP :]
    return found


def _in_svg(file: BinaryIO) -> str | None:
    file.seek(0)
    head = file.read(_HEAD)
    metadata = re.search(rb"<metadata>(.*?)</metadata>", head, re.DOTALL)
    if metadata is None:
        return None
    from html import unescape

    # One text node at a time: the ";" of an entity must not end the id.
    for text in re.findall(rb">([^<]+)<", metadata.group(1)):
        if found := _marked(unescape(text.decode("utf-8", "replace")).encode()):
            return found
    return None


def _in_zip(file: BinaryIO) -> str | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MAX_COMMENT))
    tail = file.read()
    return _marked(tail[tail.rfind(b"PK\x05\x06") + 22 :])


def _in_parquet(file: BinaryIO) -> str | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    foot = file.read(8)
    length = int.from_bytes(foot[:4], "little")
    if foot[4:] != b"PAR1" or length + 8 > size:
        return None
    file.seek(size - 8 - length)
    # Thrift's compact form of a key and its value: field header, length, text; twice.
    before = b"\x18" + bytes([len(KEY)]) + KEY.encode() + b"\x18"
    _, found, value = file.read(length).partition(before)
    return _marked(value[:_MAX_STAMP]) if found else None


def _in_hdf5(file: BinaryIO) -> str | None:
    file.seek(0)
    _, found, value = file.read(_HEAD).partition(KEY.encode() + b"\0")
    return _marked(value[:_MAX_STAMP]) if found else None


_FINDERS: tuple[tuple[bytes, Callable[[BinaryIO], str | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _in_png),
    (b"\xff\xd8\xff", _in_jpeg),
    (b"%PDF-", _in_pdf),
    (b"PK\x03\x04", _in_zip),
    (b"PAR1", _in_parquet),
    (b"\x89HDF\r\n\x1a\n", _in_hdf5),
)
