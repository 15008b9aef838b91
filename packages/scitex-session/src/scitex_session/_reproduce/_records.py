"""Records of runs, read back."""

from __future__ import annotations

import json
import os
from time import monotonic, sleep
from typing import TYPE_CHECKING

from scitex_session.errors import SessionError

if TYPE_CHECKING:
    from typing import Any

_PATIENCE = 60.0  # seconds that a record may take to be completed after its run


class Record:
    """
    The record of one run, completed first if anything is still pending.

    Parameters
    ----------
    run_dir : str or os.PathLike
        The run directory.

    Attributes
    ----------
    run_dir : str
        The run directory, from the root.
    data : dict
        PROVENANCE.json.

    Raises
    ------
    SessionError
        If there is no record that can be read.
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.run_dir = os.path.abspath(os.fspath(run_dir))
        self.data = _read(self.run_dir)
        self._settle()

    def _settle(self) -> None:
        if self.run["status"] == "running" or not self.data.get("pending"):
            return
        from scitex_session._provenance import complete

        deadline = monotonic() + _PATIENCE
        while self.data.get("pending") and monotonic() < deadline:
            # Either the process that completes it is at work, or it never came to that.
            if not complete(self.run_dir):
                sleep(0.02)
            self.data = _read(self.run_dir)

    @property
    def run(self) -> dict[str, Any]:
        """The section ``run``."""
        section: dict[str, Any] = self.data["run"]
        return section

    @property
    def id(self) -> str:
        """The run's ID."""
        return str(self.run.get("id"))

    def section(self, name: str) -> dict[str, Any]:
        """Return a section that is a mapping; empty if the record has none."""
        section = self.data.get(name)
        return section if isinstance(section, dict) else {}

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Return a section that is a list; empty if the record has none."""
        section = self.data.get(name)
        return [e for e in section if isinstance(e, dict)] if isinstance(section, list) else []

    def output_path(self, entry: dict[str, Any]) -> str:
        """Return where an output stands today."""
        return str(entry["path"]) if entry.get("elsewhere") else self.inside(str(entry["path"]))

    def inside(self, *parts: str) -> str:
        """Return a path below the run directory."""
        return os.path.join(self.run_dir, *parts)


def _read(run_dir: str) -> dict[str, Any]:
    path = os.path.join(run_dir, "CONFIGS", "PROVENANCE.json")
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read())
    except FileNotFoundError:
        raise SessionError(
            f"{run_dir}: holds no CONFIGS/PROVENANCE.json; name the directory of a run"
        ) from None
    except (OSError, ValueError) as error:
        raise SessionError(f"{path}: cannot be read ({error})") from None
    if not isinstance(data, dict) or data.get("schema") != "scitex-provenance":
        raise SessionError(f"{path}: is not the record of a run")
    if not isinstance(data.get("run"), dict) or data.get("schema_version", 1) > 1:
        raise SessionError(f"{path}: was written by a later version; update scitex-session")
    return data


def run_directories(roots: list[str]) -> list[str]:
    """Return the run directories under output directories, oldest name first."""
    found = []
    for root in roots:
        root = os.path.abspath(root)  # noqa: PLW2901 - the same directory, said in full
        if os.path.isfile(os.path.join(root, "CONFIGS", "PROVENANCE.json")):
            found.append(root)
            continue
        for state in ("FINISHED_SUCCESS", "FINISHED_ERROR", "FINISHED", "RUNNING"):
            folder = os.path.join(root, state)
            if not os.path.isdir(folder):
                continue
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if os.path.isfile(os.path.join(path, "CONFIGS", "PROVENANCE.json")):
                    found.append(path)
    return sorted(dict.fromkeys(found), key=os.path.basename)
