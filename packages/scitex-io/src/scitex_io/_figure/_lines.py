"""Lines in two dimensions, and those that run from edge to edge."""

from __future__ import annotations

from scitex_io._figure._block import Block, kinds_of, label_of
from scitex_io._figure._units import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_line(axes: Any, line: Any) -> Block:
    """Return the points of a line; of ``axhline`` and ``axvline`` the one coordinate they have."""
    import numpy as np

    label = label_of(line)
    if "AxLine" in kinds_of(line):
        return _endless(axes, line, label)
    x, y = line.get_data(orig=False)
    own_x, own_y = line.get_data(orig=True)
    in_x, in_y = in_data(axes, line)
    x, y = readable(axes.xaxis, x, own_x), readable(axes.yaxis, y, own_y)
    if in_x and in_y:
        return Block("line", label, {"x": x, "y": y})
    if in_y and len(y) and _all_same(y):
        return Block("hline", label, {"y": y[:1]})
    if in_x and len(x) and _all_same(x):
        return Block("vline", label, {"x": x[:1]})
    numbers = line.get_data(orig=False)
    columns = {"x": np.asarray(numbers[0], float), "y": np.asarray(numbers[1], float)}
    columns["coordinates"] = [_coordinates(in_x, in_y)] * len(columns["x"])  # type: ignore[assignment]
    return Block("line", label, columns)


def in_data(axes: Any, artist: Any) -> tuple[bool, bool]:
    """Tell whether x and y of an artist are coordinates of the data."""
    x, y = artist.get_transform().contains_branch_seperately(axes.transData)
    return bool(x), bool(y)


def _coordinates(in_x: bool, in_y: bool) -> str:
    return f"{'data' if in_x else 'axes'} {'data' if in_y else 'axes'}"


def _all_same(values: Any) -> bool:
    return all(value == values[0] for value in values)


def _endless(axes: Any, line: Any, label: str) -> Block:
    import numpy as np

    first, second = line.get_xy1(), line.get_xy2()
    slope = line.get_slope()
    points = [first] if second is None else [first, second]
    columns = {
        "x": readable(axes.xaxis, np.array([point[0] for point in points], float)),
        "y": readable(axes.yaxis, np.array([point[1] for point in points], float)),
    }
    if slope is not None:
        columns["slope"] = np.array([slope], float)
    return Block("axline", label, columns)
