"""The figure that an object is, or belongs to."""

from __future__ import annotations

from scitex_io._lookup import is_a

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEEPEST = 10


def figure_of(obj: Any) -> Any:
    """Return the matplotlib figure of `obj`, or None if it has none.

    Parameters
    ----------
    obj : object
        A figure, a subfigure, axes, an array or list of axes, whatever has a figure in
        ``.figure`` or ``.fig``, or pyplot, which stands for its current figure.

    Raises
    ------
    UnfitObjectError
        For pyplot without an open figure.
    """
    if is_a(obj, "numpy", "ndarray"):
        obj = obj.ravel().tolist() if obj.dtype.hasobject else None
    if isinstance(obj, (list, tuple)):
        return _common(obj)
    if hasattr(obj, "get_fignums") and hasattr(obj, "gcf"):
        obj = _current(obj)
    for _ in range(_DEEPEST):
        if obj is None or is_a(obj, "matplotlib.figure", "Figure"):
            return obj
        obj = getattr(obj, "figure", None) or getattr(obj, "fig", None)
    return None


def _current(pyplot: Any) -> Any:
    if not pyplot.get_fignums():
        from scitex_io._errors import UnfitObjectError

        raise UnfitObjectError("cannot save pyplot: no figure is open; save the figure itself")
    return pyplot.gcf()


def _common(axes: Any) -> Any:
    if not axes or not all(hasattr(one, "figure") for one in axes):
        return None
    figures = [figure_of(one) for one in axes]
    return figures[0] if all(figure is figures[0] for figure in figures) else None
