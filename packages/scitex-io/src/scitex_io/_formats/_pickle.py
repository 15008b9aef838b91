"""Pickles of protocol 5, which every supported Python reads."""

from __future__ import annotations

import pickle

from .._errors import UnfitObjectError
from .._libraries import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

_PROTOCOL = 5


def prepare(obj: Any, request: Request) -> Writer:
    """Return a writer that streams, so that a large object is not in memory twice."""

    def write(file: BinaryIO) -> None:
        try:
            pickle.dump(obj, file, protocol=_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
            raise UnfitObjectError(
                f"cannot save {type_name(obj)} as {request.ending}: {error}"
            ) from error

    return write


def read(file: BinaryIO, _ending: str, /) -> Any:
    """Return the object. This runs whatever code the pickle names."""
    return pickle.load(file)  # noqa: S301 - the ending asks for it, and load() warns of it
