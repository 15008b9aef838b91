"""Plain text in UTF-8, unchanged."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request


def prepare(obj: Any, request: Request) -> bytes:
    """Return a str as bytes as it is, or a list of them as lines."""
    if isinstance(obj, (list, tuple)) and all(isinstance(line, str) for line in obj):
        obj = "".join(f"{line}\n" for line in obj)
    if not isinstance(obj, str):
        raise UnfitObjectError(
            f"cannot save {type_name(obj)} as {request.ending}, which holds text: give str(obj) or "
            "a list of lines, or save numbers as .csv, .npy or .json"
        )
    try:
        return obj.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnfitObjectError(
            f"cannot save as {request.ending}: character {error.start} is a lone surrogate, which "
            "UTF-8 cannot hold"
        ) from None


def read(file: BinaryIO, _ending: str, /, *, encoding: str = "utf-8") -> str:
    """Return the text, line ends as they are."""
    return file.read().decode(encoding)
