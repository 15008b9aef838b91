"""Tables: by rich on a terminal, tab-separated with a line of headings elsewhere."""

from __future__ import annotations

import os
import sys

from .._catalog._text import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WIDEST = 30  # characters of a cell that is neither the first nor the last, on a terminal
_NARROWEST = 8
_STYLES = {
    "success": "green",
    "error": "red",
    "dead": "red",
    "running": "cyan",
    "unknown": "yellow",
}


def on_terminal() -> bool:
    """Whether the table is read by a person on a terminal that can place its characters."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb"


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of cells that are clean already.

    On a terminal each row is one line: the first column is never cut, since it is there to be
    copied, and the last takes what is left.

    Parameters
    ----------
    headings : sequence of str
        One for each column.
    rows : iterable of sequences of str
        The cells.
    """
    if not on_terminal():
        lines = ["\t".join(headings), *("\t".join(row) for row in rows), ""]
        sys.stdout.write("\n".join(lines))
        return
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    fitted = list(_fitted(headings, list(rows), console.width))
    for heading in headings:
        first = heading == headings[0]
        table.add_column(
            heading,
            overflow="fold" if first else "ellipsis",
            no_wrap=not first,
            min_width=max((cell_len(row[0]) for row in fitted), default=0) if first else None,
        )
    for row in fitted:
        table.add_row(*(Text(cell, style=_STYLES.get(cell.split(" ")[0], "")) for cell in row))
    console.print(table)


def _fitted(
    headings: Sequence[str], rows: list[Sequence[str]], width: int
) -> Iterator[Sequence[str]]:
    """Cut long cells so that rich has no reason to squeeze the first column."""
    from rich.cells import cell_len

    rows = [(row[0], *(cut(cell, _WIDEST) for cell in row[1:-1]), row[-1]) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)]
    left = max(width - sum(widths[:-1]) - 3 * len(widths), _NARROWEST)
    for row in rows:
        yield (*row[:-1], cut(row[-1], left))
