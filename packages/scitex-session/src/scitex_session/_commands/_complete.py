"""What can stand at the end of a command line that is being typed."""

from __future__ import annotations

from .._catalog._index import Index
from .._catalog._refresh import text_of
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Iterator

_MOST = 200
_TAKES_RUNS = ("id", "ids", "a", "b")


def candidates(words: list[str]) -> list[str]:
    """Return the words that fit, in the order in which they are to be shown.

    Parameters
    ----------
    words : list of str
        What stands behind the command's name, the last one unfinished or empty.
    """
    from ._commands import COMMANDS, parser_of

    typed = words[-1] if words else ""
    if len(words) <= 1:
        return [name for name in COMMANDS if name.startswith(typed)]
    if words[0] not in COMMANDS:
        return []
    actions = parser_of(words[0])._actions  # noqa: SLF001 - argparse has no other way to list them
    before = next((action for action in actions if words[-2] in action.option_strings), None)
    if before is not None and before.nargs != 0:
        return [str(choice) for choice in before.choices or () if str(choice).startswith(typed)]
    if typed.startswith("-"):
        return [
            name for action in actions for name in action.option_strings if name.startswith(typed)
        ]
    positional = [action for action in actions if not action.option_strings]
    return list(_values(positional, typed))


def _values(positional: list[Action], typed: str) -> Iterator[str]:
    for action in positional:
        for choice in action.choices or ():
            if str(choice).startswith(typed):
                yield str(choice)
    if any(action.dest in _TAKES_RUNS for action in positional):
        yield from _runs(typed)


def _runs(typed: str) -> Iterator[str]:
    """Yield the newest runs whose name begins or ends with what was typed."""
    try:
        with Index() as index:
            where = "substr(name, 1, ?) = ? OR substr(name, -?) = ?"
            values = (len(typed), typed, len(typed) or 1, typed)
            found = index.select("name", where, values, f"ORDER BY start DESC LIMIT {_MOST}")
            names = [text_of(name) for (name,) in found]
    except SessionError:
        return
    yield from (name for name in names if name.isprintable())
