"""Collections: scatters, filled areas, meshes, contours, arrows and bundles of lines."""

from __future__ import annotations

from scitex_io._figure._block import Block, label_of
from scitex_io._figure._lines import in_data
from scitex_io._figure._units import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _xy(axes: Any, x: Any, y: Any) -> dict[str, Any]:
    return {"x": readable(axes.xaxis, x), "y": readable(axes.yaxis, y)}


def read_scatter(axes: Any, dots: Any) -> Block:
    """Return the points, with the numbers behind colour and size where these vary."""
    import numpy as np

    offsets = np.ma.asarray(dots.get_offsets())
    columns = _xy(axes, offsets[:, 0], offsets[:, 1])
    count = len(offsets)
    values = dots.get_array()
    if values is not None and np.size(values) == count:
        columns["value"] = np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
    sizes = np.asarray(dots.get_sizes() if hasattr(dots, "get_sizes") else ())
    if len(sizes) == count and count > 1:
        columns["size"] = sizes
    return Block("scatter", label_of(dots), columns)


def read_fill(axes: Any, area: Any) -> Block:
    """Return a filled area as its two edges, a symmetric one as a violin, hexagons as points."""
    import numpy as np

    offsets = np.asarray(area.get_offsets())
    if area.get_array() is not None and len(offsets) > 1:
        return Block("hexbin", label_of(area), read_scatter(axes, area).columns)
    regions = [path.vertices for path in area.get_paths()]
    for across in (1, 0):
        parts = [_edges(region, across) for region in regions]
        if parts and all(part is not None for part in parts):
            t, first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
            return _filled(axes, area, t, first, second, across=across)
    return read_paths(axes, area, "polygon")


def _edges(region: Any, across: int) -> tuple[Any, Any, Any] | None:
    """Take a polygon of fill_between apart: along one edge, back along the other."""
    import numpy as np

    if len(region) % 2:
        region = region[:-1]  # the point that closes it
    count = (len(region) - 2) // 2
    if count < 1:
        return None
    along = 1 - across
    first, second = region[1 : count + 1], region[count + 2 :][::-1]
    if len(second) != count or not np.array_equal(first[:, along], second[:, along]):
        return None
    ends = region[[0, count + 1], along]
    if not np.array_equal(ends, first[[0, -1], along]):
        return None
    return first[:, along], first[:, across], second[:, across]


def _filled(axes: Any, area: Any, t: Any, first: Any, second: Any, *, across: int) -> Block:
    import numpy as np

    low, high = (second, first) if np.all(first >= second) else (first, second)
    along_axis, across_axis = (axes.xaxis, axes.yaxis) if across else (axes.yaxis, axes.xaxis)
    at, value = ("x", "y") if across else ("y", "x")
    columns = {
        at: readable(along_axis, t),
        f"{value}_low": readable(across_axis, low),
        f"{value}_high": readable(across_axis, high),
    }
    centre = (low + high) / 2
    if len(t) > 2 and np.ptp(high - low) > 0 and np.allclose(centre, centre[0], rtol=1e-9, atol=0):  # noqa: PLR2004
        columns[value] = readable(across_axis, np.full(len(t), centre[0]))
        columns["width"] = high - low
        return Block("violin", label_of(area), columns)
    return Block("fill", label_of(area), columns)


def read_mesh(axes: Any, mesh: Any) -> Block:
    """Return the cells of ``pcolormesh`` and ``pcolor``: centre (gouraud: corner) and value."""
    import numpy as np

    corners = np.ma.asarray(mesh.get_coordinates())
    values = np.ma.asarray(mesh.get_array())
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    if values.size == corners[..., 0].size:
        centres = corners
    else:
        centres = (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
    table = _xy(axes, centres[..., 0], centres[..., 1])
    if values.ndim == 3:  # noqa: PLR2004 - colours
        for channel, name in enumerate(("red", "green", "blue", "alpha")[: values.shape[2]]):
            table[name] = np.asarray(values[..., channel])
    elif values.size in {rows * columns, corners[..., 0].size}:
        table["value"] = np.ma.filled(values.astype(float), np.nan)
    return Block("mesh", label_of(mesh), table, grid=True)


def read_contours(axes: Any, contours: Any) -> Block:
    """Return the lines of each level as drawn; of filled contours also the level above."""
    import numpy as np

    points: list[Any] = []
    parts: list[Any] = []
    values: list[Any] = []
    above: list[Any] = []
    paths = contours.get_paths()
    levels = np.asarray(contours.levels, float)
    for level, path in enumerate(paths):
        for piece in path.to_polygons(closed_only=False) if len(path.vertices) else ():
            points.append(np.asarray(piece))
            parts.append(np.full(len(piece), len(parts)))
            values.append(np.full(len(piece), levels[min(level, len(levels) - 1)]))
            above.append(np.full(len(piece), levels[min(level + 1, len(levels) - 1)]))
    xy = np.concatenate(points) if points else np.empty((0, 2))
    columns = _xy(axes, xy[:, 0], xy[:, 1])
    columns["value"] = np.concatenate(values) if values else np.empty(0)
    if contours.filled:
        columns["value_high"] = np.concatenate(above) if above else np.empty(0)
    columns["part"] = np.concatenate(parts) if parts else np.empty(0, int)
    kind = "contourf" if contours.filled else "contour"
    return Block(kind, label_of(contours), columns)


def read_events(axes: Any, events: Any) -> Block:
    """Return the positions of ``eventplot`` and the row they stand in."""
    import numpy as np

    at = np.asarray(events.get_positions(), float)
    row = np.full(len(at), float(events.get_lineoffset()))
    x, y = (at, row) if events.is_horizontal() else (row, at)
    return Block("events", label_of(events), _xy(axes, x, y))


def read_arrows(axes: Any, arrows: Any) -> Block:
    """Return the feet of ``quiver`` or ``barbs`` arrows and their components."""
    import numpy as np

    barbs = hasattr(arrows, "u")
    x, y = (arrows.x, arrows.y) if barbs else (arrows.X, arrows.Y)
    u, v = (arrows.u, arrows.v) if barbs else (arrows.U, arrows.V)
    columns = _xy(axes, np.ravel(x), np.ravel(y))
    columns["u"] = np.ma.filled(np.ma.asarray(u).astype(float), np.nan).ravel()
    columns["v"] = np.ma.filled(np.ma.asarray(v).astype(float), np.nan).ravel()
    return Block("barbs" if barbs else "quiver", label_of(arrows), columns)


def read_segments(axes: Any, bundle: Any) -> Block:
    """Return the points of a bundle of lines, numbered by line."""
    return read_paths(axes, bundle, "lines")


def read_paths(axes: Any, collection: Any, kind: str) -> Block:
    """Return the corners of every shape, numbered by shape, and its value if it has one."""
    import numpy as np

    shapes = [np.asarray(path.vertices, float) for path in collection.get_paths()]
    sizes = [len(shape) for shape in shapes]
    points = np.concatenate(shapes) if shapes else np.empty((0, 2))
    columns = _xy(axes, points[:, 0], points[:, 1])
    columns["part"] = np.repeat(np.arange(len(shapes)), sizes)
    values = collection.get_array()
    if values is not None and np.size(values) == len(shapes):
        columns["value"] = np.repeat(np.asarray(values, float).ravel(), sizes)
    if not all(in_data(axes, collection)):
        columns["coordinates"] = ["not of the data"] * len(points)
    return Block(kind, label_of(collection), columns)
