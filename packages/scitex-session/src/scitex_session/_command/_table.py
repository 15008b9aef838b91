"""Tables: by rich on a terminal, tab-separated with a line of headings elsewhere."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, folded: int = -1
) -> None:
    """Print rows of cells that are clean already.

    Parameters
    ----------
    headings : sequence of str
        One for each column.
    rows : iterable of sequences of str
        The cells.
    folded : int
        The column that goes on in the next line where it is too long, in a rich table.
    """
    if not on_terminal():
        lines = ["\t".join(headings), *("\t".join(row) for row in rows), ""]
        sys.stdout.write("\n".join(lines))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, heading in enumerate(headings):
        folds = number in (0, folded % len(headings))
        # The first column holds what is to be copied, so it is never cut.
        table.add_column(heading, overflow="fold" if folds else "ellipsis", no_wrap=not folds)
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell.split(" ")[0], "")) for cell in row))
    Console().print(table)
