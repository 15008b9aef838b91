"""Doing a run again and comparing what came out."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scitex_session._reproduce import _causes
from scitex_session._reproduce._guard import Guard
from scitex_session._reproduce._launch import Launch
from scitex_session._reproduce._mirror import Mirror
from scitex_session._reproduce._outputs import compare_outputs
from scitex_session._reproduce._records import Record, run_directories
from scitex_session._reproduce._restore import Code
from scitex_session.errors import SessionError

if TYPE_CHECKING:
    from typing import Any

    from scitex_session._reproduce._content import FileResult
    from scitex_session._reproduce._difference import Difference


@dataclass
class Comparison:
    """
    What a rerun showed.

    Attributes
    ----------
    run_id, rerun_id : str
        The two runs.
    run_dir : str
        The original's directory.
    rerun_dir : str or None
        The new run's directory; None if it was removed, or if no session began.
    files : list of FileResult
        Every output and log.
    causes : list of Difference
        What differs between the runs, the likeliest cause first; empty when reproduced.
    notes : list of str
        What could not be restored or compared.
    status : tuple
        The two exit statuses.
    """

    run_id: str
    rerun_id: str | None
    run_dir: str
    rerun_dir: str | None
    files: list[FileResult] = field(default_factory=list)
    causes: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    status: tuple[Any, Any] = (None, None)

    @property
    def reproduced(self) -> bool:
        """Whether every output and log came out the same, and the end was the same."""
        return (
            self.rerun_id is not None
            and self.status[0] == self.status[1]
            and all(file.same for file in self.files)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything in builtins, for JSON."""
        return {
            "run": self.run_id,
            "rerun": self.rerun_id,
            "reproduced": self.reproduced,
            "run_dir": self.run_dir,
            "rerun_dir": self.rerun_dir,
            "exit_status": list(self.status),
            "files": [vars(file) for file in self.files],
            "causes": [vars(cause) for cause in self.causes],
            "notes": self.notes,
        }

    def text(self) -> str:
        """Return the comparison as lines for reading."""
        verdict = "reproduced" if self.reproduced else "NOT reproduced"
        lines = [f"{self.run_id}: {verdict}" + (f" by {self.rerun_id}" if self.rerun_id else "")]
        lines += [f"  {file}" for file in self.files]
        if self.status[0] != self.status[1]:
            lines.append(f"  exit status {self.status[0]}, then {self.status[1]}")
        if self.causes:
            lines.append("likely causes, the likeliest first:")
            lines += [f"  {n}. {cause}" for n, cause in enumerate(self.causes, 1)]
        elif not self.reproduced and self.rerun_id:
            lines.append(
                "no cause is known: code, inputs, libraries and seeds were the same; see "
                "'unseen' in the record for what it cannot see"
            )
        lines += [f"note: {note}" for note in self.notes]
        if self.rerun_dir and not self.reproduced:
            lines.append(f"the new run: {self.rerun_dir}")
        return "\n".join(lines)


def rerun(
    run_dir: str | os.PathLike[str],
    *,
    in_place: bool = False,
    scratch: str | os.PathLike[str] | None = None,
    tolerance: float = 0.0,
    timeout: float | None = None,
    keep: bool = False,
) -> Comparison:
    """
    Do a run again in a clean place and compare all its outputs and logs.

    Parameters
    ----------
    run_dir : str or os.PathLike
        The directory of a run that has ended.
    in_place : bool
        Run today's code where it lies instead of restoring that of the run; the new run is kept
        beside the old one. Arguments and configuration are those of the run, the seed is the
        code's.
    scratch : str or os.PathLike, optional
        An empty or new directory for code, inputs and results; by default a temporary one.
    tolerance : float
        Relative difference up to which numbers count as equal; 0 asks for the same numbers.
    timeout : float, optional
        Seconds after which the rerun is given up; by default never.
    keep : bool
        Whether a scratch place of our own making stays also when everything was reproduced.

    Returns
    -------
    Comparison

    Raises
    ------
    SessionError
        If the run cannot be repeated: still running, no script, code that is lost.
    """
    record = Record(run_dir)
    if record.run["status"] == "running":
        raise SessionError(f"{record.run_dir}: is still running, or died unseen (recover it first)")
    place = _scratch(scratch)
    again = _Again(record, place, in_place=in_place, tolerance=tolerance, timeout=timeout)
    try:
        comparison = again.compare()
    except BaseException:
        if scratch is None:
            again.clean()
        raise
    if scratch is None and (in_place or (comparison.reproduced and not keep)):
        again.clean()
        if not in_place:
            comparison.rerun_dir = None
    return comparison


def _scratch(scratch: str | os.PathLike[str] | None) -> str:
    if scratch is None:
        return os.path.realpath(tempfile.mkdtemp(prefix="scitex-rerun-"))
    path = os.path.abspath(os.fspath(scratch))
    os.makedirs(path, exist_ok=True)
    if os.listdir(path):
        raise SessionError(f"{path}: is not empty; name a new directory for the rerun")
    return os.path.realpath(path)


class _Again:
    """One rerun: restore, run, compare."""

    def __init__(
        self,
        record: Record,
        scratch: str,
        *,
        in_place: bool,
        tolerance: float,
        timeout: float | None,
    ) -> None:
        self.record = record
        self.scratch = scratch
        self.in_place = in_place
        self.tolerance = tolerance
        self.timeout = timeout
        root = os.path.join(scratch, "root")
        os.makedirs(root, exist_ok=True)
        self.mirror = Mirror(root)
        self.code = Code(record, self.mirror)

    def compare(self) -> Comparison:
        """Do all of it."""
        record = self.record
        place = (lambda path: path) if self.in_place else self.mirror.of
        if not self.in_place:
            self.code.restore()
            self.mirror.bring_inputs(record)
            self.mirror.bring_config(record)
        launch = Launch(record, place, os.path.join(self.scratch, "replay.json"))
        launch.path = self.code.path
        if not self.in_place:  # a scratch place is no place to look for runs in
            launch.state = os.path.join(self.scratch, "state")
        base = place(str(record.run["sdir_out"]))
        launch.write_replay(None if self.in_place else base, in_place=self.in_place)
        before = set(run_directories([base]))
        terminal = os.path.join(self.scratch, "terminal.log")
        folder = os.path.join(self.scratch, "guard")
        with Guard(record, folder, active=not self.in_place) as guard:
            status = launch.run(place(str(record.run["cwd"])), terminal, self.timeout)
        new = self._find(base, before)
        notes = [*self.code.notes, *self.mirror.notes, *launch.notes, *guard.notes]
        if new is None:
            notes.append(f"no session began (exit status {status}): {_last_line(terminal)}")
            causes = _causes.of_inputs(self.mirror.changed_inputs)
            state = (record.run.get("exit_status"), status)
            return Comparison(record.id, None, record.run_dir, None, [], causes, notes, state)
        return self._verdict(new, guard, notes)

    def _find(self, base: str, before: set[str]) -> Record | None:
        fresh = [Record(path) for path in run_directories([base]) if path not in before]
        # A script may open several sessions; the one that is alike is the one to compare with.
        return max(fresh, key=self._likeness, default=None)

    def _likeness(self, new: Record) -> tuple[bool, bool, bool]:
        old = self.record
        return (
            new.run.get("function") == old.run.get("function"),
            new.data.get("args") == old.data.get("args"),
            new.run.get("parent") == old.id,
        )

    def _verdict(self, new: Record, guard: Guard, notes: list[str]) -> Comparison:
        record = self.record
        mirror = None if self.in_place else self.mirror
        files = compare_outputs(record, new, mirror, guard, self.tolerance)
        status = record.run.get("exit_status"), new.run.get("exit_status")
        done = Comparison(record.id, new.id, record.run_dir, new.run_dir, files, [], notes, status)
        if not done.reproduced:
            done.causes = _causes.likely(
                record, new, self.mirror, altered=self.code.notes,
                changed_inputs=self.mirror.changed_inputs,
            )  # fmt: skip
        return done

    def clean(self) -> None:
        """Remove the scratch place and what git knows of it."""
        self.code.remove()
        shutil.rmtree(self.scratch, ignore_errors=True)


def _last_line(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()]
    return lines[-1] if lines else "it printed nothing"
