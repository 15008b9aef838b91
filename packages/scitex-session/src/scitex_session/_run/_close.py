"""Close an open run: record how it ended and file its directory."""

from __future__ import annotations

import errno
import os
import sys
from datetime import datetime

from .. import _console
from .._durable import sync_file
from .._record._json import mark_status, to_json
from .._record._run_directory import RECORD, STDERR_LOG, STDOUT_LOG
from . import _active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ._active import Run


class Closing:
    """How a run ends.

    Parameters
    ----------
    exit_status : int or None
        None files it under ``FINISHED``.
    reason : str
        What CONFIG says in ``EXIT_REASON``.
    error : BaseException or None
        What ended the script; its traceback goes to the log.
    message : str or None
        The user's own message about the end.

    Attributes
    ----------
    recorded : bool
        Whether the record could be written.
    """

    def __init__(
        self, exit_status: int | None, reason: str, error: BaseException | None, message: str | None
    ) -> None:
        self.exit_status = exit_status
        self.reason = reason
        self.error = error
        self.message = message
        self.recorded = False


def close_run(
    run: Run,
    exit_status: int | None,
    reason: str,
    *,
    error: BaseException | None = None,
    message: str | None = None,
    notify: bool = False,
    verbose: bool = False,
) -> None:
    """Close a run: restore streams, write the record, file it. A second call does nothing.

    Parameters
    ----------
    run : Run
        The run to close.
    exit_status, reason, error, message
        As for `Closing`.
    notify : bool
        Whether to send a notification.
    verbose : bool
        Whether to summarise on standard error, terminal or not.
    """
    if not run.is_ours or run.phase in (_active.CLOSING, _active.CLOSED):
        return
    run.phase = _active.CLOSING
    if run.signals is not None:
        run.signals.hold()
    closing = Closing(exit_status, reason, error, message)
    try:
        for step in _STEPS:
            step(run, closing)
    finally:
        _active.set_active(None)
        run.phase = _active.CLOSED
        if run.signals is not None:
            run.signals.release(deliver=not reason.startswith("signal"))
    if verbose or _console.on_terminal():
        _print_summary(run, message=message if verbose else None)
    if notify or run.record.run["notify"]:
        from ._notification import send_notification

        refusal = send_notification(run.record)
        if refusal:
            _console.say(refusal)


def _stop_collecting(run: Run, _closing: Closing) -> None:
    if run.collector is not None:
        run.collector.stop()


def _stop_capture(run: Run, _closing: Closing) -> None:
    """Complete the logs and put the streams back."""
    if run.capture is None:
        return
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as problem:
            _console.say(f"a stream could not be flushed ({problem})")
    run.capture.stop()
    if run.capture.incomplete:
        run.config["LOG_INCOMPLETE"] = run.capture.incomplete


def _log_error(run: Run, closing: Closing) -> None:
    """Append what the interpreter will print on the terminal, less our own frames."""
    error = closing.error
    if error is None:
        return
    if isinstance(error, SystemExit):
        text = "" if error.code is None or isinstance(error.code, int) else f"{error.code}\n"
    else:
        import traceback

        lines = traceback.format_exception(type(error), error, _users_traceback(error))
        text = "".join(lines)
    if not text:
        return
    try:
        with open(run.directory.inside(STDERR_LOG), "ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        _console.say(f"the traceback is not in the log ({problem.strerror})")


def _users_traceback(error: BaseException) -> TracebackType | None:
    """Return the traceback from the first frame of the user's own code on."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(ours):
            break
        trace = trace.tb_next
    return trace


def _clean_up(run: Run, _closing: Closing) -> None:
    """Undo what the session changed in the process."""
    while run.cleanups:
        run.cleanups.pop()()


def _note_end(run: Run, closing: Closing) -> None:
    """Write the end into the record.

    An end already recorded by `running2finished` is kept, unless the run fails after it.
    """
    if not run.record.is_running and closing.exit_status in (None, 0):
        if closing.message is not None:
            run.record.note_message(closing.message)
        return
    if not run.record.is_running:
        run.directory.moves = True  # from where it was filed to FINISHED_ERROR
    now = datetime.now().astimezone()
    run.record.note_end(closing.exit_status, closing.reason, now, message=closing.message)


def _write(run: Run, closing: Closing) -> None:
    """Write the final record. If that fails, the run directory stays intact where it is."""
    record, collector = run.record, run.collector
    try:
        if collector is not None:
            collector.gather()
            record.data.update(collector.sections())
        _note_randomness(run)
        for log in (STDOUT_LOG, STDERR_LOG):
            sync_file(run.directory.inside(log))
        if collector is not None:
            collector.note_pending()
        for warning in record.write():
            _console.say(f"CONFIG: {warning}")
        closing.recorded = True
    except OSError as problem:
        try:
            mark_status(run.directory.inside(RECORD), record.run["status"])
        except OSError as fault:
            path = run.directory.inside(RECORD)
            _console.say(f"{path}: the status could not be written ({fault.strerror})")
        _report_not_filed(run, problem)


def _note_randomness(run: Run) -> None:
    rngg: Any = run.objects.get("rngg")
    if rngg is None:
        return
    try:
        run.record.data["randomness"] = to_json(rngg.record())
    except Exception as error:  # noqa: BLE001 - a stream that fails must not fail the run
        run.record.data["warnings"].append(f"randomness: {type(error).__name__}: {error}")


def _file(run: Run, closing: Closing) -> None:
    """File the run directory under its status, and start completing what is pending there."""
    if not closing.recorded:
        return
    filed = True
    try:
        run.directory.file(run.record.run["status"])
    except OSError as problem:
        filed = False
        run.record.point_at(run.directory.path)
        _report_not_filed(run, problem)
    if run.collector is not None:
        run.collector.finish(run.directory.path)
    if filed:
        run.directory.release()


_STEPS = (
    _stop_collecting,
    _stop_capture,
    _log_error,
    _clean_up,
    _note_end,
    _write,
    _file,
)


def _report_not_filed(run: Run, problem: OSError) -> None:
    what = problem.strerror or str(problem)
    if problem.errno == errno.EXDEV:
        what = "the FINISHED directories are on another file system"
    path, base = run.directory.path, run.directory.base
    _console.say(
        f"{problem.filename or path}: {what}. Nothing is lost: the run stays "
        f"in {path}; fix that and run: scitex-session recover {base}"
    )


def _print_summary(run: Run, *, message: str | None) -> None:
    """Say how the run ended, in one line."""
    about = run.record.run
    line = f"{about['status'].upper()} {about['run_time']} {_console.relative(run.directory.path)}"
    if about["exit_status"]:
        line += f" ({about['exit_reason']}, exit status {about['exit_status']})"
    if message:
        line += f" {message}"
    _console.write_line(line)
