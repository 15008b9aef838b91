"""Give pyplot the style: at once, or when matplotlib is first used."""

from __future__ import annotations

import sys
from _thread import RLock

from ._colors import COLORS
from ._style import apply, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any, Unpack

    from ._colors import Colors
    from ._style import StyleOptions
else:
    ModuleType = type(sys)


class _Request:
    """The style that was requested last, and whether matplotlib has it yet."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.options: dict[str, Any] | None = None
        self.pending = False


_requested = _Request()


def _request(options: dict[str, Any]) -> None:
    """Apply the style now if matplotlib is imported, else when our pyplot is first used."""
    with _requested.lock:
        _requested.options = options
        _requested.pending = True
        if hasattr(sys.modules.get("matplotlib"), "rcParamsOrig"):
            _apply_requested(keep_changes=False)


def _apply_requested(*, keep_changes: bool) -> None:
    apply(_requested.options or {}, keep_changes=keep_changes)
    _requested.pending = False


def _pyplot() -> ModuleType:
    """Return the real pyplot, with the style that was requested last."""
    loaded = sys.modules.get("matplotlib.pyplot")
    if loaded is not None and not _requested.pending:
        return loaded
    # Not under the lock: an import waits for other threads, which may be waiting for the lock.
    import matplotlib.pyplot as plt

    with _requested.lock:
        if _requested.pending:
            # What the script has set since the request is the more recent wish.
            _apply_requested(keep_changes=True)
    return plt


class LazyPyplot(ModuleType):
    """Stands for ``matplotlib.pyplot``: the same names, the same figures, the same state."""

    def __getattr__(self, name: str) -> Any:
        # inspect, pytest and the like look such names up on every module; that is no use of it.
        if name[:2] == "__" and "matplotlib.pyplot" not in sys.modules:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(_pyplot(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(_pyplot(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_pyplot(), name)

    def __dir__(self) -> list[str]:
        return dir(_pyplot())

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} in the style of scitex_plt_style>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_pickle, (_requested.options,)


def _from_pickle(options: dict[str, Any] | None) -> ModuleType:
    """Return the pyplot of a worker process, with the style of the process that sent it."""
    if options is not None and _requested.options is None:
        _request(options)
    return lazy_pyplot()


_proxy = LazyPyplot("matplotlib.pyplot")


def configure_mpl(
    plt: ModuleType,
    *,
    agg: bool = False,
    fig_size_mm: tuple[float, float] = (160, 100),
    fig_scale: float = 1.0,
    dpi_display: float = 100,
    dpi_save: float = 300,
    fontsize: str | float = "small",
    autolayout: bool = False,
    hide_top_right_spines: bool = True,
    alpha: float = 0.9,
    line_width: float = 1.0,
) -> tuple[ModuleType, Colors]:
    """Give matplotlib the project's style, for all figures made from now on.

    Parameters
    ----------
    plt : module
        ``matplotlib.pyplot``, or what `lazy_pyplot` returned; matplotlib is then still not imported
        before it is used.
    agg : bool, default False
        Draw with the Agg backend, which needs no screen; it takes the place of any other, also of
        one named in ``MPLBACKEND``. False leaves the backend alone.
    fig_size_mm : (float, float), default (160, 100)
        Width and height of a figure in millimetres. A saved figure has this size to the pixel at
        `dpi_save`.
    fig_scale : float, default 1.0
        Multiplies the figure size.
    dpi_display, dpi_save : float, default 100 and 300
        Dots per inch on the screen and in a file.
    fontsize : str or float, default "small"
        Size of the text in points, or one of matplotlib's names, from "xx-small" (5.79 points)
        over "small" (8.33) and "medium" (10) to "xx-large" (17.28).
    autolayout : bool, default False
        Fit axes and labels into the figure at each drawing.
    hide_top_right_spines : bool, default True
        Draw only the left and the bottom side of the axes.
    alpha : float, default 0.9
        Opacity of the colour cycle, from 0 to 1.
    line_width : float, default 1.0
        Width of lines in points.

    Returns
    -------
    plt : module
        The one that was given.
    COLORS : Colors
        The colours.

    Raises
    ------
    TypeError, ValueError
        For an argument that cannot be what it is; nothing has been changed then.
    """
    options = checked(
        {
            "agg": agg,
            "fig_size_mm": fig_size_mm,
            "fig_scale": fig_scale,
            "dpi_display": dpi_display,
            "dpi_save": dpi_save,
            "fontsize": fontsize,
            "autolayout": autolayout,
            "hide_top_right_spines": hide_top_right_spines,
            "alpha": alpha,
            "line_width": line_width,
        }
    )
    if not isinstance(plt, LazyPyplot) and getattr(plt, "__name__", "") != "matplotlib.pyplot":
        raise TypeError(f"plt must be the module matplotlib.pyplot, not {plt!r}")
    _request(options)
    return plt, COLORS


def lazy_pyplot(**style: Unpack[StyleOptions]) -> ModuleType:
    """Return a pyplot that imports and styles matplotlib when it is first used.

    There is one such object, and one style, for the whole process: the one that was requested
    last, by this function or by `configure_mpl`. What a script itself sets in
    ``matplotlib.rcParams`` between the request and the first use stays set.

    Parameters
    ----------
    **style
        The arguments of `configure_mpl`, checked at once. Without any, the style requested before
        stays, or is the default one.

    Returns
    -------
    module
        Stands for ``matplotlib.pyplot``.

    Raises
    ------
    TypeError, ValueError
        For an argument that does not exist or cannot be what it is.

    Examples
    --------
    >>> plt = lazy_pyplot(fig_size_mm=(80, 60), agg=True)
    >>> fig, ax = plt.subplots()  # matplotlib is imported here
    """
    defaults: dict[str, Any] = configure_mpl.__kwdefaults__ or {}
    for name in style:
        if name not in defaults:
            raise TypeError(_no_such_argument(name, defaults))
    if style:
        configure_mpl(_proxy, **style)
    with _requested.lock:
        if _requested.options is None:
            _requested.options = checked(defaults)
            _requested.pending = True
    return _proxy


def _no_such_argument(name: str, arguments: Iterable[str]) -> str:
    from difflib import get_close_matches  # only a mistake pays for this import

    near = get_close_matches(name, arguments, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(arguments)}"
    return f"there is no plotting argument {name!r}; {hint}"
