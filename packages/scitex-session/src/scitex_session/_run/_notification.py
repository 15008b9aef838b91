"""Notify somebody of how a run ended, through apprise, in a helper process with a deadline.

This file is both sides: `notify` starts the file itself as the helper, which is why nothing of ours
is imported at its top. A process, since a thread that hangs in a name lookup or a TLS handshake
cannot be ended and would hold the interpreter at its exit. Addresses reach the helper through the
environment, never by an argument that other users of the machine could read.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._record._record import Record

ADDRESSES = "SCITEX_NOTIFY_URLS"

_NOTHING_SENT = "no notification was sent: "
_ANSWER_WITHIN = 4.0  # seconds for all addresses together, counted by the helper
_KILLED_AFTER = 4.7  # seconds that the helper has in all
_LOG_TAIL = 4000  # characters; more does not fit into many services' messages
_TAIL_LINES, _TAIL_BYTES = 20, 16_384  # what is read of a failed run's log


def send_notification(record: Record) -> str | None:
    """Send what was asked for with ``notify=True``, from the record alone: the run may be dead.

    Parameters
    ----------
    record : Record
        Of a run that has ended.

    Returns
    -------
    str or None
        As for `notify`.
    """
    from .._record._run_directory import STDERR_LOG, STDOUT_LOG
    from .._record._status import ERROR

    run, directory = record.run, record.directory
    tail = ""
    if run["status"] == ERROR:
        logs = (directory.inside(STDERR_LOG), directory.inside(STDOUT_LOG))
        tail = next(filter(None, map(_last_lines, logs)), "")
    name = os.path.basename(run.get("script") or "") or "session"
    return notify(
        f"{name}: {run['status']}",
        status=run["status"],
        exit_status=run["exit_status"],
        run_time=run["run_time"],
        directory=directory.path,
        log_tail=tail,
    )


def _last_lines(path: str) -> str:
    """Return the last lines of a log, nothing of one that cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])


def notify(
    title: str,
    *,
    status: str,
    exit_status: int | None,
    run_time: str | None,
    directory: str | os.PathLike[str],
    log_tail: str = "",
) -> str | None:
    """Send title, status, duration, directory and the end of the log.

    The addresses are those in the environment variable ``SCITEX_NOTIFY_URLS`` (apprise URLs with
    spaces or commas between them), or else those in apprise's own configuration files.

    Parameters
    ----------
    title : str
        Title or subject of the message.
    status : str
        "success", "error" or "finished".
    exit_status : int or None
        Exit status of the run.
    run_time : str or None
        How long it took, as ``HH:MM:SS``.
    directory : str or path
        Where its files are.
    log_tail : str, optional
        Last lines of its log.

    Returns
    -------
    str or None
        None if everything was sent; else one line that says what was not, and why. It holds no
        address, for addresses hold passwords. It comes within five seconds.
    """
    from importlib.util import find_spec

    if find_spec("apprise") is None:
        return (
            _NOTHING_SENT + "apprise is not installed; "
            "run: python -m pip install 'scitex-session[notify]'"
        )
    lines = [
        f"status: {status}" + ("" if exit_status is None else f" (exit status {exit_status})"),
        f"duration: {run_time or 'not known'}",
        f"directory: {os.fspath(directory)}",
    ]
    if log_tail.strip():
        lines += ["", "end of the log:", log_tail.rstrip()[-_LOG_TAIL:]]
    return _send_through_helper({"title": title, "body": "\n".join(lines), "status": status})


def _send_through_helper(message: dict[str, str]) -> str | None:
    import json
    import subprocess

    try:
        helper = subprocess.Popen(
            [sys.executable, "-P", os.path.abspath(__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
        )
    except OSError as error:
        return f"{_NOTHING_SENT}the helper process does not start: {error}"
    try:
        answer, _ = helper.communicate(json.dumps(message).encode(), timeout=_KILLED_AFTER)
        said = json.loads(answer)
    except subprocess.TimeoutExpired:
        waited = f"no answer within {_KILLED_AFTER:g} s"
        return f"{_NOTHING_SENT}{waited}; see that the server can be reached"
    except ValueError:
        return f"{_NOTHING_SENT}apprise ended with status {helper.returncode} and no answer"
    finally:
        _kill(helper)
    return str(said) if said else None


def _kill(helper: Any) -> None:
    """Kill the helper if it still runs, with what it has started, and close the pipes."""
    if helper.poll() is None:
        import signal

        try:
            os.killpg(helper.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError):  # no process groups here, or just gone
            helper.kill()
        helper.wait()
    helper.stdin.close()
    helper.stdout.close()


def _run_helper() -> None:
    """Read a message, send it, print the answer, all as JSON: the helper process."""
    import json

    message = json.load(sys.stdin.buffer)
    try:
        said = _send(message)
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises is reported
        said = f"{_NOTHING_SENT}apprise failed with {type(error).__name__}"
    sys.stdout.buffer.write(json.dumps(said).encode())
    sys.stdout.buffer.flush()
    os._exit(0)  # a thread that still waits for a server must not keep the helper


def _send(message: dict[str, str]) -> str | None:
    import time

    deadline = time.monotonic() + _ANSWER_WITHIN
    services, problem = _services()
    if problem:
        return _NOTHING_SENT + problem
    results = _in_parallel(services, message, deadline)
    failed = [
        f"{_host_of(service)} {result}"
        for service, result in zip(services, results, strict=True)
        if result
    ]
    if not failed:
        return None
    if len(failed) == len(services):
        return _NOTHING_SENT + "; ".join(failed)
    sent = len(services) - len(failed)
    return f"the notification went to {sent} of {len(services)} addresses: {'; '.join(failed)}"


def _services() -> tuple[list[Any], str]:
    """Return what to send to, or a line that says why that is nothing."""
    import logging
    import re

    import apprise

    logging.getLogger("apprise").disabled = True
    text = os.environ.get(ADDRESSES, "").strip()
    if text:
        urls = [url for url in re.split(r"[\s,]+(?=[A-Za-z][\w+.-]*://)|\s+", text) if url]
        services = [apprise.Apprise.instantiate(url) for url in urls]
        for number, (url, service) in enumerate(zip(urls, services, strict=True), 1):
            if not service:
                scheme = url.partition("://")[0] + "://..." if "://" in url else "no URL"
                return [], f"entry {number} of {ADDRESSES} ({scheme}) is not one that apprise knows"
        return services, ""
    from apprise.cli import DEFAULT_CONFIG_PATHS

    own = re.split(r"[\r\n;]+", os.environ.get("APPRISE_CONFIG_PATH", ""))
    paths = [path.strip() for path in own if path.strip()]
    known = (os.path.expanduser(path) for path in paths or DEFAULT_CONFIG_PATHS)
    files = [path for path in known if os.path.isfile(path)]
    if not files:
        return (
            [],
            f"no address is configured; set {ADDRESSES}, or write apprise's own configuration",
        )
    everyone = apprise.Apprise()
    everyone.add(apprise.AppriseConfig(paths=files))
    services = list(everyone)
    if not services:
        return [], f"no address that apprise knows is in {', '.join(files)}"
    return services, ""


def _in_parallel(services: list[Any], message: dict[str, str], deadline: float) -> list[str]:
    """Send to all at once; return for each what went wrong, or nothing."""
    import threading
    import time

    from apprise import NotifyFormat, NotifyType

    kinds = {"success": NotifyType.SUCCESS, "error": NotifyType.FAILURE}
    kind = kinds.get(message["status"], NotifyType.INFO)
    results = [f"did not answer within {_ANSWER_WITHIN:g} s"] * len(services)

    def send(number: int) -> None:
        try:
            sent = services[number].notify(
                body=message["body"],
                title=message["title"],
                notify_type=kind,
                body_format=NotifyFormat.TEXT,
            )
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            results[number] = f"failed with {type(error).__name__}"
        else:
            results[number] = "" if sent else "could not be reached or refused the message"

    threads = [
        threading.Thread(target=send, args=(number,), daemon=True)
        for number in range(len(services))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)


def _host_of(service: Any) -> str:
    """Return scheme and host of an address, without user, password, token or path."""
    from urllib.parse import urlsplit

    url = urlsplit(service.url(privacy=True))
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


if __name__ == "__main__":
    _run_helper()
