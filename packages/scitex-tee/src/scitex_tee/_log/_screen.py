"""The rows of a terminal that can still change, and what control codes do to them.

A row is a plain ``str`` while every character in it fills one cell; it becomes a list of cells (the
second cell of a wide character is ``""``) when a tab, a wide or a combining character is in it.
"""

from __future__ import annotations

WINDOW = 60  # rows that a cursor movement can still reach
COLUMNS = 1000  # no cursor movement goes further right: real terminals stop at their edge
ROW_LIMIT = 65536  # cells; a longer row leaves in pieces, so that memory stays bounded
_TAB = 8

_widths: dict[str, int] = {}


def _width(char: str) -> int:
    """Cells that `char` fills: 0 for a combining mark, 2 for a wide character, else 1."""
    known = _widths.get(char)
    if known is None:
        import unicodedata

        if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            known = 0
        else:
            known = 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
        _widths[char] = known
    return known


def _cells(text: str) -> list[str]:
    """Split `text` into cells."""
    cells: list[str] = []
    for char in text:
        width = _width(char)
        if width == 0 and cells:
            lead = len(cells) - 1
            while lead > 0 and cells[lead] == "":
                lead -= 1
            cells[lead] += char
        else:
            cells.append(char)
            if width == 2:  # noqa: PLR2004 - two cells
                cells.append("")
    return cells


def _free(cells: list[str], start: int, stop: int) -> None:
    """Blank the halves that a write to ``cells[start:stop]`` would cut off."""
    if start < len(cells) and cells[start] == "":
        lead = start - 1
        while cells[lead] == "":
            lead -= 1
        cells[lead:start] = [" "] * (start - lead)
    while stop < len(cells) and cells[stop] == "":
        cells[stop] = " "
        stop += 1


class Screen:
    """What a terminal would show, without a right edge and with `WINDOW` rows of memory.

    Parameters
    ----------
    columns
        Cursor movements stop at this column. Text does not wrap.
    """

    __slots__ = (
        "_main", "column", "columns", "home", "leaving", "moving", "row", "rows", "saved",
    )  # fmt: skip

    def __init__(self, columns: int = COLUMNS) -> None:
        self.rows: list[str | list[str]] = [""]
        self.row = self.column = 0
        self.columns = columns
        self.home: int | None = None  # the row that "cursor home" means
        self.saved: tuple[int, int] | None = None
        self.leaving: list[str] = []  # text that can no longer change, in order
        self.moving: int | None = None  # rows from here on are being redrawn
        self._main: tuple[list[str | list[str]], int, int] | None = None

    # -- reading -------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Return the rows as text, each but the last with its line feed."""
        rows = self.rows if self._main is None else self._main[0]
        lines = [(row if isinstance(row, str) else "".join(row)) + "\n" for row in rows]
        lines[-1] = lines[-1][:-1]
        return lines

    @property
    def at_end(self) -> bool:
        """Whether plain text that is written next is simply appended."""
        return (
            self.row == len(self.rows) - 1
            and self.column == len(self.rows[-1])
            and self.home is None
            and self.saved is None
            and self._main is None
        )

    @property
    def is_main(self) -> bool:
        """Whether this is not the page of a full-screen program."""
        return self._main is None

    def state(self) -> tuple[object, ...]:
        """Return the whole state as builtins, for `from_state`."""
        rows = [row if isinstance(row, str) else list(row) for row in self.rows]
        main = self._main and (list(self._main[0]), *self._main[1:])
        return (rows, self.row, self.column, self.columns, self.home, self.saved, self.moving, main)

    @classmethod
    def from_state(cls, state: tuple[object, ...]) -> Screen:
        """Make a screen that continues from a `state`."""
        self = cls()
        names = ("rows", "row", "column", "columns", "home", "saved", "moving", "_main")
        for name, value in zip(names, state, strict=True):
            setattr(self, name, value)
        return self

    # -- text ----------------------------------------------------------------------------

    def put(self, text: str) -> None:
        """Write `text`, which has no control characters but tabs, at the cursor."""
        if "\t" in text:
            first, *others = text.split("\t")
            self._put(first)
            for part in others:
                self._tab()
                self._put(part)
        else:
            self._put(text)

    def _put(self, text: str) -> None:
        if not text:
            return
        row = self.rows[self.row]
        column = self.column
        if column < len(row):
            self._touch()
        if isinstance(row, str) and (text.isascii() or all(_width(c) == 1 for c in text)):
            if len(row) < column:
                row = row.ljust(column)
            end = column + len(text)
            self.rows[self.row] = row[:column] + text + row[end:]
            self.column = end
        else:
            self._put_cells(_cells(text))
        if len(self.rows[self.row]) > ROW_LIMIT:
            self._release_front()

    def _put_cells(self, cells: list[str]) -> None:
        row = self._row_cells()
        if self.column and self.column <= len(row) and cells and _width(cells[0][0]) == 0:
            lead = self.column - 1
            while lead > 0 and row[lead] == "":
                lead -= 1
            row[lead] += cells.pop(0)
        row.extend([" "] * (self.column - len(row)))
        end = self.column + len(cells)
        _free(row, self.column, end)
        row[self.column : end] = cells
        self.column = end

    def _row_cells(self) -> list[str]:
        row = self.rows[self.row]
        if isinstance(row, str):
            row = self.rows[self.row] = list(row)
        return row

    def _tab(self) -> None:
        width = _TAB - self.column % _TAB
        if self.column >= len(self.rows[self.row]):
            row = self._row_cells()
            row.extend([" "] * (self.column - len(row)))
            row.extend(["\t", *[""] * (width - 1)])
        self.column += width

    def _release_front(self) -> None:
        """Release the front of a very long row as final text, and with it all rows above."""
        if self._main is None and self.row == len(self.rows) - 1:
            self.leaving += self.lines()[:-1]
            row = self.rows[-1]
            while len(row) > ROW_LIMIT:
                front, row = row[:ROW_LIMIT], row[ROW_LIMIT:]
                self.leaving.append(front if isinstance(front, str) else "".join(front))
                self.column = max(0, self.column - ROW_LIMIT)
            self.rows = [row]
            self.row = 0
            self.home = self.saved = self.moving = None

    # -- movement ------------------------------------------------------------------------

    def _touch(self) -> None:
        if self.moving is None or self.row < self.moving:
            self.moving = self.row

    def line_feed(self, *, to_start: bool = True) -> None:
        """Go to the next row; the oldest one leaves when there are too many."""
        self.row += 1
        if to_start:
            self.column = 0
        if self.row < len(self.rows):
            return
        self.moving = None
        self.rows.append("")
        if len(self.rows) > WINDOW:
            row = self.rows.pop(0)
            self.row -= 1
            if self._main is None:
                self.leaving.append((row if isinstance(row, str) else "".join(row)) + "\n")
            self.home = self.home - 1 if self.home else None
            self.saved = (
                (self.saved[0] - 1, self.saved[1]) if self.saved and self.saved[0] else None
            )

    def carriage_return(self) -> None:
        """Go to the first column."""
        self.column = 0
        if self.rows[self.row]:
            self._touch()

    def backspace(self) -> None:
        """Go one column back."""
        if self.column:
            self.column -= 1
            self._touch()

    def _move(self, row: int, column: int) -> None:
        self.row = min(max(0, row), len(self.rows) - 1)
        self.column = min(max(0, column), max(self.columns - 1, len(self.rows[self.row])))
        self._touch()

    def _goto(self, row: int, column: int) -> None:
        """Go to a row counted from "home", making rows where there are none."""
        if self.home is None:
            self._new_page()
        assert self.home is not None  # noqa: S101 - set by _new_page
        target = min(self.home + row, WINDOW - 1)
        while len(self.rows) <= target:
            self.rows.append("")
        self._move(target, column)

    def _new_page(self) -> None:
        """Begin a page that may be redrawn, below the text so far, which stays."""
        self.row = len(self.rows) - 1
        if self.rows[-1]:
            self.line_feed()
        self.column = 0
        self.home = self.row

    # -- escape sequences ----------------------------------------------------------------

    def escape(self, final: str) -> None:
        """Carry out an escape sequence of one letter."""
        if final == "7":
            self.saved = (self.row, self.column)
        elif final == "8":
            self._move(*(self.saved or (self.row, 0)))
        elif final == "M":
            self._move(self.row - 1, self.column)
        elif final in {"D", "E"}:
            self.line_feed(to_start=final == "E")

    def sequence(self, parameters: str, final: str) -> None:
        """Carry out ``ESC [ parameters final`` if it has an effect on text."""
        if parameters[:1] in {"?", "<", "=", ">"}:
            if final in {"h", "l"} and parameters in {"?47", "?1047", "?1049"}:
                self._alternate(on=final == "h")
            return
        numbers = [int(n[:6]) if n.isdecimal() else 0 for n in parameters.split(";")]
        first = numbers[0]
        count = max(first, 1)
        if final in "ABCDEFG`":
            self._cursor(final, count)
        elif final in "KJPX@LM":
            self._erase(final, first)
        elif final in "Hf":
            self._goto(count - 1, max(numbers[1], 1) - 1 if len(numbers) > 1 else 0)
        elif final == "s":
            self.escape("7")
        elif final == "u":
            self.escape("8")

    def _cursor(self, final: str, count: int) -> None:
        row, column = self.row, self.column
        if final in "AF":
            row -= count
        elif final in "BE":
            row += count
        elif final == "C":
            column += count
        elif final == "D":
            column -= count
        else:
            column = count - 1
        self._move(row, 0 if final in "EF" else column)

    def _erase(self, final: str, number: int) -> None:
        self._touch()
        if final == "J":
            self._erase_rows(number)
        elif final in "LM":
            count = min(max(number, 1), WINDOW)
            if final == "M":
                del self.rows[self.row : self.row + count]
                self.rows += [""] * (self.row + 1 - len(self.rows))
            else:
                self.rows[self.row : self.row] = [""] * count
                del self.rows[WINDOW:]
        else:
            self._erase_cells(final, number)

    def _erase_rows(self, number: int) -> None:
        if number == 0:
            self._erase_cells("K", 0)
            del self.rows[self.row + 1 :]
        elif number == 1:
            self._erase_cells("K", 1)
            for row in range(self.home or 0, self.row):
                self.rows[row] = ""
        elif number == 2:  # noqa: PLR2004 - the whole page
            column, row = self.column, self.row
            if self.home is None:
                self._new_page()
            else:
                for index in range(self.home, len(self.rows)):
                    self.rows[index] = ""
                self.row = row
            self.column = column

    def _erase_cells(self, final: str, number: int) -> None:
        row = self._row_cells()
        column = self.column
        count = min(max(number, 1), COLUMNS)
        if final == "K" and number == 1:
            _free(row, 0, column + 1)
            row[: column + 1] = [" "] * min(column + 1, len(row))
        elif final == "K":
            start = 0 if number == 2 else column  # noqa: PLR2004 - the whole row
            _free(row, start, len(row))
            del row[start:]
        elif column < len(row):
            _free(row, column, column if final == "@" else column + count)
            if final == "P":
                del row[column : column + count]
            elif final == "X":
                row[column : column + count] = [" "] * min(count, len(row) - column)
            else:
                row[column:column] = [" "] * count
        if all(len(cell) == 1 for cell in row) and "\t" not in row:
            self.rows[self.row] = "".join(row)

    def _alternate(self, *, on: bool) -> None:
        """Enter or leave the page of full-screen programs, which leaves no trace."""
        if on and self._main is None:
            self._main = (self.rows, self.row, self.column)
            self.rows, self.row, self.column = [""], 0, 0
        elif not on and self._main is not None:
            self.rows, self.row, self.column = self._main
            self._main = None
        self.home = self.saved = self.moving = None
