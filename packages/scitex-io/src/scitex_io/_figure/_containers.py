"""What matplotlib itself keeps together: bars, error bars, stems, pies."""

from __future__ import annotations

from scitex_io._figure._block import Block, label_of
from scitex_io._figure._units import readable, tick_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MIN_BINS = 2


def read_bars(axes: Any, bars: Any) -> Block:
    """Return the bars of one call: centre, value, width, base, and error bounds if drawn.

    Bars without gaps on an axis of numbers are a histogram and get the edges of their bins.
    """
    import numpy as np

    upright = bars.orientation != "horizontal"
    boxes = np.array(
        [(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in bars.patches], float
    ).reshape(-1, 4)
    if not upright:
        boxes = boxes[:, [1, 0, 3, 2]]
    start, base, width, height = boxes.T
    along, across = (axes.xaxis, axes.yaxis) if upright else (axes.yaxis, axes.xaxis)
    at, value = ("x", "y") if upright else ("y", "x")
    centre = start + width / 2
    columns = {at: readable(along, centre), value: readable(across, height)}
    kind = "bar" if upright else "barh"
    if _without_gaps(start, width) and not isinstance(columns[at], list):
        kind = "histogram"
        columns |= {f"{at}_low": start, f"{at}_high": start + width}
    else:
        columns["width"] = width
    if np.any(base != 0):
        columns["base"] = base
    names = tick_names(along, centre)
    if names:
        columns[f"{at}_name"] = names
    if bars.errorbar is not None:
        columns |= _bounds(axes, bars.errorbar, {"x": centre, "y": base + height}, swap=not upright)
    return Block(kind, label_of(bars), columns)


def _without_gaps(start: Any, width: Any) -> bool:
    import numpy as np

    enough = len(start) >= _MIN_BINS
    return enough and bool(np.allclose(start[1:], (start + width)[:-1], rtol=1e-9))


def _bounds(axes: Any, errors: Any, points: dict[str, Any], *, swap: bool) -> dict[str, Any]:
    """Return the ends of error bars, in the order of the points they belong to."""
    import numpy as np

    if swap:
        points = {"x": points["y"], "y": points["x"]}
    columns: dict[str, Any] = {}
    collections = list(errors.lines[2])
    for name, drawn in (("x", errors.has_xerr), ("y", errors.has_yerr)):
        if not drawn or not collections:
            continue
        place = "xy".index(name)
        segments = [path.vertices for path in collections.pop(0).get_paths()]
        low, high = _aligned(segments, place, points["yx"[place]])
        axis = axes.xaxis if name == "x" else axes.yaxis
        columns[f"{name}_low"] = readable(axis, np.array(low, float))
        columns[f"{name}_high"] = readable(axis, np.array(high, float))
    return columns


def _aligned(segments: list[Any], place: int, others: Any) -> tuple[list[float], list[float]]:
    # With errorevery only some points have a bar: each is found by its other coordinate.
    nan = float("nan")
    low, high = [nan] * len(others), [nan] * len(others)
    every = len(segments) == len(others)
    point = 0
    for number, segment in enumerate(segments):
        if every:
            point = number
        else:
            while point < len(others) and others[point] != segment[0, 1 - place]:
                point += 1
            if point == len(others):
                break
        low[point], high[point] = segment[0, place], segment[-1, place]
        point += 1
    return low, high


def read_errorbar(axes: Any, errors: Any) -> Block:
    """Return points with the ends of their error bars; without a marker the bars alone."""
    import numpy as np

    line = errors.lines[0]
    if line is not None:
        numbers = [
            np.ma.filled(np.ma.asarray(data).astype(float), np.nan)
            for data in line.get_data(orig=False)
        ]
    else:
        numbers = _middles(errors)
    points = {"x": numbers[0], "y": numbers[1]}
    columns = {"x": readable(axes.xaxis, points["x"]), "y": readable(axes.yaxis, points["y"])}
    columns |= _bounds(axes, errors, points, swap=False)
    return Block("errorbar", label_of(errors), columns)


def _middles(errors: Any) -> list[Any]:
    """Return where the bars stand; a coordinate that only has an end to end is unknown."""
    import numpy as np

    bars = list(errors.lines[2])
    found: list[Any] = [None, None]
    for place, drawn in ((0, errors.has_xerr), (1, errors.has_yerr)):
        if drawn and bars:
            segments = [path.vertices for path in bars.pop(0).get_paths()]
            found[1 - place] = np.array([segment[0, 1 - place] for segment in segments], float)
    count = max(len(column) for column in found if column is not None)
    return [np.full(count, np.nan) if column is None else column for column in found]


def read_stems(axes: Any, stems: Any) -> Block:
    """Return the heads of the stems."""
    x, y = stems.markerline.get_data(orig=False)
    columns = {"x": readable(axes.xaxis, x), "y": readable(axes.yaxis, y)}
    return Block("stem", label_of(stems), columns)


def parts_of(container: Any) -> list[Any]:
    """Return the artists that a container has read for, so that none is read twice."""
    parts: list[Any] = []
    open_parts = list(container)
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, (list, tuple)):
            open_parts.extend(part)
        elif part is not None:
            parts.append(part)
    return parts
