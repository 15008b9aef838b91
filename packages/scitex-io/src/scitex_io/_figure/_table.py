"""The table of a figure: its rows, and its file."""

from __future__ import annotations

from .._libraries import figure_of
from ._block import note
from ._read import read_axes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from ._block import Block

# The first columns of every table; by them `save` tells such a table from a user's own.
HEADER = ("axes", "artist", "label", "x", "y", "series")
MAX_POINTS = 1_000_000
MAX_CELLS = 100_000
# Further columns, in this order, as far as they are used.
_FURTHER = (
    *("z", "value", "value_high", "x_low", "x_high", "y_low", "y_high", "width", "height", "base"),
    *("size", "low", "q1", "median", "q3", "high", "mean", "u", "v", "slope"),
    *("red", "green", "blue", "alpha", "part", "x_name", "y_name", "coordinates", "note"),
)


class FigureTable:
    """The table of what is drawn in a figure: read on creation, written later.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    unlimited : bool, default False
        Without it an artist of more than `MAX_POINTS` points, or an image or mesh of more than
        `MAX_CELLS` cells, is one row that says so.
    """

    def __init__(self, figure: Any, *, unlimited: bool = False) -> None:
        self.blocks: list[tuple[int, int, Block]] = []
        for number, axes in enumerate(_all_axes(figure)):
            if axes.get_visible() and not _is_colorbar(axes):
                self._add(number, axes, unlimited=unlimited)
        used = {name for _, _, block in self.blocks for name in block.columns}
        self.further = [name for name in _FURTHER if name in used]
        self.columns = [*HEADER, *self.further]

    def _add(self, number: int, axes: Any, *, unlimited: bool) -> None:
        for series, block in enumerate(read_axes(axes)):
            limit = MAX_CELLS if block.grid else MAX_POINTS
            kept = block
            if not unlimited and block.size > limit:
                text = f'{block.size} rows are too many for this table; data="all" writes them'
                kept = note(block.kind, block.label, text)
            self.blocks.append((number, series, kept))

    def rows(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in chunks, as tuples in the order of `columns`."""
        for number, series, block in self.blocks:
            fixed = {
                "axes": number,
                "artist": block.kind,
                "label": block.label,
                "series": series,
            }
            yield from block.chunks(self.columns, fixed)

    def write(self, file: BinaryIO, delimiter: str) -> None:
        """Write the table as text, holding one chunk at a time in memory."""
        import csv
        import io

        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        writer.writerow(self.columns)
        for chunk in self.rows():
            writer.writerows(chunk)
        text.flush()
        text.detach()


def figure_data(obj: Any, *, unlimited: bool = True) -> list[dict[str, Any]]:
    """Return the data drawn in a figure as tidy rows.

    Parameters
    ----------
    obj : object
        A matplotlib figure, axes, or whatever else `save` takes for a figure.
    unlimited : bool, default True
        False leaves out what ``save(figure, path)`` leaves out of its table: artists of more than
        1,000,000 points, images and meshes of more than 100,000 cells.

    Returns
    -------
    list of dict
        One for each point, all with the same keys: ``axes`` (number), ``artist`` (its kind),
        ``label``, ``x``, ``y``, ``series`` (number of the artist in its axes), and those of
        ``z``, ``value``, ``x_low``, ``width`` and so on that the figure needs; None where a row
        has no such value. Dates are ISO 8601 text, categories their names.

    Raises
    ------
    TypeError
        If `obj` has no figure.

    Notes
    -----
    Texts, legends, colour bars and what is invisible are left out. An artist that cannot be
    read back gives one row with a ``note``.
    """
    figure = figure_of(obj)
    if figure is None:
        raise TypeError(f"figure_data() needs a matplotlib figure, not {obj!r:.100}")
    table = FigureTable(figure, unlimited=unlimited)
    return [dict(zip(table.columns, row, strict=True)) for chunk in table.rows() for row in chunk]


def _all_axes(figure: Any) -> list[Any]:
    found: list[Any] = []
    waiting = list(figure.axes)
    while waiting:
        axes = waiting.pop(0)
        if axes not in found:
            found.append(axes)
            waiting.extend(getattr(axes, "child_axes", ()))
    return found


def _is_colorbar(axes: Any) -> bool:
    return hasattr(axes, "_colorbar") or axes.get_label() == "<colorbar>"
