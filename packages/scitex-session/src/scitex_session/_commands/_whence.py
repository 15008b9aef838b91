"""Name the runs that made a file, or read it.

Figures and arrays written by `save` carry the ID of their run; any other file is known by its
content. Copying and renaming change nothing. Exit status 1 if no run is known.
"""

from __future__ import annotations

import sys

from .._catalog._reader import read_record
from .._catalog._select import open_index
from .._catalog._text import clean
from ..errors import SessionError
from ._options import add_places
from ._outline import json_text
from ._words import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from .._catalog._index import Index
    from .._reproduce._whence import Origin


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="FILE", help="any file, wherever it is now")
    parser.add_argument("--json", action="store_true", help="print a JSON array of objects")
    add_places(parser)


def run(options: Namespace) -> int:
    """Name the runs."""
    from .._reproduce._whence import whence

    with open_index(options.places) as index:
        origins = whence(options.file, index.roots)
        packed = {origin.run_id: origin for origin in _packed(index, options.file)}
    # A file may name a run that is only there as a tar file.
    origins = [packed.pop(one.run_id, one) if one.run_dir is None else one for one in origins]
    origins += packed.values()
    if options.json:
        sys.stdout.write(json_text([vars(origin) for origin in origins], indent=2) + "\n")
    else:
        sys.stdout.write("".join(clean(str(origin)) + "\n" for origin in origins))
    if origins:
        return 0
    say(clean(f"{options.file}: no known run made or read it") + "\n")
    return 1


def _packed(index: Index, file: str) -> Iterator[Origin]:
    """Yield the archived runs whose record has a file of this content."""
    from .._reproduce._whence import Origin

    digest = None
    for found in index.find("CAST(file AS TEXT) LIKE '%.tar'"):
        digest = digest or _digest(file)
        try:
            record = read_record(found.entry)
        except SessionError:
            continue
        for section, role in (("outputs", "output"), ("inputs", "input")):
            entries = record.get(section)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and entry.get("sha256") == digest:
                    name = str(entry.get("path"))
                    yield Origin(found.id, found.entry.path, role, "digest", name)


def _digest(file: str) -> str:
    from .._catalog._archive import digest_of

    with open(file, "rb") as reader:
        return digest_of(reader)
