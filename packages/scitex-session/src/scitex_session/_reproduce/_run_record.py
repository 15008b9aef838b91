"""Read the record of a run: its files, its schema, its status words."""

from __future__ import annotations

import json
import os
from time import monotonic, sleep

from .._provenance._record_files import CONFIGS, LOGS, PATCH, RECORD, walk_outputs
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOG_FILES = (f"{LOGS}/stdout.log", f"{LOGS}/stderr.log")
# Not CONFIG.pkl: nobody should have to load a pickle that was received from elsewhere.
FILES_FOR_OTHERS = (RECORD, f"{CONFIGS}/CONFIG.yaml", PATCH)
_STATES = ("FINISHED_SUCCESS", "FINISHED_ERROR", "FINISHED", "RUNNING")
_PATIENCE = 60.0  # seconds that a record may take to be completed after its run


class Record:
    """The record of one run, completed first if anything is still pending.

    Raises
    ------
    SessionError
        If there is no record that can be read.
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.run_dir = os.path.abspath(os.fspath(run_dir))
        self.data = _read(self.run_dir)  # PROVENANCE.json
        if not self.is_running:
            self._await_completion()

    def _await_completion(self) -> None:
        deadline = monotonic() + _PATIENCE
        while self.data.get("pending") and monotonic() < deadline:
            from .._provenance import complete

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

    @property
    def is_running(self) -> bool:
        """Whether the record has no end."""
        return bool(self.run["status"] == "running")

    @property
    def outcome(self) -> str:
        """How the run ended: ``succeeded``, ``failed`` or, where that is not known, ``ended``."""
        return {"success": "succeeded", "error": "failed"}.get(self.run["status"], "ended")

    def require_end(self) -> None:
        """Raise a SessionError if the run has not ended."""
        if self.is_running:
            raise SessionError(
                f"{self.run_dir}: is still running, or died unseen (recover it first)"
            )

    @property
    def directory_while_running(self) -> str:
        """Where the run directory was until the run was filed."""
        return os.path.join(str(self.run.get("sdir_out")), "RUNNING", str(self.run.get("name")))

    def section(self, name: str) -> dict[str, Any]:
        """Return a section that is a mapping; empty if the record has none."""
        section = self.data.get(name)
        return section if isinstance(section, dict) else {}

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Return a section that is a list; empty if the record has none."""
        section = self.data.get(name)
        return [e for e in section if isinstance(e, dict)] if isinstance(section, list) else []

    def inside(self, name: str) -> str:
        """Return the path of a file in the run directory."""
        return os.path.join(self.run_dir, name)

    def output_files(self) -> dict[str, str]:
        """Return the files in the run directory that are not the session's, name to path."""
        return {name: entry.path for name, entry in sorted(walk_outputs(self.run_dir))}


def _read(run_dir: str) -> dict[str, Any]:
    path = os.path.join(run_dir, RECORD)
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read())
    except FileNotFoundError:
        raise SessionError(f"{run_dir}: holds no {RECORD}; name the directory of a run") from None
    except (OSError, ValueError) as error:
        raise SessionError(f"{path}: cannot be read ({error})") from None
    if not isinstance(data, dict) or data.get("schema") != "scitex-provenance":
        raise SessionError(f"{path}: is not the record of a run")
    if not isinstance(data.get("run"), dict) or data.get("schema_version", 1) > 1:
        raise SessionError(f"{path}: was written by a later version; update scitex-session")
    return data


def run_directories(roots: list[str]) -> list[str]:
    """Return the run directories among `roots` and in output directories, oldest name first."""
    found = []
    for root in map(os.path.abspath, roots):
        if os.path.isfile(os.path.join(root, RECORD)):
            found.append(root)
            continue
        for folder in (os.path.join(root, state) for state in _STATES):
            if os.path.isdir(folder):
                paths = (os.path.join(folder, name) for name in os.listdir(folder))
                found += [path for path in paths if os.path.isfile(os.path.join(path, RECORD))]
    return sorted(dict.fromkeys(found), key=os.path.basename)
