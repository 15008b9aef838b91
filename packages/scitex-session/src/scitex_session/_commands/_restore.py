"""Bring runs back: out of their tar file, or out of the trash.

Every name in a tar file is checked before it is written, and every file against its SHA-256 digest
before the directory gets its name; the tar file is deleted last.
"""

from __future__ import annotations

import sys

from .._catalog import _trash
from .._catalog._claim import tidy
from .._catalog._restore import unpack
from .._catalog._select import NoSuchRunError, open_index, resolve
from .._catalog._text import clean
from ..errors import UsageError
from ._options import add_places, add_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .._catalog._index import Index


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    add_run(parser, "ids", many=True)
    add_places(parser)


def run(options: Namespace) -> int:
    """Restore runs."""
    if not options.ids:
        raise UsageError("name the runs; `ls` and `ls --trash` list them")
    for wanted in options.ids:
        with open_index(options.places) as index:
            for root in index.roots:
                tidy(root)
            name, target = _restore(index, wanted)
        sys.stdout.write(f"{clean(name)}\t{clean(target)}\n")
    return 0


def _restore(index: Index, wanted: str) -> tuple[str, str]:
    """Return the run's name, and where it is now."""
    thrown = [
        (root, entry)
        for root in index.roots
        for _stamp, entry in _trash.contents(root)
        if entry.name.startswith(wanted) or entry.name.endswith(wanted)
    ]
    exact = [(root, entry) for root, entry in thrown if entry.name == wanted]
    thrown = exact or thrown
    try:
        found = resolve(index, wanted)
    except NoSuchRunError:
        if len(thrown) != 1:
            raise
        root, entry = thrown[0]
        return entry.name, _trash.take_back(root, entry)
    if found.entry.archived:
        return found.name, unpack(found.entry) or found.entry.path.removesuffix(".tar")
    if found.entry.state and not thrown:
        raise UsageError(f"{found.name} is neither archived nor in the trash")
    raise NoSuchRunError(f"{wanted!r} means {found.name}, which is in place, and runs in the trash")
