"""Nested values as indented lines, safe to show whatever they hold."""

from __future__ import annotations

import json

from .._catalog._text import clean, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_LONGEST = 400  # characters of one value
_DEEPEST = 12
_FEW = 8  # values that one line shows


def outline(value: Any, *, most: int | None, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a mapping or list.

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
            yield f"{space}{label} {plain(item)}"
        elif not _is_flat(item) or (isinstance(value, dict) and isinstance(item, dict)):
            yield space + label
            if indent >= _DEEPEST:
                yield f"{space}  ..."
            else:
                yield from outline(item, most=most, indent=indent + 1)
        else:
            yield f"{space}{label} {_on_one_line(item)}"
    if most is not None and len(pairs) > most:
        yield f"{space}... and {len(pairs) - most} more (--all shows them)"


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON of printable ASCII; the one control character that JSON leaves is DEL."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def plain(value: Any) -> str:
    """Return one value on one line: texts as they are, the rest as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(cut(text, _LONGEST)) or '""'


def _is_flat(item: Any) -> bool:
    """Whether a list or mapping holds single values only, and few of them."""
    values = item if isinstance(item, list) else item.values()
    return len(values) <= _FEW and not any(isinstance(one, list | dict) for one in values)


def _on_one_line(item: Any) -> str:
    if isinstance(item, list):
        return f"[{', '.join(plain(one) for one in item)}]"
    return ", ".join(f"{clean(key)}: {plain(one)}" for key, one in item.items())
