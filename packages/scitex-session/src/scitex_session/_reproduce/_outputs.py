"""Comparing the outputs and logs of two runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scitex_session._provenance._digest import describe
from scitex_session._provenance._record_files import walk_outputs
from scitex_session._reproduce._content import FileResult, compare_files
from scitex_session._reproduce._content._result import (
    DIFFERENT,
    IDENTICAL,
    MISSING,
    NEW,
    Rules,
)

if TYPE_CHECKING:
    from scitex_session._reproduce._guard import Guard
    from scitex_session._reproduce._mirror import Mirror
    from scitex_session._reproduce._records import Record

LOGS = ("logs/stdout.log", "logs/stderr.log")


def compare_outputs(
    old: Record,
    new: Record,
    mirror: Mirror | None = None,
    guard: Guard | None = None,
    tolerance: float = 0.0,
) -> list[FileResult]:
    """
    Compare every file of two run directories, their logs, and what they wrote elsewhere.

    Parameters
    ----------
    old, new : Record
        The two runs.
    mirror : Mirror, optional
        Where the second ran; its paths stand for the originals.
    guard : Guard, optional
        Holds what the second wrote by full names.
    tolerance : float
        Relative difference up to which numbers count as equal.

    Returns
    -------
    list of FileResult
        In the order of their names, logs last.
    """
    rules = Rules(aliases(old, new, mirror), tolerance)
    first, second = _files(old), _files(new)
    results = [_one(old, first, second, name, rules) for name in sorted(first | second)]
    results += _elsewhere(old, new, mirror, guard, rules)
    logs = Rules(rules.aliases, tolerance, log=True)
    for name in LOGS:
        pair = old.inside(name), new.inside(name)
        if all(os.path.isfile(path) for path in pair):
            results.append(compare_files(*pair, name, logs))
    return results


def aliases(old: Record, new: Record, mirror: Mirror | None) -> dict[bytes, bytes]:
    """Return what the second run says where the first said something else of the same thing."""
    pairs = {new.id: old.id}
    for name in ("sdir_run", "name"):
        pairs[str(new.run.get(name))] = str(old.run.get(name))
    # While it ran, a run stood under RUNNING.
    folders = [(str(r.run.get("sdir_out")), str(r.run.get("name"))) for r in (new, old)]
    pairs[os.path.join(folders[0][0], "RUNNING", folders[0][1])] = os.path.join(
        folders[1][0], "RUNNING", folders[1][1]
    )
    found = {key.encode(): value.encode() for key, value in pairs.items() if key != value}
    if mirror is not None:
        found[mirror.scratch.encode()] = b""
    pids = [str(record.section("process").get("pid")) for record in (new, old)]
    if pids[0] != pids[1]:
        found[f"pid {pids[0]}".encode()] = f"pid {pids[1]}".encode()
    return found


def _files(record: Record) -> dict[str, str]:
    return {name: entry.path for name, entry in walk_outputs(record.run_dir)}


def _one(
    old: Record, first: dict[str, str], second: dict[str, str], name: str, rules: Rules
) -> FileResult:
    recorded = {e["path"]: e.get("sha256") for e in old.entries("outputs")}
    if name not in second:
        return FileResult(name, MISSING, "not made again")
    if name not in first:
        known = recorded.get(name)
        if known is None:
            return FileResult(name, NEW, "not made by the first run")
        same = describe(second[name])["sha256"] == known
        return FileResult(name, IDENTICAL if same else DIFFERENT, "by its recorded digest")
    result = compare_files(first[name], second[name], name, rules)
    if recorded.get(name) not in {None, describe(first[name])["sha256"]}:
        said = "the first run's file was changed after the run"
        return FileResult(
            name, result.status, f"{result.detail}; {said}" if result.detail else said
        )
    return result


def _elsewhere(
    old: Record, new: Record, mirror: Mirror | None, guard: Guard | None, rules: Rules
) -> list[FileResult]:
    results = []
    again = {e["path"]: e.get("sha256") for e in new.entries("outputs") if e.get("elsewhere")}
    for entry in old.entries("outputs"):
        if not entry.get("elsewhere"):
            continue
        path = str(entry["path"])
        if mirror is None and guard is None:  # two runs of the past: one file, two digests
            if path not in again:
                results.append(FileResult(path, MISSING, "not written"))
            else:
                same = again[path] == entry.get("sha256")
                results.append(FileResult(path, IDENTICAL if same else DIFFERENT))
            continue
        by_name = guard.made.get(path) if guard else None
        made = by_name or (mirror.of(path) if mirror else path)
        if not os.path.isfile(made):
            results.append(FileResult(path, MISSING, "not made again"))
        elif describe(made)["sha256"] == entry.get("sha256"):
            results.append(FileResult(path, IDENTICAL))
        elif os.path.isfile(path) and describe(path)["sha256"] == entry.get("sha256"):
            results.append(compare_files(path, made, path, rules))
        else:
            results.append(FileResult(path, DIFFERENT, "the first one is not there to compare"))
    return results
