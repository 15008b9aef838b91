"""``rerun``, ``whence``, ``export``, ``stale``: what `_reproduce` does with runs, on the shell."""

from __future__ import annotations

import os
import sys

from .._catalog._printable import clean, clean_block
from .._catalog._query import ENDED, open_index, resolve
from .._catalog._run_files import read_record
from .._record._run_directory import ARCHIVED
from .._record._status import ENDED as ENDED_STATUSES
from ..errors import SessionError
from ._options import DONE, NO, add_filters, add_paths, add_run, condition_of
from ._printing import print_json, print_row, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from .._catalog._index import Index
    from .._reproduce._whence import Origin


def add_rerun(parser: ArgumentParser) -> None:
    """Describe the command line of ``rerun``."""
    add_run(parser, "id")
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="run today's code where it lies, and keep the new run beside the old one",
    )
    parser.add_argument(
        "--scratch", metavar="PATH", help="a new directory for the rerun (default: a temporary one)"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="R",
        help="relative difference up to which numbers count as equal (default: 0)",
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="give up after so long (default: never)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the scratch directory even if all was reproduced"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_paths(parser)


def rerun(options: Namespace) -> int:
    """Run a run again in a clean directory and compare everything it makes.

    Code, arguments, configuration and seeds are those of the run. Each output is identical, equal
    in content, or different and where; what differs between the runs is named, the likeliest cause
    first. Exit status 0 only if all of it was reproduced.
    """
    from .._reproduce._rerun import rerun as run_again

    comparison = run_again(
        _directory_of(options),
        in_place=options.in_place,
        scratch=options.scratch,
        tolerance=options.tolerance,
        timeout=options.timeout,
        keep=options.keep,
    )
    if options.json:
        print_json(comparison.to_dict())
    else:
        sys.stdout.write(clean_block(comparison.text()) + "\n")
    return DONE if comparison.reproduced else NO


def add_export(parser: ArgumentParser) -> None:
    """Describe the command line of ``export``."""
    add_run(parser, "id")
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        help="the folder or zip file to make (default: <ID>-crate here)",
    )
    parser.add_argument("--zip", action="store_true", help="write one zip file")
    parser.add_argument(
        "--license", metavar="NAME", help="an SPDX identifier such as CC-BY-4.0, or an address"
    )
    parser.add_argument(
        "--author",
        metavar="NAME",
        help="a name, or an address such as an ORCID (default: the user)",
    )
    add_paths(parser)


def export(options: Namespace) -> int:
    """Write a run as a research object: an RO-Crate with the Process Run Crate profile.

    It holds the run's files and their description in JSON-LD, which repositories and other tools
    read.
    """
    from .._reproduce._crate import export as write_crate

    source = _directory_of(options)
    target = options.target or f"{os.path.basename(source)}-crate"
    made = write_crate(
        source, target, zip=options.zip, license=options.license, author=options.author
    )
    print_row(str(made))
    return DONE


def _directory_of(options: Namespace) -> str:
    """Return the directory of the run that an ID means; a packed run has none."""
    with open_index(options.paths) as index:
        found = resolve(index, options.id)
    if found.entry.archived:
        raise SessionError(f"{found.name} is archived; run `scitex-session restore` on it first")
    return found.entry.path


def add_whence(parser: ArgumentParser) -> None:
    """Describe the command line of ``whence``."""
    parser.add_argument("file", metavar="FILE", help="any file, wherever it is now")
    parser.add_argument("--json", action="store_true", help="print a JSON array of objects")
    add_paths(parser)


def whence(options: Namespace) -> int:
    """Name the runs that made a file, or read it.

    Figures and arrays written by `save` carry the ID of their run; any other file is known by its
    content. Copying and renaming change nothing. Exit status 1 if no run is known.
    """
    from .._reproduce._whence import whence as find_origins

    with open_index(options.paths) as index:
        origins = find_origins(options.file, index.roots)
        packed = {origin.run_id: origin for origin in _packed_origins(index, options.file)}
    # A file may name a run that is only there as a tar file.
    origins = [packed.pop(one.run_id, one) if one.run_dir is None else one for one in origins]
    origins += packed.values()
    if options.json:
        print_json([vars(origin) for origin in origins])
    else:
        for origin in origins:
            print_row(str(origin))
    if not origins:
        say(clean(f"{options.file}: no known run made or read it"))
    return DONE if origins else NO


def _packed_origins(index: Index, file: str) -> Iterator[Origin]:
    """Yield the archived runs whose record has a file of this content."""
    from .._reproduce._whence import Origin

    digest = None
    for found in index.find(f"file LIKE '%{ARCHIVED}'"):
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
    from hashlib import file_digest

    with open(file, "rb") as reader:
        return file_digest(reader, "sha256").hexdigest()


def add_stale(parser: ArgumentParser) -> None:
    """Describe the command line of ``stale``."""
    add_run(parser, "ids", many=True)
    add_filters(parser, ENDED_STATUSES)
    parser.add_argument("--since", metavar="WHEN", help="only runs started since a date or age")
    parser.add_argument("--all", action="store_true", help="list the fresh ones too")
    parser.add_argument("--json", action="store_true", help="print a JSON array of objects")
    add_paths(parser)


def stale(options: Namespace) -> int:
    """List the finished runs that rest on an input or on code that has changed since.

    Exit status 1 if there are any.
    """
    from .._reproduce._stale import stale as judge

    with open_index(options.paths) as index:
        if options.ids:
            runs = [resolve(index, wanted) for wanted in options.ids]
        else:
            runs = list(index.find(*ENDED & condition_of(options)))
    judged = judge([found.entry.path for found in runs if not found.entry.archived])
    listed = [one for one in judged if one.stale or options.all]
    if options.json:
        print_json(
            [
                {"run": one.run_id, "path": one.run_dir, "stale": one.stale, "reasons": one.reasons}
                for one in listed
            ]
        )
    else:
        for one in listed:
            print_row(one.run_id, "stale" if one.stale else "fresh", one.run_dir)
            for reason in one.reasons:
                print_row(f"  {reason}")
    return NO if any(one.stale for one in listed) else DONE
