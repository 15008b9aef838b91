"""What can still be known of a run whose process is dead."""

from __future__ import annotations

import json
import os
import sys

from scitex_session._provenance import _late, _sections
from scitex_session._provenance._aside import ASIDE, add_journals, remove_aside
from scitex_session._record._record import Record, add_sections
from scitex_session.errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def complete(run_dir: str | os.PathLike[str]) -> bool:
    """
    Add to the record of a run that has ended what was noted aside; never raises for the user.

    For a run that was killed: inputs, outputs, code and environment as far as they were noted
    before the end. For one that ended well: what was left for later, if it is still pending.

    Parameters
    ----------
    run_dir : str or os.PathLike
        The run directory, where it stands now.

    Returns
    -------
    bool
        Whether anything was added.
    """
    run_dir = os.path.abspath(os.fspath(run_dir))
    try:
        return _late.finish(run_dir) or _revive(run_dir)
    except (OSError, ValueError, KeyError, TypeError, SessionError) as error:
        sys.stderr.write(f"scitex-session: {run_dir}: the record stays incomplete: {error}\n")
        return False


def _revive(run_dir: str) -> bool:
    """Do what the session would have done at its end."""
    aside = os.path.join(run_dir, "CONFIGS", ASIDE)
    try:
        with open(os.path.join(aside, "start"), encoding="utf-8", errors="surrogateescape") as file:
            state: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        return False
    record = Record.read(run_dir).data
    if "collection" in record:  # it was killed when only the notes were left to be removed
        if "pending" not in record:  # or somebody is at work with them at this moment
            remove_aside(run_dir)
        return False
    add_journals(state, aside)
    # Of the writes of a killed process only where they went is known, not what it did before.
    state["not_collected"].append(
        "the process ended by force: modules imported and programs started after the start, and "
        "files removed, are not known"
    )
    _late._await_git(state, aside)  # noqa: SLF001 - the same room
    add_sections(run_dir, _sections.build(state, run_dir, inline=False))
    remove_aside(run_dir)
    return True
