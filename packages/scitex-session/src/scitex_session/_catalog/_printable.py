"""Text from files, made safe to print: nothing in it moves the cursor or reverses the line."""

from __future__ import annotations

_LINE_BREAKS = (
    "\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"  # spaces to Python, no blanks to a reader
)


def clean(text: str) -> str:
    r"""Return `text` on one line, with everything that is not a plain character spelled out.

    Control characters and escape sequences, bidirectional overrides, invisible and unassigned
    characters, line separators and bytes that were no UTF-8 become ``\x1b``, ``\u202e`` and the
    like.
    """
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else _escaped(c) for c in text])


def clean_block(text: str) -> str:
    """Return `text` with its lines, tabs and wide spaces kept, and the rest as `clean` has it."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join([c if c.isprintable() or _is_blank(c) else _escaped(c) for c in text])


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` characters, with a mark where it was cut."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _is_blank(character: str) -> bool:
    return character.isspace() and character not in _LINE_BREAKS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
