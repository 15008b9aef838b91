"""What a notification says of a run, from its record alone: the run may be dead."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LOG_TAIL = 20  # lines of a failed run's log
_TAIL_BYTES = 16_384


def send_notification(record: dict[str, Any], path: str) -> str | None:
    """Send what was asked for with ``notify=True``.

    Parameters
    ----------
    record : dict
        What PROVENANCE.json says.
    path : str
        Where the run stands.

    Returns
    -------
    str or None
        None when it was sent, else one line that says why not.
    """
    from .._notify import notify

    about = record["run"]
    name = os.path.basename(about.get("script") or "") or "session"
    return notify(
        f"{name}: {about['status']}",
        status=about["status"],
        exit_status=about["exit_status"],
        run_time=about["run_time"],
        directory=path,
        log_tail=log_tail(path) if about["status"] == "error" else "",
    )


def log_tail(path: str) -> str:
    """Return the last lines of a run's stderr.log, or of stdout.log if that is empty."""
    for name in ("stderr.log", "stdout.log"):
        try:
            with open(os.path.join(path, "logs", name), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            continue
        if lines:
            return "\n".join(lines[-_LOG_TAIL:])
    return ""
