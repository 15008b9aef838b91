"""What a comparison of two files may set aside, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTICAL, EQUAL, DIFFERENT, MISSING, NEW = "identical", "equal", "different", "missing", "new"


@dataclass(frozen=True)
class FileResult:
    """The comparison of one file of a run with its counterpart.

    ``identical`` is byte for byte, the run's own ID and paths aside; ``equal`` is in content, for
    dates and internal names vary by nature; ``missing`` was not made again.
    """

    path: str  # from the run directory; absolute for one written elsewhere
    status: str
    detail: str = ""  # where they differ, and by how much

    @property
    def same(self) -> bool:
        """Whether the file was reproduced."""
        return self.status in {IDENTICAL, EQUAL}

    def __str__(self) -> str:
        return f"{self.status:<10} {self.path}" + (f"  ({self.detail})" if self.detail else "")


@dataclass(frozen=True)
class Verdict:
    """A status with its detail, of contents that have no name yet."""

    status: str
    detail: str = ""

    @property
    def same(self) -> bool:
        """Whether the two are the same in content."""
        return self.status in {IDENTICAL, EQUAL}


@dataclass(frozen=True)
class Rules:
    """What may differ between two files."""

    # Texts of the second file that stand for texts of the first: IDs of runs, directories.
    aliases: Mapping[bytes, bytes] = field(default_factory=dict)
    tolerance: float = 0.0  # relative difference up to which two numbers count as equal
    log: bool = False  # whether times, rates and addresses may differ, as in what programs print

    def translate(self, data: bytes) -> bytes:
        """Return `data` of the second run in the terms of the first."""
        for new, old in sorted(self.aliases.items(), key=lambda pair: -len(pair[0])):
            if new in data:  # a number ends where its digits end: `pid 12` is not in `pid 123`
                ending = rb"(?!\d)" if new.startswith(b"pid ") else b""
                data = re.sub(re.escape(new) + ending, old.replace(b"\\", rb"\\"), data)
        return data
