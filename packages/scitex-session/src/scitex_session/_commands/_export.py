"""Write a run as a research object: an RO-Crate with the Process Run Crate profile.

It holds the run's files and their description in JSON-LD, which repositories and other tools read.
"""

from __future__ import annotations

import os
import sys

from .._catalog._text import clean
from ._options import add_places, add_run
from ._unpacked import directory_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
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
    add_places(parser)


def run(options: Namespace) -> int:
    """Write the crate."""
    from .._reproduce._crate import export

    source = directory_of(options.id, options.places)
    target = options.target or f"{os.path.basename(source)}-crate"
    made = export(source, target, zip=options.zip, license=options.license, author=options.author)
    sys.stdout.write(clean(str(made)) + "\n")
    return 0
