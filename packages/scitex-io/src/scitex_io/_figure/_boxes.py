"""Box plots, put together again from the lines that matplotlib made of them.

A box plot leaves no object of its own, only lines in a fixed order: the box (here or among the
patches), two whiskers, two caps, the median, the mean, the outliers.
"""

from __future__ import annotations

from scitex_io._figure._block import Block, label_of
from scitex_io._figure._units import readable, tick_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OUTLINE = (5, 11)  # points of a plain and of a notched box
_PAIR = 2
_FEWEST = 3  # lines of two points: two whiskers and a median


class _Line:
    """A line turned so that `at` runs along the positions and `value` along the data."""

    def __init__(self, line: Any, *, upright: bool) -> None:
        x, y = (data.tolist() for data in map(_floats, line.get_data(orig=False)))
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


def _floats(data: Any) -> Any:
    import numpy as np

    return np.ma.filled(np.ma.asarray(data).astype(float), np.nan)


def read_boxes(axes: Any, lines: list[Any], used: set[int]) -> list[Block]:
    """Return a block for each row of boxes, and note the lines they are made of in `used`."""
    blocks: list[Block] = []
    if sum(len(line.get_xdata(orig=False)) == _PAIR for line in lines) < _FEWEST:
        return blocks  # and long lines need not be looked at
    for upright in (True, False):
        turned = [_Line(line, upright=upright) for line in lines if id(line) not in used]
        found = _find(turned)
        if found:
            used.update(id(line.artist) for box in found for line in box.pop("lines"))
            blocks.extend(_blocks(axes, found, upright=upright))
    return blocks


def _find(lines: list[_Line]) -> list[dict[str, Any]]:
    boxes = []
    place = 0
    while place < len(lines):
        box, taken = _match(lines[place:])
        if box is not None:
            boxes.append(box)
        place += max(taken, 1)
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
    def __init__(self, lines: list[_Line]) -> None:
        self._rest = lines
        self.taken: list[_Line] = []

    def one(self, fits: Callable[[_Line], bool]) -> _Line | None:
        place = len(self.taken)
        if place < len(self._rest) and fits(self._rest[place]):
            self.taken.append(self._rest[place])
            return self._rest[place]
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

    along, across = (axes.xaxis, axes.yaxis) if upright else (axes.yaxis, axes.xaxis)
    at, value = ("x", "y") if upright else ("y", "x")
    blocks = []
    for box in boxes:
        place = np.array([box["at"]], float)
        columns = {at: readable(along, place), value: readable(across, np.array([box["median"]]))}
        for name in ("low", "q1", "median", "q3", "high", "mean"):
            if box[name] is not None:
                columns[name] = readable(across, np.array([box[name]]))
        names = tick_names(along, place)
        if names:
            columns[f"{at}_name"] = names
        blocks.append(Block("box", box["label"], columns))
        outliers = box["outliers"]
        if outliers:
            where = np.full(len(outliers), box["at"], float)
            points = {at: readable(along, where), value: readable(across, np.array(outliers))}
            blocks.append(Block("outlier", box["label"], points))
    return blocks
