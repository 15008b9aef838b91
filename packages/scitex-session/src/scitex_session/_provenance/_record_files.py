"""The files that a session keeps in a run directory, and the change of its record after the end.

Everything that these modules know of names in a run directory and of the form of PROVENANCE.json is
here, and for reading in ``_reproduce/_run_record.py``.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CONFIGS = "CONFIGS"
LOGS = "logs"
RECORD = f"{CONFIGS}/PROVENANCE.json"
PATCH = f"{CONFIGS}/CODE.patch"
COPIES = f"{CONFIGS}/CODE"
NOTES = f"{CONFIGS}/.provenance"  # there while a run is recorded, until its record is complete


def write_json(path: str, value: object) -> None:
    """Write `value` into a new file."""
    from .._config import dump_json

    with open(path, "wb") as file:
        file.write(dump_json(value))


def read_record(run_dir: str) -> dict[str, Any]:
    """Return PROVENANCE.json."""
    import json

    with open(os.path.join(run_dir, RECORD), "rb") as file:
        record: dict[str, Any] = json.loads(file.read())
    return record


def is_collected(record: dict[str, Any]) -> bool:
    """Whether a session has added its sections, some of which may still be pending."""
    return "collection" in record


def complete_record(run_dir: str, sections: dict[str, Any]) -> None:
    """Merge `sections` into PROVENANCE.json in one step; nothing is pending from then on."""
    from .._config import dump_json
    from .._durable import write_whole

    record = read_record(run_dir)
    record.pop("pending", None)
    record.update(sections)
    write_whole(os.path.join(run_dir, RECORD), dump_json(record))


def walk_outputs(directory: str, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path below `directory`, entry) of each file that is not the session's, unsorted."""
    try:
        entries = os.scandir(directory)
    except OSError:
        return
    with entries:
        for entry in entries:
            if not below and entry.name in {CONFIGS, LOGS}:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk_outputs(entry.path, f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}", entry
