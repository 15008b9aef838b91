"""Read patches and images."""

from __future__ import annotations

from ._block import Block, directions, in_data, kinds_of, label_of, positions, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MIN_STEPS = 4
_CHANNELS = ("red", "green", "blue", "alpha")


def read_image(axes: Any, image: Any) -> Block:
    """Read the pixels of an image: centre, and value or colour channels."""
    import numpy as np

    array = np.ma.asarray(image.get_array())
    rows, columns = array.shape[:2]
    if "NonUniformImage" in kinds_of(image):
        x, y = np.asarray(image._Ax, float), np.asarray(image._Ay, float)  # noqa: SLF001 - no getter
    else:
        left, right, bottom, top = image.get_extent()
        first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
        x = _centres(left, right, columns)
        y = _centres(first, last, rows)
    shape = (rows, columns)
    # Views, because there may be many pixels.
    table: dict[str, Any] = {
        "x": np.broadcast_to(_as_array(readable(axes.xaxis, x))[None, :], shape),
        "y": np.broadcast_to(_as_array(readable(axes.yaxis, y))[:, None], shape),
    }
    if array.ndim == 2:  # noqa: PLR2004 - one number for each pixel
        table["value"] = array
    else:
        for channel in range(array.shape[2]):
            table[_CHANNELS[channel]] = array[:, :, channel]
    return Block("image", label_of(image), table, grid=True)


def _as_array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values, dtype=object) if isinstance(values, list) else values


def _centres(start: float, stop: float, count: int) -> Any:
    import numpy as np

    return start + (np.arange(count) + 0.5) * ((stop - start) / count)


def read_patch(axes: Any, patch: Any) -> Block | None:
    """Read a patch by its measures if it has any, else by its corners."""
    kinds = kinds_of(patch)
    label = label_of(patch)
    if "StepPatch" in kinds:
        return _stairs(axes, patch, label)
    if "Wedge" in kinds:
        return _wedge(patch, label)
    if "Ellipse" in kinds:
        return _ellipse(axes, patch, label)
    if "Rectangle" in kinds:
        return _rectangle(axes, patch, label)
    known = _steps(axes, patch, label) if "Polygon" in kinds else None
    if known is None and "Polygon" in kinds:
        known = _polygon_span(axes, patch, label)
    return known or _corners(axes, patch, kinds[0].lower(), label)


def _stairs(axes: Any, patch: Any, label: str) -> Block:
    import numpy as np

    values, edges, baseline = patch.get_data()
    return _binned(
        axes,
        "stairs",
        label,
        np.asarray(edges, float),
        values,
        baseline,
        upright=patch.orientation == "vertical",
    )


def _binned(
    axes: Any,
    kind: str,
    label: str,
    edges: Any,
    values: Any,
    base: Any,
    *,
    upright: bool,
) -> Block:
    import numpy as np

    along, across, at, value = directions(axes, upright=upright)
    columns = {
        at: readable(along, (edges[:-1] + edges[1:]) / 2),
        value: readable(across, np.asarray(values, float)),
        f"{at}_low": readable(along, edges[:-1]),
        f"{at}_high": readable(along, edges[1:]),
    }
    if base is not None and np.any(np.asarray(base) != 0):
        columns["base"] = np.broadcast_to(np.asarray(base, float), len(edges) - 1)
    return Block(kind, label, columns)


def _steps(axes: Any, patch: Any, label: str) -> Block | None:
    """Read the outline that ``hist(histtype="step")`` draws: up, along, down, ..., and back."""
    import numpy as np

    if not all(in_data(axes, patch)):
        return None
    points = np.asarray(patch.get_xy(), float)
    for upright in (True, False):
        at, value = (points if upright else points[:, ::-1]).T
        count = _outward(at)
        if count < _MIN_STEPS or count % 2:
            continue
        pairs_level = np.array_equal(value[1 : count - 1 : 2], value[2:count:2])
        pairs_rise = np.array_equal(at[0:count:2], at[1:count:2])
        if pairs_level and pairs_rise:
            edges = at[0:count:2]
            base = _base(at, value, count, len(edges) - 1)
            tops = value[1 : count - 1 : 2]
            return _binned(axes, "histogram", label, edges, tops, base, upright=upright)
    return None


def _outward(at: Any) -> int:
    """Return the number of points before the outline turns back."""
    import numpy as np

    back = np.flatnonzero(np.diff(at) < 0)
    return int(back[0]) + 1 if len(back) else len(at)


def _base(at: Any, value: Any, count: int, bins: int) -> Any:
    import numpy as np

    if len(at) <= count:
        return value[0]
    below = value[count:][::-1]
    # Back along the lower edge: two points for each bin, and the point that closes the outline.
    edge = below[-(2 * bins - 1) :] if len(below) >= 2 * bins - 1 else below
    return np.append(edge[::2], edge[-1:])[:bins] if len(edge) >= bins else value[0]


def _wedge(patch: Any, label: str) -> Block:
    import numpy as np

    angle = (patch.theta2 - patch.theta1) / 360
    columns = {
        "x": np.array([patch.center[0]], float),
        "y": np.array([patch.center[1]], float),
        "value": np.array([angle], float),
    }
    return Block("wedge", label, columns)


def _ellipse(axes: Any, patch: Any, label: str) -> Block:
    import numpy as np

    x, y = patch.get_center()
    columns = {
        **positions(axes, [x], [y]),
        "width": np.array([patch.get_width()], float),
        "height": np.array([patch.get_height()], float),
    }
    return Block("ellipse", label, columns)


def _rectangle(axes: Any, patch: Any, label: str) -> Block | None:
    import numpy as np

    x, y = np.array([patch.get_x()], float), np.array([patch.get_y()], float)
    width, height = np.array([patch.get_width()], float), np.array([patch.get_height()], float)
    in_x, in_y = in_data(axes, patch)
    horizontal = {"y_low": readable(axes.yaxis, y), "y_high": readable(axes.yaxis, y + height)}
    vertical = {"x_low": readable(axes.xaxis, x), "x_high": readable(axes.xaxis, x + width)}
    if in_x and in_y:
        middle = positions(axes, x + width / 2, y + height / 2)
        return Block("rectangle", label, {**middle, **vertical, **horizontal})
    if in_y:
        return Block("hspan", label, horizontal)
    if in_x:
        return Block("vspan", label, vertical)
    return _corners(axes, patch, "rectangle", label)


def _polygon_span(axes: Any, patch: Any, label: str) -> Block | None:
    """Read what ``axhspan`` and ``axvspan`` drew before matplotlib 3.9."""
    in_x, in_y = in_data(axes, patch)
    if in_x == in_y:
        return None
    points = patch.get_xy()[:, 1 if in_y else 0]
    axis, name = (axes.yaxis, "y") if in_y else (axes.xaxis, "x")
    edges = {"low": points.min(keepdims=True), "high": points.max(keepdims=True)}
    columns = {f"{name}_{end}": readable(axis, edge) for end, edge in edges.items()}
    return Block("hspan" if in_y else "vspan", label, columns)


def _corners(axes: Any, patch: Any, kind: str, label: str) -> Block:
    import numpy as np

    points = patch.get_patch_transform().transform(patch.get_path().vertices)
    in_x, in_y = in_data(axes, patch)
    columns = {
        "x": readable(axes.xaxis, points[:, 0]) if in_x else np.asarray(points[:, 0]),
        "y": readable(axes.yaxis, points[:, 1]) if in_y else np.asarray(points[:, 1]),
    }
    if not (in_x and in_y):
        columns["coordinates"] = ["not of the data"] * len(points)
    return Block(kind, label, columns)
