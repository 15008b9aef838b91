"""Find the format of a file by its ending."""

from __future__ import annotations

import os

from ._formats import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    Writer = Callable[[BinaryIO], None]


_MODULES = {ending: module for module, endings in FORMATS.items() for ending in endings}


class Request:
    """The file that a format is asked to write.

    Parameters
    ----------
    path : str
        Absolute path, for messages.
    ending : str
        In lower case, such as ``.csv.gz``.
    run_id : str or None
        The id to write into the file's own metadata.
    """

    __slots__ = ("ending", "path", "run_id")

    def __init__(self, path: str, ending: str, run_id: str | None) -> None:
        self.path = path
        self.ending = ending
        self.run_id = run_id

    @property
    def kind(self) -> str:
        """The ending without ``.gz``."""
        return self.ending.removesuffix(".gz")


def ending_of(path: str) -> str:
    """Return the ending that decides the format of `path`, in lower case.

    Raises
    ------
    UnknownEndingError
        If there is none, or none that is known; the message lists those that are.
    """
    name = os.path.basename(path)
    stem, last = os.path.splitext(name.lower())
    if last == ".gz":
        last = os.path.splitext(stem)[1] + last
    if last in _MODULES:
        return last
    from ._errors import UnknownEndingError

    raise UnknownEndingError(_unknown(path, last))


def _unknown(path: str, ending: str) -> str:
    endings = sorted(_MODULES)
    known = f"endings: {' '.join(endings)}"
    if not ending:
        return f"{path!r} has no ending, and the ending decides the format; {known}"
    from difflib import get_close_matches

    near = get_close_matches(ending, endings, n=1)
    hint = f", did you mean {near[0]}?" if near else ";"
    return f"{path!r} has the unknown ending {ending}{hint} {known}"


def format_of(ending: str) -> Any:
    """Import the module that writes (`prepare`) and reads (`read`) files of this ending."""
    from importlib import import_module

    return import_module(f"{__package__}._formats.{_MODULES[ending]}")


def check_options(function: Any, options: dict[str, Any], verb: str, ending: str) -> None:
    """Refuse an option that `function` does not take, naming those that it takes.

    Raises
    ------
    TypeError
        For the first such option. A function with ``**options`` passes them to a library that
        refuses for itself.
    """
    takes_any = function.__code__.co_flags & 0x08
    known = sorted(function.__kwdefaults__ or ())
    for name in options:
        if name not in known and not takes_any:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise TypeError(f"{verb}() to or from {ending} has no option {name!r}; {takes}")
