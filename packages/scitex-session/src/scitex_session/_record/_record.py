"""The record of a run: CONFIG and PROVENANCE.json, from the start of the run to its end.

Every kind of end goes through the same three calls: `Record.note_end` notes it, `Record.write` puts
it on the disk, and `RunDir.file` moves the directory.
"""

from __future__ import annotations

import os
from pathlib import Path

from .._config._directory import load_yaml
from .._durable import stage, write_whole
from ..errors import SessionError
from . import _json
from ._config_pickle import dump_pickle
from ._run_directory import (
    CONFIG_PICKLE,
    CONFIG_YAML,
    RECORD,
    RunDir,
)
from ._status import DIRECTORY_OF, ERROR, RUNNING, SUCCESS, status_of_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from datetime import datetime
    from typing import Any

SCHEMA, SCHEMA_VERSION = "scitex-provenance", 1
_PATH_KEYS = ("FILE", "SDIR_OUT", "SDIR_RUN", "SDIR_PATH")


class RecordError(SessionError):
    """The record is missing or cannot be used."""


class NoRecord(RecordError):  # noqa: N818 - the name states a fact
    """There is no record."""


class LaterRecord(RecordError):  # noqa: N818 - as above
    """The record was written by a later version of this package."""


class Record:
    """The record of one run.

    Parameters
    ----------
    directory : RunDir
        The run's directory.
    data : dict
        What PROVENANCE.json holds.
    config : mapping or None
        CONFIG; None where only PROVENANCE.json is known.
    """

    def __init__(
        self, directory: RunDir, data: dict[str, Any], config: MutableMapping[str, Any] | None
    ) -> None:
        self.directory = directory
        self.data = data
        self.config = config

    @classmethod
    def read(cls, path: str) -> Record:
        """Return the record of the run directory at `path`, without its CONFIG.

        Raises
        ------
        RecordError
            `NoRecord` if there is none, `LaterRecord` if a later version wrote it.
        """
        directory = RunDir.at(path)
        file = directory.inside(RECORD)
        try:
            with open(file, "rb") as stream:
                data = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            raise NoRecord(f"{path}: holds no {RECORD}; name the directory of a run") from None
        except OSError as error:
            raise RecordError(f"{file}: cannot be read ({error})") from None
        return cls(directory, parse(data, file), None)

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
    def path(self) -> str:
        """The run directory."""
        return self.directory.path

    @property
    def path_while_running(self) -> str:
        """Where the run directory was until the run was filed."""
        return os.path.join(
            str(self.run.get("sdir_out")), DIRECTORY_OF[RUNNING], str(self.run.get("name"))
        )

    @property
    def is_running(self) -> bool:
        """Whether the record has no end yet."""
        return self.run.get("status") == RUNNING or self.run.get("end_time") is None

    @property
    def ended_as(self) -> str:
        """The status as a past-tense verb: ``succeeded``, ``failed`` or ``ended``."""
        return {SUCCESS: "succeeded", ERROR: "failed"}.get(str(self.run.get("status")), "ended")

    def require_end(self) -> None:
        """Raise a SessionError if the run has not ended."""
        if self.is_running:
            raise SessionError(f"{self.path}: is still running, or dead (recover it first)")

    def section(self, name: str) -> dict[str, Any]:
        """Return a section that is a mapping; empty if the record has none."""
        section = self.data.get(name)
        return section if isinstance(section, dict) else {}

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Return a section that is a list of mappings; empty if the record has none."""
        section = self.data.get(name)
        return [e for e in section if isinstance(e, dict)] if isinstance(section, list) else []

    def read_config(self) -> None:
        """Read CONFIG.yaml too, where that can be read; `config` stays None where it cannot."""
        try:
            config = load_yaml(self.directory.inside(CONFIG_YAML))
        except (OSError, SessionError):
            return
        if isinstance(config, dict):
            for key in _PATH_KEYS:
                if isinstance(config.get(key), str):
                    config[key] = Path(config[key])
            self.config = config

    def note_end(
        self,
        exit_status: int | None,
        reason: str,
        when: datetime,
        *,
        message: str | None = None,
        status: str | None = None,
    ) -> None:
        """Record how the run ended; paths already name the directory it will be filed in.

        Parameters
        ----------
        exit_status : int or None
            None for a session that was closed without one, or that was killed.
        reason : str
            What CONFIG says in ``EXIT_REASON``.
        when : datetime
            The end, aware of its zone.
        message : str or None
            The user's own message about the end.
        status : str or None
            Decided by `exit_status` where it is left out.
        """
        status = status or status_of_exit(exit_status)
        self.run.update(
            status=status,
            exit_status=exit_status,
            exit_reason=reason,
            end_time=when.isoformat(),
            run_time=_duration(self.run.get("start_time"), when),
        )
        if self.config is not None:
            self.config.update(
                END_DATETIME=when,
                END_TIME=self.run["end_time"],
                RUN_TIME=self.run["run_time"],
                EXIT_STATUS=exit_status,
                EXIT_REASON=reason,
            )
        if message is not None:
            self.note_message(message)
        self.point_at(self.directory.target(status))

    def note_message(self, message: str) -> None:
        """Record the user's own message about the end."""
        self.run["message"] = message
        if self.config is not None:
            self.config["MESSAGE"] = message

    def point_at(self, path: str) -> None:
        """Set the path of the run directory that the record names."""
        self.run["sdir_run"] = path
        if self.config is not None:
            self.config.update(paths_of(self.directory.base, path))

    def write(self, *, sync: bool = True) -> list[str]:
        """Write CONFIG.yaml, CONFIG.pkl and PROVENANCE.json; each appears whole.

        Parameters
        ----------
        sync : bool
            Whether CONFIG.yaml and PROVENANCE.json are fsynced, both before either appears.

        Returns
        -------
        list of str
            What of CONFIG could not be written as it is, and is described in its place.

        Raises
        ------
        OSError
            CONFIG.yaml and PROVENANCE.json are what they were before.
        """
        contents, warnings = self._config_files()
        if "schema" in self.data:  # without a schema the file is not a record of ours
            contents[RECORD] = _json.dump(self.data)
        staged: dict[str, str] = {}
        try:
            for name, data in contents.items():
                path = self.directory.inside(name)
                staged[stage(path, data, sync=sync and name != CONFIG_PICKLE)] = path
            for complete, path in list(staged.items()):
                os.replace(complete, path)
                del staged[complete]
        except BaseException:
            for left in staged:
                os.unlink(left)
            raise
        return warnings

    def _config_files(self) -> tuple[dict[str, bytes], list[str]]:
        """Return CONFIG's files, with secrets masked; none where CONFIG is not known."""
        if self.config is None:
            return {}, []
        from scitex_io import dump_yaml, to_plain

        from .._masking import mask

        masked = mask(dict(self.config))
        plain, warnings = to_plain(masked)
        files = {
            CONFIG_PICKLE: dump_pickle(masked),
            CONFIG_YAML: dump_yaml(plain),
        }
        return files, warnings


def add_sections(path: str, sections: dict[str, Any]) -> None:
    """Add to the record of a run that has ended what was pending, in one step.

    Raises
    ------
    RecordError
        If the run directory at `path` holds no record.
    OSError
        If it cannot be written; it is what it was before.
    """
    record = Record.read(path)
    record.data.pop("pending", None)
    record.data.update(sections)
    write_whole(record.directory.inside(RECORD), _json.dump(record.data))


def parse(data: bytes, file: str) -> dict[str, Any]:
    """Return what the bytes of a PROVENANCE.json hold, checked.

    Parameters
    ----------
    data : bytes
        Its content.
    file : str
        Where it stands, for messages.

    Raises
    ------
    RecordError
        If it is no record, or one of a later version.
    """
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{file}: cannot be read ({error})") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise RecordError(f"{file}: is not the record of a run")
    version = found.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise LaterRecord(f"{file}: was written by a later version; update scitex-session")
    if not isinstance(found.get("run"), dict):
        raise RecordError(f"{file}: is not the record of a run")
    return found


def has_ended(data: dict[str, Any]) -> bool:
    """Return whether a record says how its run ended."""
    return bool(data["run"].get("status") != RUNNING)


def is_pending(data: dict[str, Any], section: str | None = None) -> bool:
    """Return whether a section, or any, is still to be completed after the end of the run."""
    pending = data.get("pending")
    if section is None:
        return bool(pending)
    return isinstance(pending, list) and section in pending


def first_config(
    identifier: str, namespaces: dict[str, Any], script: str | None, now: datetime
) -> dict[str, Any]:
    """Return CONFIG at the start of a run, but for the keys of `paths_of`."""
    return {
        "ID": identifier,
        "PID": os.getpid(),
        "START_DATETIME": now,
        "START_TIME": now.isoformat(),
        "END_DATETIME": None,
        "END_TIME": None,
        "RUN_TIME": None,
        "EXIT_STATUS": None,
        "EXIT_REASON": None,
        "FILE": Path(script) if script else None,
        **namespaces,
    }


def paths_of(base: str, path: str) -> dict[str, Any]:
    """Return the keys of CONFIG that name the directories of a run."""
    run = Path(path)
    return {"SDIR_OUT": Path(base), "SDIR_RUN": run, "SDIR_PATH": run, "SDIR": path}


def first_data(config: MutableMapping[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return what PROVENANCE.json holds from the first moment on.

    Parameters
    ----------
    config : mapping
        CONFIG.
    options : dict
        Further entries of the section ``run``.
    """
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "run": {
            "id": config["ID"],
            "name": os.path.basename(config["SDIR"]),
            "status": RUNNING,
            "exit_status": None,
            "exit_reason": None,
            "start_time": config["START_TIME"],
            "end_time": None,
            "run_time": None,
            "script": str(config["FILE"]) if config["FILE"] else None,
            "sdir_out": str(config["SDIR_OUT"]),
            "sdir_run": config["SDIR"],
            "cwd": os.getcwd(),
            "message": None,
            **options,
        },
    }


def _duration(start: object, end: datetime) -> str | None:
    """Return ``HH:MM:SS``, hours going on past a day; None where the start is not known."""
    from datetime import datetime

    try:
        seconds = (end - datetime.fromisoformat(str(start))).total_seconds()
    except (TypeError, ValueError):
        return None
    whole = max(0, int(seconds))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def run_directories(roots: Iterable[str]) -> list[str]:
    """Return the run directories in output directories, those of the oldest name first.

    Parameters
    ----------
    roots : iterable of str
        Output directories, or run directories.
    """
    found = []
    for root in map(os.path.abspath, roots):
        candidates = [root]
        for folder in (os.path.join(root, directory) for directory in DIRECTORY_OF.values()):
            if os.path.isdir(folder):
                candidates += [os.path.join(folder, name) for name in os.listdir(folder)]
        found += [path for path in candidates if os.path.isfile(os.path.join(path, RECORD))]
    return sorted(dict.fromkeys(found), key=os.path.basename)
