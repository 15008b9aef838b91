"""matplotlib figures: of exact size, without dates, with the id of their run."""

from __future__ import annotations

from scitex_io._stamp import KEY, stamp_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any, BinaryIO

    from scitex_io._registry import Request, Writer

_FORMATS = {".jpg": "jpeg", ".tif": "tiff"}
_RASTER = {"png", "jpeg", "tiff"}
_SALT = "scitex"


def figure_writer(figure: Any, request: Request, options: dict[str, Any]) -> Writer:
    """Return a writer that calls ``savefig`` with `options` and settings that keep bytes stable.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    request : Request
        Where it goes and the run id.
    options : dict
        For ``savefig``. Without ``bbox_inches`` the size of the figure is kept to the pixel.
    """
    form = options.pop("format", None) or _FORMATS.get(request.ending, request.ending[1:])
    settings = {**options, "format": form}
    if form not in {"jpeg", "tiff"}:
        settings["metadata"] = _metadata(form, request.run_id, options.get("metadata"))
    elif form == "jpeg" and request.run_id is not None:
        extra = dict(options.get("pil_kwargs") or {})
        settings["pil_kwargs"] = {**extra, "comment": stamp_comment(extra, request.run_id)}

    def write(file: BinaryIO) -> None:
        with _stable_ids(), _whole_pixels(figure, form, options):
            figure.savefig(file, **settings)

    return write


def stamp_comment(options: dict[str, Any], run_id: str) -> bytes:
    """Return the comment of a JPEG: the run id, behind the user's own comment if any."""
    own = options.get("comment") or b""
    start = own.encode() if isinstance(own, str) else own
    return b"; ".join(part for part in (start, stamp_text(run_id).encode()) if part)


def _metadata(form: str, run_id: str | None, own: dict[str, Any] | None) -> dict[str, Any]:
    # Dates would make each saving differ; who wants one passes it.
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
        words = metadata.get("Keywords") or []
        metadata["Keywords"] = [*([words] if isinstance(words, str) else words), mark]
    return metadata


def _stable_ids() -> AbstractContextManager[None]:
    from contextlib import contextmanager

    import matplotlib as mpl

    @contextmanager
    def salted() -> Iterator[None]:
        # One parameter set and put back: rc_context would copy all three hundred. Two threads at
        # once may leave the salt in place, which only keeps later figures stable as well.
        own = mpl.rcParams["svg.hashsalt"]
        mpl.rcParams["svg.hashsalt"] = own if own is not None else _SALT
        try:
            yield
        finally:
            mpl.rcParams["svg.hashsalt"] = own

    return salted()


def _whole_pixels(figure: Any, form: str, options: dict[str, Any]) -> AbstractContextManager[None]:
    from contextlib import contextmanager

    import matplotlib as mpl

    @contextmanager
    def rounded() -> Iterator[None]:
        dpi = options.get("dpi") or mpl.rcParams["savefig.dpi"]
        dpi = figure.dpi if dpi == "figure" else dpi
        crop = options.get("bbox_inches", mpl.rcParams["savefig.bbox"])
        if form not in _RASTER or (crop is not None and crop != "standard"):
            yield
            return
        # matplotlib cuts a fraction of a pixel off; 160 mm at 300 dpi are 1889.8 of them.
        size = figure.get_size_inches()
        whole = [(max(1, round(side * dpi)) + 1e-3) / dpi for side in size]
        figure.set_size_inches(whole, forward=False)
        try:
            yield
        finally:
            figure.set_size_inches(size, forward=False)

    return rounded()
