"""Pictures: what is drawn by matplotlib, and pixels."""

from __future__ import annotations

from scitex_io._errors import UnfitObjectError, UnknownEndingError
from scitex_io._figure._find import figure_of
from scitex_io._lookup import is_a, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from scitex_io._registry import Request, Writer


def prepare(obj: Any, request: Request, **options: Any) -> Writer:
    """Return a writer of a figure, a PIL image or an array; options go to who writes it."""
    figure = figure_of(obj)
    if figure is not None:
        from scitex_io._formats._drawing import figure_writer

        return figure_writer(figure, request, options)
    image = is_a(obj, "PIL.Image", "Image")
    if not image and not hasattr(obj, "__array__"):
        raise UnfitObjectError(
            f"cannot save {type_name(obj)} as {request.ending}: give a matplotlib figure, a PIL "
            "image or an array of pixels"
        )
    if request.ending == ".svg":
        raise UnfitObjectError(
            f"cannot save {type_name(obj)} as .svg: pixels go into .png, .jpg, .tif or .pdf"
        )
    from scitex_io._formats._pixels import image_of, image_writer

    return image_writer(obj if image else image_of(obj, request.ending), request, options)


def read(file: BinaryIO, ending: str, /) -> Any:
    """Return the pixels as an array; of an SVG, its text."""
    if ending == ".svg":
        return file.read().decode("utf-8")
    if ending == ".pdf":
        raise UnknownEndingError(f"{file.name}: .pdf can be saved but not loaded")
    from scitex_io._formats._pixels import read_pixels

    return read_pixels(file, ending)
