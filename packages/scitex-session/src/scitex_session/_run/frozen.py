"""CONFIG and the record, as they are written at the start and again at the end."""

from __future__ import annotations

import os
from pathlib import Path

from .. import _config
from .._durable import Syncing, write_aside, write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from scitex_dotdict import DotDict

    from .._rundir import RunDir

SCHEMA, SCHEMA_VERSION = "scitex-provenance", 1


def base_config(
    identifier: str, namespaces: dict[str, Any], script: str | None, now: datetime
) -> dict[str, Any]:
    """Return the keys of CONFIG that do not depend on the run directory, then the namespaces."""
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


def point_at(config: DotDict, base: str, path: str) -> None:
    """Let CONFIG name a run directory."""
    config["SDIR_OUT"] = Path(base)
    config["SDIR_RUN"] = config["SDIR_PATH"] = Path(path)
    config["SDIR"] = path


def first_record(config: DotDict, options: dict[str, Any]) -> dict[str, Any]:
    """Return what PROVENANCE.json says from the first moment."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "run": {
            "id": config["ID"],
            "name": os.path.basename(config["SDIR"]),
            "status": "running",
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


def status_word(exit_status: int | None) -> str:
    """Return the record's word for an exit status."""
    if exit_status is None:
        return "finished"
    return "success" if exit_status == 0 else "error"


def duration(seconds: float) -> str:
    """Return ``HH:MM:SS``; hours go on past a day."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def write_config(directory: RunDir, config: DotDict, *, sync: bool = True) -> list[str]:
    """Write CONFIG.yaml (on the disk when this returns, if `sync`) and CONFIG.pkl.

    Returns
    -------
    list of str
        What could not be written as it is, and is described in its place.
    """
    masked, text, warnings = _written(config)
    write_whole(directory.inside("CONFIGS", "CONFIG.yaml"), text, sync=sync)
    pickled = _config.dump_pickle(masked)
    write_whole(directory.inside("CONFIGS", "CONFIG.pkl"), pickled, sync=False)
    return warnings


def _written(config: DotDict) -> tuple[dict[str, Any], bytes, list[str]]:
    """Return CONFIG with its secrets masked, the same as YAML, and what is only described there."""
    from .._provenance import mask

    masked = mask(dict(config))
    plain, warnings = _config.to_plain(masked)
    return masked, _config.dump_yaml(plain), warnings


class End:
    """CONFIG and the record of a run that ends: both on the disk before either is in its place.

    The disk is at work on CONFIG, and what else is to be there, while the record is made.

    Parameters
    ----------
    directory : RunDir
        The run's directory.
    config : DotDict
        CONFIG as it is to stay.
    *others : str
        Files that are to be on the disk as well.

    Attributes
    ----------
    warnings : list of str
        As `write_config` returns them.

    Raises
    ------
    OSError
        If CONFIG cannot be written; nothing is left behind.
    """

    def __init__(self, directory: RunDir, config: DotDict, *others: str) -> None:
        self._config, text, self.warnings = _written(config)
        self._directory = directory
        self._path = directory.inside("CONFIGS", "CONFIG.yaml")
        self._aside = write_aside(self._path, text, sync=False)
        self._syncing = Syncing(*others, self._aside)

    def put(self, record: dict[str, Any], before: Callable[[], None] | None = None) -> None:
        """Put both in place.

        Parameters
        ----------
        record : dict
            The record as it is to stay.
        before : callable, optional
            Called before anything is in place. Whoever makes files had better do it here, when the
            disk is no longer at work: it would be held up.

        Raises
        ------
        OSError
            What stood there before is untouched, but for CONFIG.pkl.
        """
        path = self._directory.inside("CONFIGS", "PROVENANCE.json")
        aside = {self._aside: self._path}
        try:
            try:
                text, pickled = _config.dump_json(record), _config.dump_pickle(self._config)
            finally:
                self._syncing.wait()
            if before is not None:
                before()
            aside[write_aside(path, text)] = path
            pickle = self._directory.inside("CONFIGS", "CONFIG.pkl")
            write_whole(pickle, pickled, sync=False)
            for complete, place in list(aside.items()):
                os.replace(complete, place)
                del aside[complete]
        except BaseException:
            for left in aside:
                os.unlink(left)
            raise


def write_record(directory: RunDir, record: dict[str, Any], *, sync: bool = True) -> None:
    """Write PROVENANCE.json whole."""
    path = directory.inside("CONFIGS", "PROVENANCE.json")
    write_whole(path, _config.dump_json(record), sync=sync)


def read_record(path: str) -> dict[str, Any]:
    """Return what a run's PROVENANCE.json holds.

    Raises
    ------
    OSError
        If it is not there.
    ValueError
        If it is not a record.
    """
    import json

    with open(os.path.join(path, "CONFIGS", "PROVENANCE.json"), "rb") as file:
        record = json.loads(file.read())
    if not isinstance(record, dict) or not isinstance(record.get("run"), dict):
        raise ValueError(  # noqa: TRY004 - the content is wrong, not an argument
            f"{path}: PROVENANCE.json is not a record of a run"
        )
    return record
