"""Run a run again and compare what came out."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._provenance._late import read_completed
from .._record._record import run_directories
from ._checkout import Checkout
from ._compare_outputs import compare_outputs
from ._differences import likely_causes, of_inputs
from ._isolation import Isolation, make_scratch
from ._launch import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from .._record._record import Record
    from ._differences import Difference
    from ._verdict import FileResult


@dataclass
class Comparison:
    """What a rerun showed."""

    run_id: str
    rerun_id: str | None
    run_dir: str
    rerun_dir: str | None  # None if it was removed, or if no session began
    files: list[FileResult] = field(default_factory=list)  # every output and log
    causes: list[Difference] = field(default_factory=list)  # the likeliest first
    notes: list[str] = field(default_factory=list)  # what could not be restored or compared
    status: tuple[Any, Any] = (None, None)  # the exit statuses of both

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
    """Run a run again in a scratch directory and compare all its outputs and logs.

    With `in_place`, today's code runs where it is instead, with the arguments and configuration
    of the run and the seed of the code, and the new run is kept beside the old one. `scratch` is an
    empty or new directory; by default it is temporary, and kept if something was not reproduced or
    with `keep`. Numbers count as equal up to a relative difference of `tolerance`. The rerun is
    stopped after `timeout` seconds.

    Raises
    ------
    SessionError
        If the run cannot be repeated: still running, no script, code that is lost.
    """
    record = read_completed(run_dir)
    record.require_end()
    isolation = Isolation(make_scratch(scratch), in_place=in_place)
    again = _Rerun(record, isolation, tolerance, timeout)
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


class _Rerun:
    """One rerun: restore, run, compare."""

    def __init__(
        self, record: Record, isolation: Isolation, tolerance: float, timeout: float | None
    ) -> None:
        self.record = record
        self.isolation = isolation
        self.code = Checkout(record, isolation)
        self.tolerance = tolerance
        self.timeout = timeout

    def compare(self) -> Comparison:
        """Do all of it."""
        record, isolation = self.record, self.isolation
        if not isolation.in_place:
            self.code.restore()
            isolation.bring_inputs(record)
            isolation.bring_config(record)
        launch = Launch(record, isolation, self.code.path)
        launch.write_replay()
        base = isolation.of(str(record.run["sdir_out"]))
        before = set(run_directories([base]))
        printed = isolation.own("terminal.log")
        stdin = launch.stdin()
        status = isolation.run(
            record, launch.command(), launch.environment(), stdin=stdin, log=printed,
            timeout=self.timeout,
        )  # fmt: skip
        fresh = [read_completed(path) for path in run_directories([base]) if path not in before]
        # A script may open several sessions; compared is the one that is most alike.
        new = max(fresh, key=self._likeness, default=None)
        notes = [*self.code.notes, *isolation.notes, *launch.notes, *isolation.put_back]
        if new is None:
            notes.append(f"no session began (exit status {status}): {_last_line(printed)}")
            causes = of_inputs(isolation.changed_inputs)
            ends = (record.run.get("exit_status"), status)
            return Comparison(record.id, None, record.path, None, [], causes, notes, ends)
        files = compare_outputs(record, new, isolation, self.tolerance)
        both = (record.run.get("exit_status"), new.run.get("exit_status"))
        done = Comparison(record.id, new.id, record.path, new.path, files, [], notes, both)
        if not done.reproduced:
            done.causes = likely_causes(
                record, new, isolation.original, altered=self.code.notes,
                changed_inputs=isolation.changed_inputs,
            )  # fmt: skip
        return done

    def _likeness(self, new: Record) -> tuple[bool, bool, bool]:
        old = self.record
        return (
            new.run.get("function") == old.run.get("function"),
            new.data.get("args") == old.data.get("args"),
            new.run.get("parent") == old.id,
        )

    def clean(self) -> None:
        """Remove the scratch directory and what git knows of it."""
        self.code.remove()
        self.isolation.remove()


def _last_line(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()]
    return lines[-1] if lines else "it printed nothing"
