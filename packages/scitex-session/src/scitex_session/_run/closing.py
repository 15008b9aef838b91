"""From a run that is open to a directory that tells how it ended."""

from __future__ import annotations

import errno
import os
import sys

from .. import _clock, _rundir
from . import frozen, state, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._durable import Syncing

_IN_PLACE = {"success": b'"success"', "error": b'"error"  '}  # as long as b'"running"'


def close_run(
    run: state.Run,
    exit_status: int | None,
    reason: str,
    *,
    error: BaseException | None = None,
    message: str | None = None,
    notify: bool = False,
    verbose: bool = False,
) -> None:
    """Finish a run: streams back, everything written, one rename. A second call does nothing.

    Parameters
    ----------
    run : Run
        The run to close.
    exit_status : int or None
        None files it under ``FINISHED``.
    reason : str
        What CONFIG says in ``EXIT_REASON``.
    error : BaseException or None
        What ended the script; its traceback goes to the log.
    message : str or None
        The user's own word on the end.
    notify : bool
        Whether to send a notification.
    verbose : bool
        Whether to summarise on standard error, terminal or not.
    """
    if not run.is_ours or run.state in (state.FINISHING, state.FINISHED):
        return
    run.state = state.FINISHING
    if run.signals is not None:
        run.signals.hold()
    try:
        _leave(run, error)
        _file(run, exit_status, reason, message)
    finally:
        state.set_active(None)
        run.state = state.FINISHED
        if run.signals is not None:
            by_signal = reason.startswith("signal")
            run.signals.release(deliver=not by_signal)
    _tell(run, message, notify=notify or run.record["run"]["notify"], verbose=verbose)


def _leave(run: state.Run, error: BaseException | None) -> None:
    """Put back what the session had taken, and complete the logs."""
    if run.collector is not None:
        run.collector.stop()
    if run.capture is not None:
        _flush(sys.stdout, sys.stderr)
        run.capture.stop()
        if run.capture.incomplete:
            run.config["LOG_INCOMPLETE"] = run.capture.incomplete
    if error is not None:
        _log_error(run, error)
    for undo in reversed(run.undo):
        undo()
    run.undo.clear()


def _flush(*streams: Any) -> None:
    for stream in streams:
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as problem:
            words.say(f"scitex: a stream could not be flushed ({problem})")


def _log_error(run: state.Run, error: BaseException) -> None:
    """Append what the interpreter will print on the terminal, less our own frames."""
    if isinstance(error, SystemExit):
        text = "" if error.code is None or isinstance(error.code, int) else f"{error.code}\n"
    else:
        import traceback

        trace = users_own(error)
        text = "".join(traceback.format_exception(type(error), error, trace))
    if not text:
        return
    try:
        with open(run.directory.inside("logs", "stderr.log"), "ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        words.say(f"scitex: the traceback is not in the log ({problem.strerror})")


def users_own(error: BaseException) -> Any:
    """Return the traceback from the first frame of the user's own code on."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(ours):
            break
        trace = trace.tb_next
    return trace


def _file(run: state.Run, exit_status: int | None, reason: str, message: str | None) -> None:
    """Write how it ended, then move. Where that fails the run stays whole where it is."""
    record, collector = run.record, run.collector
    logs = (run.directory.inside("logs", name) for name in ("stdout.log", "stderr.log"))
    note_end(run, exit_status, reason, message)
    try:
        if collector is not None:
            collector.gather()
        end = frozen.End(run.directory, run.config, *logs)
        if collector is not None:
            record.update(collector.sections(record["run"]["sdir_run"]))
        _note_randomness(run)
        end.put(record, before=None if collector is None else collector.note_the_rest)
    except OSError as problem:
        if collector is not None:
            collector.give_up()
        _mark_in_place(run, record["run"]["status"])
        _stays(run, problem)
        return
    for warning in end.warnings:
        words.say(f"scitex: CONFIG: {warning}")
    moved = None
    try:
        moved = _rundir.move(run.directory, END_STATE[record["run"]["status"]])
    except OSError as problem:
        frozen.point_at(run.config, run.directory.base, run.directory.path)
        _stays(run, problem)
    if collector is not None:  # while the disk is at work on the rename
        collector.leave(run.directory.path)
    if moved is not None:
        _await(moved, run.directory.path)
        _rundir.let_go(run.directory.path)


def _await(moved: Syncing, path: str) -> None:
    try:
        moved.wait()
    except OSError as problem:
        words.say(f"scitex: {path}: filed, but not yet on the disk ({problem.strerror})")


def _note_randomness(run: state.Run) -> None:
    rngg = run.objects.get("rngg")
    if rngg is None:
        return
    try:
        run.record["randomness"] = rngg.record()
    except Exception as error:  # noqa: BLE001 - what cannot be told of a stream must not cost the run
        run.record["warnings"].append(f"randomness: {type(error).__name__}: {error}")


END_STATE = {
    "finished": _rundir.FINISHED,
    "success": _rundir.SUCCESS,
    "error": _rundir.ERROR,
}


def note_end(run: state.Run, exit_status: int | None, reason: str, message: str | None) -> None:
    """Say the end in CONFIG and the record, which point at where the run will stand."""
    status = frozen.status_word(exit_status)
    now = _clock.now()
    config, about = run.config, run.record["run"]
    config["END_DATETIME"], config["END_TIME"] = now, now.isoformat()
    config["RUN_TIME"] = frozen.duration((now - run.started).total_seconds())
    config["EXIT_STATUS"], config["EXIT_REASON"] = exit_status, reason
    if message is not None:
        config["MESSAGE"] = message
    target = run.directory.target(END_STATE[status])
    frozen.point_at(config, run.directory.base, target)
    about.update(
        status=status,
        exit_status=exit_status,
        exit_reason=reason,
        end_time=config["END_TIME"],
        run_time=config["RUN_TIME"],
        message=message,
        sdir_run=target,
    )


def _mark_in_place(run: state.Run, status: str) -> None:
    """On a full disk say the end in the bytes that the record has already."""
    if status not in _IN_PLACE:
        return
    path = run.directory.inside("CONFIGS", "PROVENANCE.json")
    try:
        with open(path, "r+b") as file:
            at = file.read(4096).find(b'"running"')
            if at >= 0:
                file.seek(at)
                file.write(_IN_PLACE[status])
    except OSError as problem:
        words.say(f"scitex: {path}: the end could not be noted ({problem.strerror})")


def _stays(run: state.Run, problem: OSError) -> None:
    what = problem.strerror or str(problem)
    if problem.errno == errno.EXDEV:
        what = "the end directories are on another file system"
    words.say(
        f"scitex: {problem.filename or run.directory.path}: {what}. Nothing is lost: the run stays "
        f"in {run.directory.path}; mend that and run: scitex-session recover {run.directory.base}"
    )


def _tell(run: state.Run, message: str | None, *, notify: bool, verbose: bool) -> None:
    if verbose or words.on_terminal():
        words.summary(run, message=message, verbose=verbose)
    if notify:
        from .telling import send_notification

        refusal = send_notification(run.record, run.directory.path)
        if refusal:
            words.say(f"scitex: {refusal}")
