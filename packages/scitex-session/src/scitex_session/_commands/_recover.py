"""File the runs that died unseen under FINISHED_ERROR.

Without PATH all output directories known on this machine are looked at. A run of this machine is
filed when its process is known to be dead; one of another host only when --host names it.
"""

from __future__ import annotations

import os
import sys

from .._catalog._claim import tidy
from .._catalog._registry import known
from .._catalog._text import clean
from .._catalog._walk import find_roots, is_run, states_in
from ..errors import SessionError, UsageError
from ._words import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .._run._recovery import Recovered


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="an output directory, a script, or a directory to search below",
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        help="also file the runs that were running on this host: say it only if they are dead",
    )


def run(options: Namespace) -> int:
    """File dead runs."""
    try:
        roots = find_roots(options.paths) if options.paths else known()
    except FileNotFoundError as error:
        raise UsageError(f"{clean(str(error.filename))}: {error.strerror}") from error
    filed, failed = 0, 0
    for root in roots:
        try:
            for one in _recover(root, options.host):
                sys.stdout.write(f"{clean(one.name)}\t{clean(one.target)}\n")
                filed += 1
        except (OSError, SessionError) as error:
            say(clean(f"scitex-session recover: {root}: {error}") + "\n")
            failed += 1
    if not filed and not failed:
        say(f"no dead runs in {len(roots)} output directories\n")
    return 4 if failed else 0


def _recover(root: str, host: str | None) -> list[Recovered]:
    from .._run import _recovery as recovery

    tidy(root)
    found = recovery.recover(root, host) if states_in(root) else []
    if is_run(root) and not os.path.islink(root) and _ended_unseen(root):
        filed = recovery.file_dead(root)
        found += [filed] if filed is not None else []
    return found


def _ended_unseen(path: str) -> bool:
    """Whether a run that is used in place is dead and its record does not say so yet."""
    from .._catalog._reader import read_record
    from .._catalog._walk import Entry
    from .._run._liveness import is_alive

    try:
        record = read_record(Entry(path, "", "", 0))
    except SessionError:
        return False
    about, process = record["run"], record.get("process")
    if not isinstance(about, dict) or not isinstance(process, dict):
        return False
    return about.get("status") == "running" and is_alive(process) is False
