"""Read lines and collections, also in 3-D: scatters, filled areas, meshes, contours, arrows."""

from __future__ import annotations

from ._block import (
    Block,
    directions,
    floats,
    in_data,
    kinds_of,
    label_of,
    note,
    positions,
    readable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_line(axes: Any, line: Any) -> Block:
    """Read the points of a line; of ``axhline`` and ``axvline`` their one coordinate."""
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


def _coordinates(in_x: bool, in_y: bool) -> str:
    return f"{'data' if in_x else 'axes'} {'data' if in_y else 'axes'}"


def _all_same(values: Any) -> bool:
    return all(value == values[0] for value in values)


def _endless(axes: Any, line: Any, label: str) -> Block:
    import numpy as np

    first, second = line.get_xy1(), line.get_xy2()
    slope = line.get_slope()
    points = [first] if second is None else [first, second]
    columns = positions(axes, [point[0] for point in points], [point[1] for point in points])
    if slope is not None:
        columns["slope"] = np.array([slope], float)
    return Block("axline", label, columns)


def read_scatter(axes: Any, dots: Any) -> Block:
    """Read points, with the numbers that colour and size stand for where these vary."""
    import numpy as np

    offsets = np.ma.asarray(dots.get_offsets())
    columns = positions(axes, offsets[:, 0], offsets[:, 1])
    count = len(offsets)
    values = dots.get_array()
    if values is not None and np.size(values) == count:
        columns["value"] = floats(values)
    sizes = np.asarray(dots.get_sizes() if hasattr(dots, "get_sizes") else ())
    if len(sizes) == count and count > 1:
        columns["size"] = sizes
    return Block("scatter", label_of(dots), columns)


def read_fill(axes: Any, area: Any) -> Block:
    """Read a filled area as its two edges, a symmetric one as a violin, hexagons as points."""
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
    """Split a polygon of ``fill_between``, which runs along one edge and back along the other."""
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
    along_axis, across_axis, at, value = directions(axes, upright=bool(across))
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
    """Read the cells of ``pcolormesh`` and ``pcolor``: centre (gouraud: corner) and value."""
    import numpy as np

    corners = np.ma.asarray(mesh.get_coordinates())
    values = np.ma.asarray(mesh.get_array())
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    if values.size == corners[..., 0].size:
        centres = corners
    else:
        centres = (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
    table = positions(axes, centres[..., 0], centres[..., 1])
    if values.ndim == 3:  # noqa: PLR2004 - colours
        for channel, name in enumerate(("red", "green", "blue", "alpha")[: values.shape[2]]):
            table[name] = np.asarray(values[..., channel])
    elif values.size in {rows * columns, corners[..., 0].size}:
        table["value"] = floats(values)
    return Block("mesh", label_of(mesh), table, grid=True)


def read_contours(axes: Any, contours: Any) -> Block:
    """Read the lines of each level as drawn; of filled contours also the level above."""
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
    columns = positions(axes, xy[:, 0], xy[:, 1])
    columns["value"] = np.concatenate(values) if values else np.empty(0)
    if contours.filled:
        columns["value_high"] = np.concatenate(above) if above else np.empty(0)
    columns["part"] = np.concatenate(parts) if parts else np.empty(0, int)
    kind = "contourf" if contours.filled else "contour"
    return Block(kind, label_of(contours), columns)


def read_events(axes: Any, events: Any) -> Block:
    """Read the positions of ``eventplot`` and the row they stand in."""
    import numpy as np

    at = np.asarray(events.get_positions(), float)
    row = np.full(len(at), float(events.get_lineoffset()))
    x, y = (at, row) if events.is_horizontal() else (row, at)
    return Block("events", label_of(events), positions(axes, x, y))


def read_arrows(axes: Any, arrows: Any) -> Block:
    """Read the feet of ``quiver`` or ``barbs`` arrows and their components."""
    import numpy as np

    barbs = hasattr(arrows, "u")
    x, y = (arrows.x, arrows.y) if barbs else (arrows.X, arrows.Y)
    u, v = (arrows.u, arrows.v) if barbs else (arrows.U, arrows.V)
    columns = positions(axes, np.ravel(x), np.ravel(y))
    columns["u"] = floats(u).ravel()
    columns["v"] = floats(v).ravel()
    return Block("barbs" if barbs else "quiver", label_of(arrows), columns)


def read_segments(axes: Any, bundle: Any) -> Block:
    """Read the points of a bundle of lines, numbered by line."""
    return read_paths(axes, bundle, "lines")


def read_paths(axes: Any, collection: Any, kind: str) -> Block:
    """Read the corners of every shape, numbered by shape, and its value if it has one."""
    import numpy as np

    shapes = [np.asarray(path.vertices, float) for path in collection.get_paths()]
    sizes = [len(shape) for shape in shapes]
    points = np.concatenate(shapes) if shapes else np.empty((0, 2))
    columns = positions(axes, points[:, 0], points[:, 1])
    columns["part"] = np.repeat(np.arange(len(shapes)), sizes)
    values = collection.get_array()
    if values is not None and np.size(values) == len(shapes):
        columns["value"] = np.repeat(np.asarray(values, float).ravel(), sizes)
    if not all(in_data(axes, collection)):
        columns["coordinates"] = ["not of the data"] * len(points)
    return Block(kind, label_of(collection), columns)


def read_line_3d(_axes: Any, line: Any) -> Block:
    """Read the points of a line in 3-D."""
    x, y, z = (floats(data).ravel() for data in line.get_data_3d())
    return Block("line", label_of(line), {"x": x, "y": y, "z": z})


def read_scatter_3d(_axes: Any, dots: Any) -> Block:
    """Read points in 3-D, with the numbers that their colour stands for, if any."""
    import numpy as np

    x, y, z = (floats(data).ravel() for data in dots._offsets3d)  # noqa: SLF001 - has no getter
    columns = {"x": x, "y": y, "z": z}
    values = dots.get_array()
    if values is not None and np.size(values) == len(x):
        columns["value"] = floats(values).ravel()
    return Block("scatter", label_of(dots), columns)


def read_faces(_axes: Any, surface: Any) -> Block:
    """Read the corners of a surface's faces, or of the boxes of ``bar3d``, numbered by face."""
    import numpy as np

    if hasattr(surface, "_faces"):
        faces = floats(surface._faces)  # noqa: SLF001 - has no getter
        points = faces.reshape(-1, 3)
        part = np.repeat(np.arange(len(faces)), faces.shape[1])
    elif hasattr(surface, "_segslices"):
        points = np.asarray(surface._vec[:3].T, float)  # noqa: SLF001 - the same, before 3.10
        part = np.empty(len(points), int)
        for number, piece in enumerate(surface._segslices):  # noqa: SLF001
            part[piece] = number
    else:
        return note("faces", label_of(surface), "this version of matplotlib keeps no corners")
    keep = ~np.isnan(points).any(axis=1)  # faces of fewer corners are filled up with nan
    columns = {"x": points[keep, 0], "y": points[keep, 1], "z": points[keep, 2]}
    return Block("faces", label_of(surface), {**columns, "part": part[keep]})


def read_patch_3d(_axes: Any, patch: Any) -> Block:
    """Read the corners of a flat shape in 3-D, such as a bar of ``bar(zs=...)``."""
    import numpy as np

    points = np.asarray([tuple(map(float, point)) for point in patch._segment3d])  # noqa: SLF001
    columns = {"x": points[:, 0], "y": points[:, 1], "z": points[:, 2]}
    return Block("shape", label_of(patch), columns)


def read_segments_3d(_axes: Any, bundle: Any) -> Block:
    """Read the points of a bundle of lines in 3-D, numbered by line."""
    import numpy as np

    segments = [np.asarray(one, float) for one in bundle._segments3d]  # noqa: SLF001 - no getter
    points = np.concatenate(segments) if segments else np.empty((0, 3))
    part = np.repeat(np.arange(len(segments)), [len(one) for one in segments])
    columns = {"x": points[:, 0], "y": points[:, 1], "z": points[:, 2], "part": part}
    return Block("lines", label_of(bundle), columns)
