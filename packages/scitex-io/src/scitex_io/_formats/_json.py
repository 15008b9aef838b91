"""JSON, with numpy, dates, paths, frames and dataclasses in their natural form."""

from __future__ import annotations

import json

from .._errors import UnfitObjectError
from .._fit import fit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer


def prepare(
    obj: Any,
    request: Request,
    *,
    indent: int | str | None = 2,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    allow_nan: bool = True,
) -> Writer:
    """Return a writer; everything that JSON cannot hold is refused with its place.

    ``nan`` and ``inf`` are written as Python and JavaScript spell them, which strict readers
    refuse; ``allow_nan=False`` refuses them here.
    """
    plain = fit(obj, request.ending, dates=False, any_keys=False, max_depth=float("inf"))
    try:
        text = json.dumps(
            plain,
            indent=indent,
            sort_keys=sort_keys,
            ensure_ascii=ensure_ascii,
            allow_nan=allow_nan,
        )
    except ValueError as error:
        raise UnfitObjectError(f"cannot save as {request.ending}: {error}") from None
    content = f"{text}\n".encode()

    def write(file: BinaryIO) -> None:
        file.write(content)

    return write


def read(file: BinaryIO, _ending: str, /) -> Any:
    """Return what the file holds; a byte-order mark in front is passed over."""
    return json.loads(file.read().decode("utf-8-sig"))
