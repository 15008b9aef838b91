"""The one table of statuses: the word in a record, the directory of the run, the exit status."""

from __future__ import annotations

RUNNING, FINISHED, SUCCESS, ERROR = "running", "finished", "success", "error"

# RUNNING comes first: a run that is moved while it is looked for is then seen at least once.
DIRECTORY_OF = {
    RUNNING: "RUNNING",
    FINISHED: "FINISHED",
    SUCCESS: "FINISHED_SUCCESS",
    ERROR: "FINISHED_ERROR",
}
STATUS_OF = {directory: status for status, directory in DIRECTORY_OF.items()}
DIRECTORIES = tuple(DIRECTORY_OF.values())
ENDED = (SUCCESS, ERROR, FINISHED)
ENDED_DIRECTORIES = tuple(DIRECTORY_OF[status] for status in ENDED)
# What a listing says of a run that has not ended where its process is gone or cannot be judged.
DEAD, UNKNOWN = "dead", "unknown"
STATUSES = (RUNNING, *ENDED, DEAD, UNKNOWN)


def status_of_exit(exit_status: int | None) -> str:
    """Return the status of a run that ended with an exit status.

    Parameters
    ----------
    exit_status : int or None
        None for a session that was closed without one.
    """
    if exit_status is None:
        return FINISHED
    return SUCCESS if exit_status == 0 else ERROR
