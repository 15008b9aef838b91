"""Read what matplotlib makes of several artists: bars, error bars, stems and box plots.

A box plot leaves no object of its own, only lines in a fixed order: the box (here or among the
patches), two whiskers, two caps, the median, the mean, the outliers.
"""

from __future__ import annotations

from ._block import (
    Block,
    directions,
    floats,
    label_of,
    positions,
    readable,
    tick_names,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MIN_BINS = 2
_OUTLINE = (5, 11)  # points of the outline of a box, plain and notched
_PAIR = 2
_FEWEST = 3  # lines of two points in a box plot: two whiskers and a median


def read_bars(axes: Any, bars: Any) -> Block:
    """Read the bars of one call: centre, value, width, base, and error bounds if drawn.

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
    along, across, at, value = directions(axes, upright=upright)
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
        dimension = "xy".index(name)
        segments = [path.vertices for path in collections.pop(0).get_paths()]
        low, high = _aligned(segments, dimension, points["yx"[dimension]])
        axis = axes.xaxis if name == "x" else axes.yaxis
        columns[f"{name}_low"] = readable(axis, np.array(low, float))
        columns[f"{name}_high"] = readable(axis, np.array(high, float))
    return columns


def _aligned(segments: list[Any], dimension: int, others: Any) -> tuple[list[float], list[float]]:
    # With errorevery only some points have a bar: each is found by its other coordinate.
    nan = float("nan")
    low, high = [nan] * len(others), [nan] * len(others)
    every = len(segments) == len(others)
    point = 0
    for number, segment in enumerate(segments):
        if every:
            point = number
        else:
            while point < len(others) and others[point] != segment[0, 1 - dimension]:
                point += 1
            if point == len(others):
                break
        low[point], high[point] = segment[0, dimension], segment[-1, dimension]
        point += 1
    return low, high


def read_errorbar(axes: Any, errors: Any) -> Block:
    """Read points with the ends of their error bars; without a marker the bars alone."""
    line = errors.lines[0]
    if line is not None:
        numbers = [floats(data) for data in line.get_data(orig=False)]
    else:
        numbers = _middles(errors)
    x, y = numbers
    columns = positions(axes, x, y) | _bounds(axes, errors, {"x": x, "y": y}, swap=False)
    return Block("errorbar", label_of(errors), columns)


def _middles(errors: Any) -> list[Any]:
    """Return the positions of bars without points: NaN along a bar."""
    import numpy as np

    bars = list(errors.lines[2])
    found: list[Any] = [None, None]
    for other, drawn in ((1, errors.has_xerr), (0, errors.has_yerr)):
        if drawn and bars:
            segments = [path.vertices for path in bars.pop(0).get_paths()]
            found[other] = np.array([segment[0, other] for segment in segments], float)
    count = max(len(column) for column in found if column is not None)
    return [np.full(count, np.nan) if column is None else column for column in found]


def read_stems(axes: Any, stems: Any) -> Block:
    """Read the heads of stems."""
    x, y = stems.markerline.get_data(orig=False)
    return Block("stem", label_of(stems), positions(axes, x, y))


def parts_of(container: Any) -> list[Any]:
    """Return the artists of a container, so that none is read twice."""
    parts: list[Any] = []
    open_parts = list(container)
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, (list, tuple)):
            open_parts.extend(part)
        elif part is not None:
            parts.append(part)
    return parts


class _Line:
    """A line turned so that `at` runs along the positions and `value` along the data."""

    def __init__(self, line: Any, *, upright: bool) -> None:
        x, y = (data.tolist() for data in map(floats, line.get_data(orig=False)))
        self.at: list[float] = x if upright else y
        self.value: list[float] = y if upright else x
        self.artist = line

    def is_whisker(self) -> bool:
        return len(self.at) == _PAIR and self.at[0] == self.at[1]

    def is_level(self) -> bool:
        return len(self.at) == _PAIR and self.value[0] == self.value[1]

    def is_outline(self) -> bool:
        return len(self.at) in _OUTLINE and (self.at[0], self.value[0]) == (
            self.at[-1],
            self.value[-1],
        )


def read_boxes(axes: Any, lines: list[Any], used: set[int]) -> list[Block]:
    """Read the box plots among `lines`, and add the ids of their lines to `used`."""
    blocks: list[Block] = []
    if sum(len(line.get_xdata(orig=False)) == _PAIR for line in lines) < _FEWEST:
        return blocks  # the points of long lines are not looked at
    for upright in (True, False):
        turned = [_Line(line, upright=upright) for line in lines if id(line) not in used]
        found = _match_all(turned)
        if found:
            used.update(id(line.artist) for box in found for line in box.pop("lines"))
            blocks.extend(_blocks(axes, found, upright=upright))
    return blocks


def _match_all(lines: list[_Line]) -> list[dict[str, Any]]:
    boxes = []
    start = 0
    while start < len(lines):
        box, taken = _match(lines[start:])
        if box is not None:
            boxes.append(box)
        start += max(taken, 1)
    return boxes


def _match(lines: list[_Line]) -> tuple[dict[str, Any] | None, int]:
    """Read one box at the start of `lines`; return it and the number of lines it took."""
    take = _Taker(lines)
    outline = take.one(_Line.is_outline)
    low, high = take.one(_Line.is_whisker), take.one(_Line.is_whisker)
    if low is None or high is None or low.at != high.at:
        return None, 0
    at = low.at[0]
    for whisker in (low, high):
        take.one(lambda line, end=whisker.value[1]: line.is_level() and line.value[0] == end)  # type: ignore[misc]
    quartiles = (low.value[0], high.value[0])
    median = take.one(lambda line: line.is_level() and _between(quartiles, line.value[0]))
    if median is None or not _centred(median, at):
        return None, 0
    mean = take.one(lambda line: line.is_level() or line.at == [at])
    outliers = take.one(lambda line: bool(_is_marked(line)) and all(x == at for x in line.at))
    if mean is not None and outliers is None and _is_outlier(mean, low, high):
        mean, outliers = None, mean
    label = label_of(outline.artist) if outline is not None else ""
    return {
        "lines": take.taken,
        "label": label or label_of(median.artist),
        "at": at,
        "low": low.value[1],
        "q1": quartiles[0],
        "median": median.value[0],
        "q3": quartiles[1],
        "high": high.value[1],
        "mean": mean.value[0] if mean is not None else None,
        "outliers": outliers.value if outliers is not None else [],
    }, len(take.taken)


class _Taker:
    """Takes lines from the front of a list, each only if it fits."""

    def __init__(self, lines: list[_Line]) -> None:
        self._rest = lines
        self.taken: list[_Line] = []

    def one(self, fits: Callable[[_Line], bool]) -> _Line | None:
        following = self._rest[len(self.taken) :]
        if following and fits(following[0]):
            self.taken.append(following[0])
            return following[0]
        return None


def _between(quartiles: tuple[float, float], value: float) -> bool:
    return quartiles[0] <= value <= quartiles[1]


def _centred(line: _Line, at: float) -> bool:
    return abs(sum(line.at) / 2 - at) <= 1e-9 * max(1.0, abs(at), abs(line.at[1] - line.at[0]))


def _is_marked(line: _Line) -> bool:
    return str(line.artist.get_linestyle()) == "None"


def _is_outlier(mean: _Line, low: _Line, high: _Line) -> bool:
    return len(mean.value) == 1 and not low.value[1] <= mean.value[0] <= high.value[1]


def _blocks(axes: Any, boxes: list[dict[str, Any]], *, upright: bool) -> list[Block]:
    import numpy as np

    along, across, at, value = directions(axes, upright=upright)
    blocks = []
    for box in boxes:
        position = np.array([box["at"]], float)
        columns = {
            at: readable(along, position),
            value: readable(across, [box["median"]]),
        }
        for name in ("low", "q1", "median", "q3", "high", "mean"):
            if box[name] is not None:
                columns[name] = readable(across, [box[name]])
        names = tick_names(along, position)
        if names:
            columns[f"{at}_name"] = names
        blocks.append(Block("box", box["label"], columns))
        outliers = box["outliers"]
        if outliers:
            where = np.full(len(outliers), box["at"], float)
            points = {at: readable(along, where), value: readable(across, np.array(outliers))}
            blocks.append(Block("outlier", box["label"], points))
    return blocks
