"""From options to matplotlib's rcParams."""

from __future__ import annotations

import os

import matplotlib as mpl
from matplotlib.colors import to_rgba
from matplotlib.rcsetup import cycler

from scitex_plt_style._colors import COLORS, CYCLE
from scitex_plt_style._options import figure_inches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def apply(options: dict[str, Any], *, keep_changes: bool) -> None:
    """Set the backend and the rcParams.

    Parameters
    ----------
    options : dict
        What `checked` gave.
    keep_changes : bool
        Leave alone what has been changed since matplotlib was imported.
    """
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


def _from_options(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "figure.figsize": figure_inches(options),
        "figure.dpi": options["dpi_display"],
        "savefig.dpi": options["dpi_save"],
        "font.size": options["fontsize"],
        "figure.autolayout": options["autolayout"],
        "axes.spines.top": not options["hide_top_right_spines"],
        "axes.spines.right": not options["hide_top_right_spines"],
        "axes.prop_cycle": cycler(color=_with_opacity(options["alpha"])),
        "lines.linewidth": options["line_width"],
    }


def _with_opacity(alpha: float) -> list[Any]:
    if alpha == 1:
        return [COLORS[name] for name in CYCLE]
    return [to_rgba(COLORS[name], alpha) for name in CYCLE]
