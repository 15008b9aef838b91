"""A scratch place in which every path of a run stands as it stood, below another root.

The file ``/home/u/project/data/x.csv`` becomes ``SCRATCH/home/u/project/data/x.csv``: relative
paths, also those with ``..``, lead where they led. Absolute paths lead to the originals.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from scitex_session._provenance._digest import Cache, describe

if TYPE_CHECKING:
    from typing import Any

    from scitex_session._reproduce._records import Record

_COPIED_UP_TO = 64 * 1024 * 1024  # bytes; larger inputs are linked to


class Mirror:
    """
    A directory that stands for the root of the file system.

    Parameters
    ----------
    scratch : str
        The directory, which exists.
    """

    def __init__(self, scratch: str) -> None:
        self.scratch = scratch
        self.notes: list[str] = []
        self.changed_inputs: dict[str, str] = {}

    def of(self, path: str) -> str:
        """Return where `path` stands in the mirror."""
        return os.path.join(self.scratch, os.path.splitdrive(path)[1].lstrip("/\\"))

    def original(self, path: str) -> str:
        """Return the path that one in the mirror stands for; others as they are."""
        inside = path.startswith(self.scratch + os.sep)
        return path[len(self.scratch) :] if inside else path

    def bring_inputs(self, record: Record) -> None:
        """Put what the run read where it will look for it, and see whether it has changed."""
        with Cache() as cache:
            for entry in record.entries("inputs"):
                if entry.get("path"):
                    self._bring_input(entry, cache)
                else:
                    self.notes.append(f"{entry.get('url')} was read from the network, and is again")

    def _bring_input(self, entry: dict[str, Any], cache: Cache) -> None:
        path = str(entry["path"])
        if entry.get("removed"):
            self.notes.append(f"input {path} was removed by the run and is not there any more")
            self.changed_inputs[path] = "not there any more"
            return
        target = self.of(path)
        inside = os.path.lexists(target)
        self._check(entry, target if inside else path, cache)
        if not inside and os.path.exists(path) and "/site-packages/" not in path:
            self._bring(path, target, copy=bool(entry.get("written_too")))

    def bring_config(self, record: Record) -> None:
        """Write the configuration of the run where `start` looks for it, unless it is there."""
        folder = self.of(os.path.join(str(record.run["cwd"]), "config"))
        present = os.listdir(folder) if os.path.isdir(folder) else []
        names = {os.path.splitext(name)[0].upper() for name in present}
        for namespace, values in record.section("config").items():
            if namespace == "IS_DEBUG":
                if not values:
                    continue
                values = {"IS_DEBUG": True}  # noqa: PLW2901 - as the file says it
            if namespace not in names:
                os.makedirs(folder, exist_ok=True)
                path = os.path.join(folder, f"{namespace}.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(values, file)  # JSON is YAML

    def _check(self, entry: dict[str, object], source: str, cache: Cache) -> None:
        path, digest = str(entry["path"]), entry.get("sha256")
        if not os.path.exists(source):
            self.changed_inputs[path] = "not there any more"
        elif digest is None:
            if entry.get("size") != os.path.getsize(source):
                self.changed_inputs[path] = (
                    f"{entry.get('size')} bytes became {os.path.getsize(source)}"
                )
        elif describe(source, cache=cache)["sha256"] != digest and not entry.get("written_too"):
            self.changed_inputs[path] = "its content has changed"

    def _bring(self, path: str, target: str, *, copy: bool) -> None:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        # A copy keeps the original safe from a script that writes where it read.
        if copy or os.path.getsize(path) <= _COPIED_UP_TO:
            shutil.copy2(path, target)
        else:
            os.symlink(path, target)
