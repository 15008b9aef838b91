"""Arrays of pixels and PIL images."""

from __future__ import annotations

from scitex_io._errors import UnfitObjectError
from scitex_io._formats._drawing import stamp_comment
from scitex_io._lookup import is_a, need, type_name
from scitex_io._stamp import KEY, stamp_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from scitex_io._registry import Request, Writer

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
_QUALITY = 95
# PIL passes over what it does not know; these it knows.
_OPTIONS = {
    "JPEG": "comment dpi exif icc_profile optimize progressive qtables quality smooth subsampling",
    "PDF": "author creator dpi keywords producer quality resolution subject title",
    "PNG": "bits compress_level dpi exif icc_profile optimize pnginfo transparency",
    "TIFF": "compression description dpi exif icc_profile quality software tiffinfo",
}
_CHANNELS = (1, 3, 4)
_DEEP = {"png": ("uint16",), "tiff": ("uint16", "float32", "float64")}


def image_of(obj: Any, ending: str) -> Any:
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
    if ending in {".jpg", ".jpeg"} and channels == 4:  # noqa: PLR2004 - RGBA
        raise UnfitObjectError(f"{refuse} JPEG has no transparency; save array[:, :, :3] or .png")
    image = need("PIL.Image", ending, "image")
    return image.fromarray(_depth(pixels, channels, ending, refuse))


def _depth(pixels: Any, channels: int, ending: str, refuse: str) -> Any:
    import numpy as np

    kind = {".png": "png", ".tif": "tiff", ".tiff": "tiff"}.get(ending, "")
    if channels == 1 and pixels.dtype.name in _DEEP.get(kind, ()):
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


def image_writer(image: Any, request: Request, options: dict[str, Any]) -> Writer:
    """Return a writer of a PIL image; `options` go to its ``save``."""
    form = _FORMATS.get(request.ending, request.ending[1:].upper())
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
        settings["comment"] = stamp_comment(settings, request.run_id or "")
    elif form == "PDF":
        settings["keywords"] = "; ".join(filter(None, (settings.get("keywords"), mark)))


def read_pixels(file: BinaryIO, ending: str) -> Any:
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
