"""What one artist drew: a kind, a label and columns of equal size."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_CHUNK = 1 << 16


class Block:
    """The data of one artist.

    Parameters
    ----------
    kind : str
        What it is: ``line``, ``bar``, ``image``, ...
    label : str
        The user's label, "" without one.
    columns : dict of str to array or list
        Arrays may have any shape, so that a grid need not be spread out in memory; all have one
        size.
    grid : bool, default False
        One value for each cell of a picture; of such tables fewer rows are written.
    """

    __slots__ = ("columns", "grid", "kind", "label")

    def __init__(
        self, kind: str, label: str, columns: dict[str, Any], *, grid: bool = False
    ) -> None:
        self.kind = kind
        self.label = label
        self.columns = columns
        self.grid = grid

    @property
    def size(self) -> int:
        """Number of rows."""
        return max((_size(column) for column in self.columns.values()), default=0)

    def chunks(self, names: list[str], fixed: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows piece by piece.

        Parameters
        ----------
        names : list of str
            The columns, in order; one that the block does not have is None in each row.
        fixed : dict
            Values that are the same in each row.
        """
        for start in range(0, self.size, _CHUNK):
            stop = min(start + _CHUNK, self.size)
            parts = [
                self._part(name, start, stop)
                if name in self.columns
                else [fixed.get(name)] * (stop - start)
                for name in names
            ]
            yield list(zip(*parts, strict=True))

    def _part(self, name: str, start: int, stop: int) -> list[Any]:
        column = self.columns[name]
        if isinstance(column, list):
            return column[start:stop]
        part = column.flat[start:stop]
        cells: list[Any] = part.tolist()
        return cells


def note(kind: str, label: str, text: str) -> Block:
    """Return the one row that says why there are no others."""
    return Block(kind, label, {"note": [text]})


def label_of(artist: Any) -> str:
    """Return the label that the user gave, "" for one that matplotlib made up."""
    label = artist.get_label() if hasattr(artist, "get_label") else None
    text = "" if label is None else str(label)
    return "" if text.startswith("_") else text.replace("\r", "\n")


def kinds_of(artist: Any) -> list[str]:
    """Return the names of an artist's class and of those it derives from, nearest first.

    Names instead of classes: nothing of matplotlib need be imported to know an artist, and the
    same code reads versions in which a class does not exist yet.
    """
    return [cls.__name__ for cls in type(artist).__mro__]


def _size(column: Any) -> int:
    return len(column) if isinstance(column, list) else int(column.size)
