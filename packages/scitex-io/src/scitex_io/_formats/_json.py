"""JSON, with numpy, dates, paths, frames and dataclasses in their natural form."""

from __future__ import annotations

import json

from .._errors import UnfitObjectError
from .._fit import fit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request


def prepare(
    obj: Any,
    request: Request,
    *,
    indent: int | str | None = 2,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    allow_nan: bool = True,
) -> bytes:
    """Return the text as bytes; what JSON cannot hold is refused with its path of keys.

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
    return f"{text}\n".encode()


def read(file: BinaryIO, _ending: str, /) -> Any:
    """Return what the file holds; a byte-order mark is skipped."""
    return json.loads(file.read().decode("utf-8-sig"))
