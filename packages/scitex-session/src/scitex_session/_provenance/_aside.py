"""What a session notes of a run aside, until the record is complete."""

from __future__ import annotations

import os

from scitex_session._provenance import _journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ASIDE = ".provenance"  # inside CONFIGS, while a run is being recorded


def add_journals(state: dict[str, Any], aside: str, *, skip: str = "") -> None:
    """Add to `state` the events that journals hold: those of workers, or of a dead process."""
    when = state["start_ns"]
    for name in sorted(os.listdir(aside)):
        if not name.startswith("events") or name == skip:
            continue
        for kind, path in _journal.read(os.path.join(aside, name)):
            if kind == "R":
                state["reads"].setdefault(path, when)
            elif kind in {"W", "w"}:
                state["writes"].setdefault(path, when)
                if kind == "W":
                    state["relative"].append(path)
            elif kind == "-":
                state["writes"].pop(path, None)
            elif kind == "I":
                state["explicit"].setdefault(path, "load")


def remove_aside(run_dir: str) -> None:
    """Remove the notes of a run, all of them files of ours in a directory of ours."""
    aside = os.path.join(run_dir, "CONFIGS", ASIDE)
    try:
        for name in os.listdir(aside):
            os.unlink(os.path.join(aside, name))
        os.rmdir(aside)
    except FileNotFoundError:
        return  # there are none, or somebody else has just removed them
