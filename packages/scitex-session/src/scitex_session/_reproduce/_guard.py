"""Files outside the run directory that a script writes by their full names.

No scratch place can stand in for them: a rerun writes them again. They are copied before, the new
ones are taken aside afterwards, and what stood there is put back.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from scitex_session._reproduce._records import Record


class Guard:
    """
    Keeps what stands where the run wrote by full names.

    Parameters
    ----------
    record : Record
        The run that is repeated.
    folder : str
        Where copies are kept meanwhile.
    active : bool
        Whether there is anything to guard: a script run in place writes as it always does.
    """

    def __init__(self, record: Record, folder: str, *, active: bool) -> None:
        self._paths = [
            str(entry["path"])
            for entry in record.entries("outputs")
            if active and entry.get("elsewhere") and entry.get("given") == "absolute"
        ]
        self._folder = folder
        self._kept: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        if self._paths:
            os.makedirs(self._folder, exist_ok=True)
        for index, path in enumerate(self._paths):
            if os.path.isfile(path):
                self._kept[path] = os.path.join(self._folder, f"{index}-before")
                shutil.copy2(path, self._kept[path])
        return self

    def __exit__(self, *exc: object) -> None:
        for index, path in enumerate(self._paths):
            if os.path.isfile(path):
                self.made[path] = os.path.join(self._folder, f"{index}-after")
                shutil.copy2(path, self.made[path])
            if path in self._kept:
                shutil.copy2(self._kept[path], path)
                self.notes.append(f"{path} was written again by its full name, and put back")
            elif path in self.made:
                os.unlink(path)  # made by the rerun, and kept aside
