"""Tensors and state dicts of torch."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import need, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer


def prepare(obj: Any, request: Request) -> Writer:
    """Return a writer of anything that torch can save."""
    torch = need("torch", request.ending)

    def write(file: BinaryIO) -> None:
        # To an open file: given a path, torch writes the file's (temporary) name into it.
        try:
            torch.save(obj, file)
        except (AttributeError, TypeError) as error:
            raise UnfitObjectError(
                f"cannot save {type_name(obj)} as {request.ending}: {error}"
            ) from error

    return write


def read(file: BinaryIO, ending: str, /, *, weights_only: bool = True, **options: Any) -> Any:
    """Return what torch loads; ``weights_only=False`` runs whatever code the file names."""
    torch = need("torch", ending)
    return torch.load(file, weights_only=weights_only, **options)
