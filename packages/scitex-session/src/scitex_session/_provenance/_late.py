"""Completing a record after the run is filed, in a process of its own."""

from __future__ import annotations

import os
import sys
from time import sleep, time_ns

from scitex_session._provenance import _repository, _sections, _spawn
from scitex_session._provenance._aside import ASIDE, remove_aside
from scitex_session._record._record import add_sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Seconds from the start of a run; a repository on a slow network disk takes its time.
_GIT_PATIENCE = 120.0
_GIT_START = 5.0
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from scitex_session._provenance._late import helper; helper(sys.argv[2])"
)
_SECRETS = "SCITEX_SESSION_KNOWN_SECRETS"


def prepare(run_dir: str) -> _spawn.Waiting:
    """
    Make a process ready that completes the record of the run that will be in `run_dir`.

    Raises
    ------
    OSError
        If it cannot be started; the record then stays with what is named in ``pending``.
    """
    import json

    from scitex_session._provenance._masking import known_secrets

    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # What is secret is known to this process alone, and must not go through a file.
    environment[_SECRETS] = json.dumps(sorted(known_secrets()))[:100_000]
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, here, run_dir]
    return _spawn.Waiting(command, environment)


def helper(run_dir: str) -> None:
    """Do the work of the process that `prepare` makes ready."""
    import json

    from scitex_session._provenance._masking import learn

    try:
        for value in json.loads(os.environ.pop(_SECRETS, "[]")):
            learn(value)
    except ValueError:  # so many that they were cut off
        return  # what is pending is added when the record is next asked for
    finish(run_dir)


def finish(run_dir: str) -> bool:
    """
    Add what is pending to the record of a run that has ended.

    Returns
    -------
    bool
        Whether anything was added. A second process that does the same finds nothing to do.
    """
    import json

    aside = os.path.join(run_dir, "CONFIGS", ASIDE)
    mine = os.path.join(aside, f"state-{os.getpid()}")
    _take_back(aside)
    try:
        os.rename(os.path.join(aside, "state"), mine)  # whoever renames it does the work
        with open(mine, encoding="utf-8", errors="surrogateescape") as file:
            state = json.load(file)
    except FileNotFoundError:
        return False
    try:
        _await_git(state, aside)
        add_sections(run_dir, _sections.build(state, run_dir, inline=False))
    except BaseException:
        os.rename(mine, os.path.join(aside, "state"))
        raise
    remove_aside(run_dir)
    return True


def _take_back(aside: str) -> None:
    """Free what a process took and died over."""
    if not os.path.isdir(aside):
        return
    for name in os.listdir(aside):
        kind, _, pid = name.partition("-")
        if os.name == "nt" or kind != "state" or not pid.isdecimal() or int(pid) == os.getpid():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            os.rename(os.path.join(aside, name), os.path.join(aside, "state"))
        except OSError:  # alive, and somebody else's
            continue


def _await_git(state: dict[str, Any], aside: str) -> None:
    if state["git"] != "late":
        return
    while not _repository.is_done(aside):
        since = (time_ns() - state["start_ns"]) / 1e9
        dead = since > _GIT_START and not _repository.is_at_work(aside)
        if dead or since > _GIT_PATIENCE:
            state["git"] = "git did not answer"
            return
        sleep(0.01)
    state["git"] = ""
