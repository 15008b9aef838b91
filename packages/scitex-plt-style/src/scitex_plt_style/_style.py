"""The style: how its arguments are checked, and turned into settings of matplotlib.

matplotlib is imported only to apply the style.
"""

from __future__ import annotations

import os

from ._colors import COLORS, CYCLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypedDict

    class StyleOptions(TypedDict, total=False):
        """The plotting arguments, for type checkers."""

        agg: bool
        fig_size_mm: tuple[float, float]
        fig_scale: float
        dpi_display: float
        dpi_save: float
        fontsize: str | float
        autolayout: bool
        hide_top_right_spines: bool
        alpha: float
        line_width: float


# Points: matplotlib's names for sizes, in proportion to its 10 points for "medium".
_POINTS = {
    "xx-small": 5.79,
    "x-small": 6.94,
    "small": 8.33,
    "medium": 10.0,
    "large": 12.0,
    "x-large": 14.4,
    "xx-large": 17.28,
}

_MM_PER_INCH = 25.4


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments, all of which are given, each of its proper type.

    Raises
    ------
    ValueError, TypeError
        One line that names the argument, what it was and what it may be.
    """
    given = dict(options)
    for name in ("agg", "autolayout", "hide_top_right_spines"):
        given[name] = _flag(name, given[name])
    for name in ("fig_scale", "dpi_display", "dpi_save", "line_width"):
        given[name] = _positive(name, given[name])
    given["alpha"] = _opacity(given["alpha"])
    given["fontsize"] = _points(given["fontsize"])
    given["fig_size_mm"] = _size(given["fig_size_mm"])
    _figure_inches(given)
    return given


def _figure_inches(options: Mapping[str, Any]) -> tuple[float, float]:
    """Return the figure size in inches that is a whole number of pixels at the dpi of saving.

    matplotlib truncates to pixels, so that 160 mm at 300 dpi, which are 1889.76 pixels, would be
    saved as 1889. Rounding the size itself gives the nearest number.
    """
    width, height = options["fig_size_mm"]
    scale, dpi = options["fig_scale"], options["dpi_save"]
    return _whole_pixels(width * scale, dpi), _whole_pixels(height * scale, dpi)


def _whole_pixels(millimetres: float, dpi: float) -> float:
    pixels = round(millimetres / _MM_PER_INCH * dpi)
    if pixels < 1:
        raise ValueError(
            f"a figure side of {millimetres:g} mm (fig_size_mm times fig_scale) at "
            f"dpi_save={dpi:g} is less than one pixel; ask for a larger figure"
        )
    inches = pixels / dpi
    while int(inches * dpi) < pixels:  # the division may have rounded down
        inches *= 1 + 2**-52
    return inches


def _flag(name: str, value: Any) -> bool:
    if type(value).__name__ not in ("bool", "bool_"):  # numpy's, too, which it calls by both names
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def _number(value: Any) -> float | None:
    """Return a finite float, or None for what is no number."""
    if isinstance(value, (bool, str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0 else None


def _positive(name: str, value: Any) -> float:
    number = _number(value)
    if number is None or number <= 0:
        raise ValueError(f"{name} must be a number above 0, not {value!r}")
    return number


def _opacity(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError(f"alpha must be a number from 0 (invisible) to 1 (opaque), not {value!r}")
    return number


def _points(value: Any) -> float:
    if isinstance(value, str) and value in _POINTS:
        return _POINTS[value]
    number = _number(value)
    if number is None or number <= 0:
        raise ValueError(
            f"fontsize must be a number of points above 0 or one of {', '.join(_POINTS)}, "
            f"not {value!r}"
        )
    return number


def _size(value: Any) -> tuple[float, float]:
    try:
        width, height = (_number(side) for side in value)
    except (TypeError, ValueError):
        width = height = None
    if isinstance(value, (str, bytes)) or not (width and height and width > 0 and height > 0):
        raise ValueError(
            "fig_size_mm must be a width and a height above 0, in millimetres, such as "
            f"(160, 100), not {value!r}"
        )
    return width, height


def apply(options: dict[str, Any], *, keep_changes: bool) -> None:
    """Set matplotlib's backend and rcParams.

    Parameters
    ----------
    options : dict
        What `checked` returned.
    keep_changes : bool
        Leave parameters alone that have been changed since matplotlib was imported.
    """
    import matplotlib as mpl

    if options["agg"]:
        mpl.use("agg")
    sheet = os.path.join(os.path.dirname(__file__), "scitex.mplstyle")
    in_sheet: Any = mpl.rc_params_from_file(sheet, use_default_template=False)
    wanted: dict[str, Any] = {**in_sheet, **_from_options(options)}
    params: Any = mpl.rcParams
    if keep_changes:
        first: Any = mpl.rcParamsOrig
        wanted = {name: value for name, value in wanted.items() if params[name] == first[name]}
    params.update(wanted)


def _from_options(options: Mapping[str, Any]) -> dict[str, Any]:
    from matplotlib.colors import to_rgba
    from matplotlib.rcsetup import cycler

    colors: list[Any] = [COLORS[name] for name in CYCLE]
    if options["alpha"] != 1:
        colors = [to_rgba(color, options["alpha"]) for color in colors]
    return {
        "figure.figsize": _figure_inches(options),
        "figure.dpi": options["dpi_display"],
        "savefig.dpi": options["dpi_save"],
        "font.size": options["fontsize"],
        "figure.autolayout": options["autolayout"],
        "axes.spines.top": not options["hide_top_right_spines"],
        "axes.spines.right": not options["hide_top_right_spines"],
        "axes.prop_cycle": cycler(color=colors),
        "lines.linewidth": options["line_width"],
    }
