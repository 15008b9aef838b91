"""Whether the process of a run is alive: decided by evidence, never guessed.

A process is named by host, boot, PID namespace, PID and start time. The kernel gives no two
processes of one boot and namespace the same PID and start time, so a recycled PID is never
taken for the run. Locks cannot say this: ``flock`` lives on in a forked worker, ``lockf`` is
dropped when any descriptor of the file is closed, and ``kill(pid, 0)`` succeeds for a zombie.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_START_TICKS = 19  # field 22 of proc_pid_stat(5), counted behind the command's parenthesis
_DEAD_STATES = (b"Z", b"X", b"x")


def host() -> str:
    """Return the name of this machine."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def identity() -> dict[str, Any]:
    """Return what names this process for ever, on this machine and to others.

    Returns
    -------
    dict
        ``host``, ``boot_id``, ``pid_namespace``, ``pid`` and ``start_ticks``. What the system
        does not tell is None.
    """
    pid = os.getpid()
    found = _status(pid)
    return {
        "host": host(),
        "boot_id": _boot_id(),
        "pid_namespace": _pid_namespace(),
        "pid": pid,
        "start_ticks": found[1] if found else _started_by_ps(pid),
    }


def is_alive(process: dict[str, Any]) -> bool | None:
    """Return whether the process that `identity` described is still running.

    Parameters
    ----------
    process : dict
        What `identity` returned, perhaps on another host or before a reboot.

    Returns
    -------
    bool or None
        None where nothing on this host can tell: another host, another PID namespace, or a
        description that is not whole.
    """
    pid, ticks = process.get("pid"), process.get("start_ticks")
    if not isinstance(pid, int) or ticks is None or process.get("host") != host():
        return None
    if process.get("boot_id") != _boot_id():
        return False
    if process.get("pid_namespace") != _pid_namespace():
        return None
    if not sys.platform.startswith("linux"):
        return _started_by_ps(pid) == ticks
    found = _status(pid)
    return found is not None and found[0] not in _DEAD_STATES and found[1] == ticks


def _status(pid: int) -> tuple[bytes, int] | None:
    """State letter and start time (clock ticks since boot) of a process, None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The command may hold spaces and parentheses of its own: what counts is behind the last one.
    fields = text[text.rindex(b")") + 2 :].split()
    return fields[0], int(fields[_START_TICKS])


def _boot_id() -> str | None:
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().decode("ascii").strip()
    except OSError:
        return None


def _pid_namespace() -> str | None:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _started_by_ps(pid: int) -> str | None:
    """Start time as ``ps`` words it, on systems without /proc."""
    import subprocess

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() or None
