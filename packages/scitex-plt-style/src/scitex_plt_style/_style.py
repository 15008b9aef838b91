"""Put the style into matplotlib."""

from __future__ import annotations

from scitex_plt_style._colors import COLORS
from scitex_plt_style._lazy import LazyPyplot, request
from scitex_plt_style._options import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from scitex_plt_style._colors import Colors


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
        ``matplotlib.pyplot``, or what `lazy_pyplot` gave, in which case matplotlib is still not
        imported before it is used.
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
    request(options)
    return plt, COLORS
