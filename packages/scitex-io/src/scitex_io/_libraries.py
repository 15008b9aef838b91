"""Recognise objects of optional libraries without importing them, and import those needed."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_FIGURE_STEPS = 10


def is_a(obj: object, module: str, name: str) -> bool:
    """Return whether `obj` is an instance of ``module.name``, importing nothing.

    Parameters
    ----------
    obj : object
        Anything.
    module, name : str
        The class. If its module has not been imported, no instance can exist.
    """
    cls = getattr(sys.modules.get(module), name, None)
    return isinstance(cls, type) and isinstance(obj, cls)


def is_frame(obj: object) -> bool:
    """Return whether `obj` is a DataFrame or a Series of pandas."""
    return is_a(obj, "pandas", "DataFrame") or is_a(obj, "pandas", "Series")


def is_polars(obj: object) -> bool:
    """Return whether `obj` is a DataFrame of polars."""
    return is_a(obj, "polars", "DataFrame")


def need(module: str, ending: str, extra: str = "") -> Any:
    """Import an optional library, or say how to install it.

    Parameters
    ----------
    module : str
        The module to import.
    ending : str
        The file ending that needs it, for the message.
    extra : str, default ""
        The extra of this package that brings it; "" for a library installed under its own name.

    Raises
    ------
    MissingLibraryError
        If it is not installed. An installed library that fails to import raises its own error.
    """
    from importlib import import_module

    top = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {top, module} or sys.modules.get(top) is not None:
            raise
        from ._errors import MissingLibraryError

        wanted = f"'scitex-io[{extra}]'" if extra else top
        raise MissingLibraryError(
            f"{ending} needs {top}, which is not installed: pip install {wanted}", name=top
        ) from None


def type_name(obj: object) -> str:
    """Name the type of an object as a user would: ``a dict``, ``a pandas DataFrame``."""
    cls = type(obj)
    top = cls.__module__.partition(".")[0]
    name = cls.__name__ if top in {"builtins", "__main__"} else f"{top} {cls.__name__}"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


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
    if isinstance(obj, list | tuple):
        return _common_figure(obj)
    if hasattr(obj, "get_fignums") and hasattr(obj, "gcf"):
        obj = _current_figure(obj)
    for _ in range(_MAX_FIGURE_STEPS):
        if obj is None or is_a(obj, "matplotlib.figure", "Figure"):
            return obj
        obj = getattr(obj, "figure", None) or getattr(obj, "fig", None)
    return None


def _current_figure(pyplot: Any) -> Any:
    if not pyplot.get_fignums():
        from ._errors import UnfitObjectError

        raise UnfitObjectError("cannot save pyplot: no figure is open; save the figure itself")
    return pyplot.gcf()


def _common_figure(axes: Any) -> Any:
    if not axes or not all(hasattr(one, "figure") for one in axes):
        return None
    figures = [figure_of(one) for one in axes]
    return figures[0] if all(figure is figures[0] for figure in figures) else None
