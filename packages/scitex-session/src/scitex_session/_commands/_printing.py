"""What the commands print: messages, tab-separated rows, tables, JSON and nested values.

Whatever it came from, no text moves the cursor or forges a line: see `_catalog._printable`.
"""

from __future__ import annotations

import json
import os
import sys

from .._catalog._printable import clean, clean_block, cut
from .._record._status import DEAD, ERROR, RUNNING, SUCCESS, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_WIDEST = 30  # characters of a cell that is neither the first nor the last, on a terminal
_NARROWEST = 8
_STYLES = {
    SUCCESS: "green",
    ERROR: "red",
    DEAD: "red",
    RUNNING: "cyan",
    UNKNOWN: "yellow",
}
_LONGEST = 400  # characters of one value
_DEEPEST = 12
_FEW = 8  # values that one line shows


def say(text: str) -> None:
    """Print a message on standard error, behind what standard output has been given so far."""
    sys.stdout.flush()
    sys.stderr.write(clean_block(text) + "\n")


def print_row(*cells: str) -> None:
    """Print one tab-separated line."""
    sys.stdout.write("\t".join(map(clean, cells)) + "\n")


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(json_text(value, indent=2) + "\n")


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON of printable ASCII; the one control character that JSON leaves is DEL."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def counted(number: int, noun: str) -> str:
    """Return ``1 run``, ``2 runs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def on_terminal() -> bool:
    """Whether standard output is a terminal that can draw a table."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb"


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of cells that are clean already: as a table on a terminal, else tab-separated.

    In a table each row is one line: the first column is never cut, since it is there to be copied,
    and the last takes what is left.
    """
    if not on_terminal():
        sys.stdout.write("".join("\t".join(row) + "\n" for row in (headings, *rows)))
        return
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    fitted = [(row[0], *(cut(cell, _WIDEST) for cell in row[1:-1]), row[-1]) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *fitted, strict=True)]
    # The last cell is cut here so that rich has no reason to squeeze the first column.
    left = max(console.width - sum(widths[:-1]) - 3 * len(widths), _NARROWEST)
    table.add_column(headings[0], overflow="fold", min_width=widths[0])
    for heading in headings[1:]:
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    for row in fitted:
        cells = (*row[:-1], cut(row[-1], left))
        table.add_row(*(Text(cell, style=_STYLES.get(cell.split(" ")[0], "")) for cell in cells))
    console.print(table)


def nested_lines(value: Any, *, most: int | None, indent: int = 0) -> Iterator[str]:
    """Yield the indented lines of a mapping or list.

    Parameters
    ----------
    value : object
        What JSON holds.
    most : int or None
        How many items of each list or mapping are shown; None for all.
    indent : int
        How many steps the lines are indented.
    """
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    space = "  " * indent
    for key, item in pairs[:most]:
        label = f"{clean(cut(str(key), _LONGEST))}:" if isinstance(value, dict) else "-"
        if not isinstance(item, list | dict) or not item:
            yield f"{space}{label} {one_line(item)}"
        elif not _is_flat(item) or (isinstance(value, dict) and isinstance(item, dict)):
            yield space + label
            if indent >= _DEEPEST:
                yield f"{space}  ..."
            else:
                yield from nested_lines(item, most=most, indent=indent + 1)
        elif isinstance(item, list):
            yield f"{space}{label} [{', '.join(map(one_line, item))}]"
        else:
            texts = [f"{clean(name)}: {one_line(one)}" for name, one in item.items()]
            yield f"{space}{label} {', '.join(texts)}"
    if most is not None and len(pairs) > most:
        yield f"{space}... and {len(pairs) - most} more (--all shows them)"


def one_line(value: Any) -> str:
    """Return one value on one line: texts as they are, the rest as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(cut(text, _LONGEST)) or '""'


def _is_flat(item: Any) -> bool:
    """Whether a list or mapping holds single values only, and few of them."""
    values = item if isinstance(item, list) else item.values()
    return len(values) <= _FEW and not any(isinstance(one, list | dict) for one in values)
