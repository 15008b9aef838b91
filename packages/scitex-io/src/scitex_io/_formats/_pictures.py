"""Pictures: figures of matplotlib, images of PIL, and arrays of pixels."""

from __future__ import annotations

from contextlib import contextmanager

from .._errors import UnfitObjectError, UnknownEndingError
from .._libraries import figure_of, is_a, need, type_name
from .._stamp import KEY, stamp_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from .._registry import Request, Writer

DRAWS_FIGURES = True  # `save` writes the data of a figure beside it

_FORMS = {".jpg": "jpeg", ".tif": "tiff"}
_RASTER = {"png", "jpeg", "tiff"}
_SALT = "scitex"
_QUALITY = 95
# PIL ignores options that it does not know; it knows these.
_OPTIONS = {
    "JPEG": "comment dpi exif icc_profile optimize progressive qtables quality smooth subsampling",
    "PDF": "author creator dpi keywords producer quality resolution subject title",
    "PNG": "bits compress_level dpi exif icc_profile optimize pnginfo transparency",
    "TIFF": "compression description dpi exif icc_profile quality software tiffinfo",
}
_CHANNELS = (1, 3, 4)
_DEEP = {"png": ("uint16",), "tiff": ("uint16", "float32", "float64")}


def prepare(obj: Any, request: Request, **options: Any) -> Writer:
    """Return a writer of a figure, a PIL image or an array; options go to the library for it."""
    figure = figure_of(obj)
    if figure is not None:
        return _figure_writer(figure, request, options)
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
    return _image_writer(obj if image else _image_of(obj, request.ending), request, options)


def read(file: BinaryIO, ending: str, /) -> Any:
    """Return the pixels as an array; of an SVG, its text."""
    if ending == ".svg":
        return file.read().decode("utf-8")
    if ending == ".pdf":
        raise UnknownEndingError(f"{file.name}: .pdf can be saved but not loaded")
    return _read_pixels(file, ending)


def _form_of(ending: str) -> str:
    """Return what matplotlib and PIL call the format of an ending."""
    return _FORMS.get(ending, ending[1:])


def _figure_writer(figure: Any, request: Request, options: dict[str, Any]) -> Writer:
    """Return a writer that calls ``savefig`` so that the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    request : Request
        The ending, and the run id to write into the metadata.
    options : dict
        For ``savefig``. Without ``bbox_inches`` the size of the figure is kept to the pixel.
    """
    form = options.pop("format", None) or _form_of(request.ending)
    settings = {**options, "format": form}
    if form not in {"jpeg", "tiff"}:
        settings["metadata"] = _metadata(form, request.run_id, options.get("metadata"))
    elif form == "jpeg" and request.run_id is not None:
        extra = dict(options.get("pil_kwargs") or {})
        settings["pil_kwargs"] = {**extra, "comment": _jpeg_comment(extra, request.run_id)}

    def write(file: BinaryIO) -> None:
        with _stable_ids(), _whole_pixels(figure, form, options):
            figure.savefig(file, **settings)

    return write


def _jpeg_comment(options: dict[str, Any], run_id: str) -> bytes:
    """Return the comment of a JPEG: the run id, behind the user's own comment if any."""
    own = options.get("comment") or b""
    start = own.encode() if isinstance(own, str) else own
    return b"; ".join(part for part in (start, stamp_text(run_id).encode()) if part)


def _metadata(form: str, run_id: str | None, own: dict[str, Any] | None) -> dict[str, Any]:
    # A date would make every saved file differ; pass one to have it.
    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    metadata: dict[str, Any] = {**dates.get(form, {}), **(own or {})}
    if run_id is None:
        return metadata
    mark = stamp_text(run_id)
    if form == "png":
        metadata[KEY] = mark
    elif form == "pdf":
        metadata["Keywords"] = "; ".join(filter(None, (metadata.get("Keywords"), mark)))
    elif "Identifier" not in metadata:
        metadata["Identifier"] = mark
    else:
        own_words = metadata.get("Keywords") or []
        metadata["Keywords"] = [*([own_words] if isinstance(own_words, str) else own_words), mark]
    return metadata


@contextmanager
def _stable_ids() -> Iterator[None]:
    """Let matplotlib make the ids in an SVG from its content instead of at random."""
    import matplotlib as mpl

    # One parameter set and put back, because rc_context would copy all three hundred. Two threads
    # at once may leave the salt set, which only makes later figures reproducible as well.
    own = mpl.rcParams["svg.hashsalt"]
    mpl.rcParams["svg.hashsalt"] = own if own is not None else _SALT
    try:
        yield
    finally:
        mpl.rcParams["svg.hashsalt"] = own


@contextmanager
def _whole_pixels(figure: Any, form: str, options: dict[str, Any]) -> Iterator[None]:
    """Round the size of a figure to whole pixels, where it is drawn in pixels and not cropped."""
    import matplotlib as mpl

    dpi = options.get("dpi") or mpl.rcParams["savefig.dpi"]
    dpi = figure.dpi if dpi == "figure" else dpi
    crop = options.get("bbox_inches", mpl.rcParams["savefig.bbox"])
    if form not in _RASTER or (crop is not None and crop != "standard"):
        yield
        return
    # matplotlib cuts off a fraction of a pixel, and 160 mm at 300 dpi are 1889.8 pixels.
    size = figure.get_size_inches()
    whole = [(max(1, round(side * dpi)) + 1e-3) / dpi for side in size]
    figure.set_size_inches(whole, forward=False)
    try:
        yield
    finally:
        figure.set_size_inches(size, forward=False)


def _image_of(obj: Any, ending: str) -> Any:
    """Return an array as a PIL image.

    Parameters
    ----------
    obj : array-like
        Height x width, or height x width x 1, 3 (RGB) or 4 (RGBA): bool, uint8, or floats of 0
        to 1; for PNG and TIFF also uint16 and for TIFF any floats (kept as float32) in one channel.
    ending : str
        Of the file, for messages and for what it can hold.

    Raises
    ------
    UnfitObjectError
        If the shape, the type or the range is another.
    """
    import numpy as np

    refuse = f"cannot save {type_name(obj)} as {ending}:"
    if is_a(obj, "numpy.ma", "MaskedArray") and obj.mask.any():
        raise UnfitObjectError(f"{refuse} its mask would be lost; use .filled(value)")
    pixels = np.asarray(obj)
    if pixels.ndim == 3 and pixels.shape[2] == 1:  # noqa: PLR2004 - a third dimension of one
        pixels = pixels[:, :, 0]
    channels = 1 if pixels.ndim == 2 else pixels.shape[-1] if pixels.ndim == 3 else 0  # noqa: PLR2004
    if channels not in _CHANNELS or not pixels.size:
        raise UnfitObjectError(
            f"{refuse} a picture is height x width or height x width x 3 or 4, not "
            f"{' x '.join(map(str, pixels.shape))}"
        )
    if _form_of(ending) == "jpeg" and channels == 4:  # noqa: PLR2004 - RGBA
        raise UnfitObjectError(f"{refuse} JPEG has no transparency; save array[:, :, :3] or .png")
    image = need("PIL.Image", ending, "image")
    return image.fromarray(_depth(pixels, channels, ending, refuse))


def _depth(pixels: Any, channels: int, ending: str, refuse: str) -> Any:
    import numpy as np

    if channels == 1 and pixels.dtype.name in _DEEP.get(_form_of(ending), ()):
        return pixels.astype(np.float32) if pixels.dtype.kind == "f" else pixels
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * 255
    if pixels.dtype.kind == "f":
        if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
            raise UnfitObjectError(
                f"{refuse} floats must be 0 to 1 without nan; scale them, or save as .tif or .npy"
            )
        return np.round(pixels * 255).astype(np.uint8)
    raise UnfitObjectError(
        f"{refuse} pixels are uint8, bool or floats of 0 to 1, not {pixels.dtype}; convert them "
        "by .astype('uint8'), or save as .npy"
    )


def _image_writer(image: Any, request: Request, options: dict[str, Any]) -> Writer:
    """Return a writer of a PIL image; `options` go to its ``save``."""
    form = _form_of(request.ending).upper()
    known = _OPTIONS[form].split()
    for name in options:
        if name not in known:
            raise TypeError(
                f"save() to {request.ending} has no option {name!r} for pixels; it takes "
                f"{', '.join(known)}"
            )
    settings = {**options, "format": form}
    if form == "JPEG":
        if image.mode not in {"L", "RGB", "CMYK", "1"}:
            raise UnfitObjectError(
                f"cannot save an image of mode {image.mode} as {request.ending}; give "
                "image.convert('RGB')"
            )
        settings.setdefault("quality", _QUALITY)
    if form == "PDF":
        # PIL would write the time, and the (temporary) name of the file as the title.
        settings = {"creationDate": None, "modDate": None, "title": "", **settings}
    if request.run_id is not None:
        _stamp(settings, form, request)

    def write(file: BinaryIO) -> None:
        image.save(file, **settings)

    return write


def _stamp(settings: dict[str, Any], form: str, request: Request) -> None:
    mark = stamp_text(request.run_id or "")
    if form == "PNG":
        texts = settings.get("pnginfo")
        if texts is None:
            texts = need("PIL.PngImagePlugin", request.ending, "image").PngInfo()
        texts.add_text(KEY, mark)
        settings["pnginfo"] = texts
    elif form == "JPEG":
        settings["comment"] = _jpeg_comment(settings, request.run_id or "")
    elif form == "PDF":
        settings["keywords"] = "; ".join(filter(None, (settings.get("keywords"), mark)))


def _read_pixels(file: BinaryIO, ending: str) -> Any:
    """Return the pixels: height x width (x channels), of a file of several pictures stacked."""
    import numpy as np

    image = need("PIL.Image", ending, "image").open(file)
    count = getattr(image, "n_frames", 1)
    if count == 1:
        return np.array(_without_palette(image))
    frames = []
    for number in range(count):
        image.seek(number)
        frames.append(np.array(_without_palette(image)))
    return np.stack(frames)


def _without_palette(image: Any) -> Any:
    if image.mode not in {"P", "PA"}:
        return image
    clear = image.mode == "PA" or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")
