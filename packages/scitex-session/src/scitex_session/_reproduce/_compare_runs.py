"""Two runs side by side: what they were made of, and what they made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scitex_session._reproduce import _causes
from scitex_session._reproduce._outputs import compare_outputs
from scitex_session._reproduce._records import Record

if TYPE_CHECKING:
    import os
    from typing import Any

    from scitex_session._reproduce._content import FileResult
    from scitex_session._reproduce._difference import Difference


@dataclass(frozen=True)
class RunDifference:
    """
    How two runs differ.

    Attributes
    ----------
    first, second : str
        Their IDs.
    differences : list of Difference
        Settings, code, inputs, libraries, machine and streams that differ.
    files : list of FileResult
        Every output and log.
    """

    first: str
    second: str
    differences: list[Difference] = field(default_factory=list)
    files: list[FileResult] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether the runs made the same of the same."""
        return not self.differences and all(file.same for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in builtins, for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "differences": [vars(difference) for difference in self.differences],
            "files": [vars(file) for file in self.files],
        }

    def text(self) -> str:
        """Return the comparison as lines for reading."""
        lines = [str(difference) for difference in self.differences]
        lines += [str(file) for file in self.files if file.status != "identical"]
        same = sum(file.status == "identical" for file in self.files)
        if same:
            lines.append(f"{same} file{'s' * (same != 1)} identical")
        return "\n".join(lines) or "no difference"


def compare_runs(
    first: str | os.PathLike[str], second: str | os.PathLike[str], *, tolerance: float = 0.0
) -> RunDifference:
    """
    Compare two runs.

    Parameters
    ----------
    first, second : str or os.PathLike
        Their directories.
    tolerance : float
        Relative difference up to which numbers in outputs count as equal.

    Returns
    -------
    RunDifference

    Raises
    ------
    SessionError
        If one of them has no record.
    """
    old, new = Record(first), Record(second)
    return RunDifference(
        old.id,
        new.id,
        _causes.compare_records(old, new),
        compare_outputs(old, new, tolerance=tolerance),
    )
