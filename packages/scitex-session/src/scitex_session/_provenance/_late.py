"""Complete the record of a run after its end: what was left pending, or what a killed run noted.

While a run is recorded its notes are in ``CONFIGS/.provenance``: ``start`` (what was known at the
start), journals of events, git's answers and copies of the code. A session that leaves something
pending adds ``state`` (what it knew at the end); the process that renames it completes the record.
"""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep, time_ns

from .. import _console
from .._record._record import Record, add_sections
from .._record._run_directory import NOTES
from ..errors import SessionError
from . import _repository, _sections, _spawn
from ._audit_hook import JOURNAL, read_journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_START = "start"
_END = "state"
# Seconds from the start of a run; a repository on a slow network disk takes long.
_GIT_PATIENCE = 120.0
_GIT_START = 5.0
_COMPLETION_PATIENCE = 60.0  # seconds that a record may take to be completed after its run
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from scitex_session._provenance._late import complete_in_own_process as run; run(sys.argv[2])"
)
_SECRETS = "SCITEX_SESSION_KNOWN_SECRETS"


def make_notes(run_dir: str) -> str:
    """Make the directory for the notes of a run and return it."""
    notes = os.path.join(run_dir, NOTES)
    if os.path.isdir(notes):  # of a killed run in a directory that the user named
        remove_notes(run_dir)
    os.mkdir(notes, 0o700)
    return notes


def note_start(notes: str, state: dict[str, Any]) -> None:
    """Save what could not be found out after the process is killed."""
    _write_state(os.path.join(notes, _START), state)


def note_end(notes: str, state: dict[str, Any]) -> None:
    """Save the state that the completing process needs."""
    _write_state(os.path.join(notes, _END), state)


def add_journals(state: dict[str, Any], notes: str, *, skip: str = "") -> None:
    """Add to `state` the events in journals: those of workers, or of a killed process."""
    when = state["start_ns"]
    for name in sorted(os.listdir(notes)):
        if not name.startswith(JOURNAL) or name == skip:
            continue
        for kind, path in read_journal(os.path.join(notes, name)):
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


def remove_notes(run_dir: str) -> None:
    """Remove the notes of a run, which are all files of the session's own."""
    notes = os.path.join(run_dir, NOTES)
    try:
        for name in os.listdir(notes):
            os.unlink(os.path.join(notes, name))
        os.rmdir(notes)
    except FileNotFoundError:
        return  # there are none, or another process has just removed them


def start_completing_process(run_dir: str) -> None:
    """Start a process that adds what is pending to the record of a run that has ended."""
    import json

    from .._masking import known_secrets

    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # Only this process knows what is secret, and a file must not hold it.
    environment[_SECRETS] = json.dumps(sorted(known_secrets()))[:100_000]
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, source, run_dir]
    _spawn.spawn_detached(command, environment)()


def complete_in_own_process(run_dir: str) -> None:
    """Do the work of the process that `start_completing_process` starts."""
    import json

    from .._masking import learn

    try:
        for value in json.loads(os.environ.pop(_SECRETS, "[]")):
            learn(value)
    except ValueError:  # so many that they were cut off
        return  # what is pending is added when the record is next read
    _add_pending(run_dir)


def complete(run_dir: str | os.PathLike[str]) -> bool:
    """Add to the record of a run that has ended what its notes hold; never raises for the user.

    For a run that was killed: inputs, outputs, code and environment as far as they were noted
    before the end. For one that ended well: what was left pending. Returns whether anything was
    added.
    """
    run_dir = os.path.abspath(os.fspath(run_dir))
    try:
        return _add_pending(run_dir) or _add_notes_of_killed(run_dir)
    except (OSError, ValueError, KeyError, TypeError, SessionError) as error:
        _console.say(f"{run_dir}: the record stays incomplete: {error}")
        return False


def read_completed(run_dir: str | os.PathLike[str]) -> Record:
    """Return the record of a run; if anything is pending after its end, complete it first.

    Raises
    ------
    RecordError
        If there is no record that can be read.
    """
    record = Record.read(os.path.abspath(os.fspath(run_dir)))
    deadline = monotonic() + _COMPLETION_PATIENCE
    while record.data.get("pending") and not record.is_running and monotonic() < deadline:
        # Either the process that completes it is at work, or it was never started.
        if not complete(record.path):
            sleep(0.02)
        record = Record.read(record.path)
    return record


def _add_pending(run_dir: str) -> bool:
    """Add what is pending; of several processes that try, one does it."""
    notes = os.path.join(run_dir, NOTES)
    mine = os.path.join(notes, f"{_END}-{os.getpid()}")
    _release_claims_of_dead_processes(notes)
    try:
        os.rename(os.path.join(notes, _END), mine)
        state = _read_state(mine)
    except FileNotFoundError:
        return False
    try:
        _await_git(state, notes)
        add_sections(run_dir, _sections.build(state, run_dir, inline=False))
    except BaseException:
        os.rename(mine, os.path.join(notes, _END))
        raise
    remove_notes(run_dir)
    return True


def _add_notes_of_killed(run_dir: str) -> bool:
    """Do what the session would have done at its end."""
    notes = os.path.join(run_dir, NOTES)
    try:
        state = _read_state(os.path.join(notes, _START))
    except FileNotFoundError:
        return False
    record = Record.read(run_dir).data
    if "collection" in record:  # killed after recording, before removing its notes
        if "pending" not in record:  # otherwise another process is working with them
            remove_notes(run_dir)
        return False
    add_journals(state, notes)
    state["not_collected"].append(
        "the process was killed: modules imported and programs started after the start, and "
        "files removed, are not known"
    )
    _await_git(state, notes)
    add_sections(run_dir, _sections.build(state, run_dir, inline=False))
    remove_notes(run_dir)
    return True


def _write_state(path: str, state: dict[str, Any]) -> None:
    import json

    with open(path, "w", encoding="ascii") as file:
        json.dump(state, file)


def _read_state(path: str) -> dict[str, Any]:
    import json

    with open(path, encoding="ascii") as file:
        state: dict[str, Any] = json.load(file)
    return state


def _release_claims_of_dead_processes(notes: str) -> None:
    if not os.path.isdir(notes):
        return
    for name in os.listdir(notes):
        kind, _, pid = name.partition("-")
        if os.name == "nt" or kind != _END or not pid.isdecimal() or int(pid) == os.getpid():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            os.rename(os.path.join(notes, name), os.path.join(notes, _END))
        except OSError:  # alive, and another user's
            continue


def _await_git(state: dict[str, Any], notes: str) -> None:
    if state["git"] != "late":
        return
    while not _repository.is_done(notes):
        since = (time_ns() - state["start_ns"]) / 1e9
        was_killed = since > _GIT_START and not _repository.is_at_work(notes)
        if was_killed or since > _GIT_PATIENCE:
            state["git"] = "git did not answer"
            return
        sleep(0.01)
    state["git"] = ""
