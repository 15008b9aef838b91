"""``recover``, ``prune``, ``archive``, ``restore``: what moves runs, and never a live one."""

from __future__ import annotations

import os

from .._catalog._packing import clean_up, pack, unpack
from .._catalog._printable import clean
from .._catalog._query import ENDED, NoSuchRunError, moment, open_index, resolve, roots_of
from .._catalog._registry import known
from .._catalog._run_files import is_live, read_record
from .._catalog._trash import empty_trash, in_trash, move_to_trash, new_batch, restore_from_trash
from .._catalog._walk import IN_PLACE, Entry, is_run, states_in
from .._record._record import has_ended
from .._record._run_directory import ARCHIVED
from .._record._status import ENDED as ENDED_STATUSES
from ..errors import SessionError, UsageError
from ._options import (
    DONE,
    FAILED,
    add_filters,
    add_older_than,
    add_paths,
    add_run,
    condition_of,
)
from ._printing import counted, print_row, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable

    from .._catalog._index import Found, Index
    from .._run._recovery import Recovered


def add_recover(parser: ArgumentParser) -> None:
    """Describe the command line of ``recover``."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="an output directory, a script, or a directory to search below",
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        help="also file the runs that were running on this host; use it only if they are dead",
    )


def recover(options: Namespace) -> int:
    """File the runs whose process died under FINISHED_ERROR.

    Without PATH all output directories known on this machine are looked at. A run of this machine
    is filed when its process is known to be dead; one of another host only when --host names it.
    """
    roots = roots_of(options.paths) if options.paths else known()
    filed = failed = 0
    for root in roots:
        try:
            for one in _recover(root, options.host):
                print_row(one.name, one.target)
                filed += 1
        except (OSError, SessionError) as error:
            say(clean(f"scitex-session recover: {root}: {error}"))
            failed += 1
    if not filed and not failed:
        say(f"no dead runs in {len(roots)} output directories")
    return FAILED if failed else DONE


def _recover(root: str, host: str | None) -> list[Recovered]:
    from .._run import _recovery as recovery

    clean_up(root)
    found = recovery.recover(root, host) if states_in(root) else []
    if is_run(root) and not os.path.islink(root) and _died_in_place(root):
        filed = recovery.file_dead(root)
        found += [filed] if filed is not None else []
    return found


def _died_in_place(path: str) -> bool:
    """Whether a run that is used in place is dead and its record does not say so yet."""
    entry = Entry(path, IN_PLACE, "", 0)
    return not is_live(entry) and not has_ended(read_record(entry))


def add_prune(parser: ArgumentParser) -> None:
    """Describe the command line of ``prune``."""
    parser.add_argument("expressions", metavar="EXPRESSION", nargs="*", help="as in `ls`")
    add_filters(parser, ENDED_STATUSES)
    add_older_than(parser, "runs started (with --empty-trash: pruned)")
    parser.add_argument(
        "--keep-last",
        type=int,
        metavar="N",
        help="leave the N newest of each script's runs that the other options choose",
    )
    parser.add_argument("--empty-trash", action="store_true", help="delete what lies in the trash")
    parser.add_argument("--yes", action="store_true", help="do it, instead of only listing")
    add_paths(parser)


def prune(options: Namespace) -> int:
    """Move old runs to the trash of their output directory (<script>_out/.trash), or empty it.

    Nothing is moved or deleted without --yes: the runs are only listed. Live runs are never
    touched. `restore` brings a run back from the trash.
    """
    with open_index(options.paths) as index:
        if options.empty_trash:
            return _empty_trash(index.roots, options)
        runs = _select(index, options, options.keep_last)
        roots = index.roots
    if not options.yes:
        _print_runs(runs)
        say(f"{counted(len(runs), 'run')} would be moved to the trash; --yes moves them")
        return DONE
    batch = new_batch()
    done, failed = _for_each(runs, roots, "prune", lambda entry: move_to_trash(entry, batch))
    say(f"{counted(done, 'run')} moved to the trash; `scitex-session restore ID` brings one back")
    return FAILED if failed else DONE


def _empty_trash(roots: list[str], options: Namespace) -> int:
    if options.status or options.script or options.expressions or options.keep_last is not None:
        raise UsageError("--empty-trash goes with --older-than, --in and --yes only")
    before = None
    if options.older_than is not None:
        before = moment(options.older_than, option="--older-than")
    if not options.yes:
        there = sum(1 for root in roots for _ in in_trash(root))
        say(f"{counted(there, 'run')} in the trash; --yes deletes those chosen for good")
        return DONE
    deleted, errors = 0, []
    for root in roots:
        number, problems = empty_trash(root, before)
        deleted += number
        errors += problems
    for problem in errors:
        say(clean(f"scitex-session prune: {problem}"))
    say(f"{counted(deleted, 'run')} deleted")
    return FAILED if errors else DONE


def add_archive(parser: ArgumentParser) -> None:
    """Describe the command line of ``archive``."""
    add_run(parser, "ids", many=True)
    add_filters(parser, ENDED_STATUSES)
    add_older_than(parser, "runs started")
    parser.add_argument(
        "--where",
        dest="expressions",
        action="append",
        default=[],
        metavar="EXPRESSION",
        help="only runs with such a parameter, as in `ls` (repeatable)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only list the runs")
    add_paths(parser)


def archive(options: Namespace) -> int:
    """Pack runs into one tar file each, in the place of their directories.

    A run of a thousand files then takes one inode. It stays in `ls`, and `show`, `logs` and `diff`
    read it as before. Each file is read back and compared before its directory is deleted; SHA-256
    digests of all members are the last member (`sha256sum -c` reads them). `restore` unpacks.
    """
    with open_index(options.paths) as index:
        runs = [resolve(index, wanted) for wanted in options.ids] or _select(index, options, None)
        roots = index.roots
    runs = [found for found in runs if not found.entry.archived]
    if options.dry_run:
        _print_runs(runs)
        return DONE
    done, failed = _for_each(runs, roots, "archive", pack)
    say(f"{counted(done, 'run')} archived")
    return FAILED if failed else DONE


def _select(index: Index, options: Namespace, keep: int | None) -> list[Found]:
    """Return the runs that are over and meet the filters, oldest first.

    The `keep` newest of each script are left out. No filter at all is refused, since that would
    mean every run.
    """
    condition = condition_of(options)
    if not condition.sql and keep is None:
        raise UsageError("name runs, or say which: --older-than, --keep-last, --status, --script")
    if keep is not None and keep < 0:
        raise UsageError("--keep-last takes a number that is not negative")
    seen: dict[str, int] = {}
    runs = []
    for found in index.find(*ENDED & condition, "ORDER BY start DESC, name DESC"):
        root = found.entry.root
        seen[root] = seen.get(root, 0) + 1
        if found.entry.state != IN_PLACE and seen[root] > (keep or 0):
            runs.append(found)
    return runs[::-1]


def _print_runs(runs: Iterable[Found]) -> None:
    for found in runs:
        print_row(found.name, found.entry.path)


def _for_each(
    runs: Iterable[Found], roots: Iterable[str], verb: str, work: Callable[[Entry], str | None]
) -> tuple[int, int]:
    """Do something to each run; return how many were done and how many failed.

    A run that refuses does not stop the others. ``work(entry)`` returns where the run is now, None
    if another tool has moved it meanwhile.
    """
    for root in roots:
        clean_up(root)
    done = failed = 0
    for found in runs:
        try:
            target = work(found.entry)
        except (OSError, SessionError) as error:
            where = "" if found.entry.path in str(error) else f"{found.entry.path}: "
            say(clean(f"scitex-session {verb}: {where}{error}"))
            failed += 1
            continue
        if target is not None:
            print_row(found.name, target)
            done += 1
    return done, failed


def add_restore(parser: ArgumentParser) -> None:
    """Describe the command line of ``restore``."""
    add_run(parser, "ids", many=True)
    add_paths(parser)


def restore(options: Namespace) -> int:
    """Bring runs back: out of their tar file, or out of the trash.

    Every name in a tar file is checked before it is written, and every file against its SHA-256
    digest before the directory gets its name; the tar file is deleted last.
    """
    if not options.ids:
        raise UsageError("name the runs; `ls` and `ls --trash` list them")
    for wanted in options.ids:
        with open_index(options.paths) as index:
            for root in index.roots:
                clean_up(root)
            print_row(*_restore(index, wanted))
    return DONE


def _restore(index: Index, wanted: str) -> tuple[str, str]:
    """Return the run's name, and where it is now."""
    trashed = [
        (root, entry)
        for root in index.roots
        for _batch, entry in in_trash(root)
        if entry.name.startswith(wanted) or entry.name.endswith(wanted)
    ]
    trashed = [(root, entry) for root, entry in trashed if entry.name == wanted] or trashed
    try:
        found = resolve(index, wanted)
    except NoSuchRunError:
        if len(trashed) != 1:
            raise
        root, entry = trashed[0]
        return entry.name, restore_from_trash(root, entry)
    if found.entry.archived:
        return found.name, unpack(found.entry) or found.entry.path.removesuffix(ARCHIVED)
    if found.entry.state != IN_PLACE and not trashed:
        raise UsageError(f"{found.name} is neither archived nor in the trash")
    raise NoSuchRunError(f"{wanted!r} means {found.name}, which is in place, and runs in the trash")
