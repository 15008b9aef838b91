"""Sessions of this machine as dictionaries: those on disk, and those a program keeps by itself."""

from __future__ import annotations

from ._record._status import RUNNING, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._catalog._index import Found


class SessionManager:
    """See the sessions of every process on this machine, and keep sessions of one's own.

    What a session on disk says of itself is read from its directory each time; nothing is cached
    between calls. Sessions made by `create_session` live in this object alone.

    Notes
    -----
    Every session is a dictionary with these keys.

    ===============  ===================  ======================================================
    key              type                 meaning
    ===============  ===================  ======================================================
    ``session_id``   str                  the ID
    ``status``       str                  ``running``, ``success``, ``error``, ``finished``;
                                          ``dead`` for one whose process is gone and which is not
                                          filed yet, ``unknown`` where this machine cannot tell
    ``config``       dict                 its configuration; ``ARGS`` holds its arguments
    ``script_path``  str or None          the script
    ``start_time``   str or None          ISO 8601
    ``end_time``     str or None          ISO 8601
    ``exit_code``    int or None          the exit status
    ``exit_reason``  str or None          such as ``exception: ValueError: text``
    ``pid``          int or None          process
    ``host``         str or None          machine
    ``sdir_run``     str or None          the run directory, or its tar file once archived
    ===============  ===================  ======================================================

    A status given to `close_session` is kept as it was given.
    """

    def __init__(self) -> None:
        self._own: dict[str, dict[str, Any]] = {}

    def create_session(
        self, session_id: str, config: dict[str, Any], script_path: str | None = None
    ) -> None:
        """Keep a session of the program's own.

        Parameters
        ----------
        session_id : str
            A name that this manager does not have yet.
        config : dict
            Its configuration; copied.
        script_path : str, optional
            The script.

        Raises
        ------
        SessionError
            If this manager has a session of that name.
        """
        from ._liveness import host
        from .errors import SessionError

        if session_id in self._own:
            raise SessionError(f"session {session_id!r} exists already; choose another ID")
        import os

        self._own[session_id] = {
            "session_id": session_id,
            "status": RUNNING,
            "config": dict(config),
            "script_path": None if script_path is None else os.fspath(script_path),
            "start_time": _now(),
            "end_time": None,
            "exit_code": None,
            "exit_reason": None,
            "pid": os.getpid(),
            "host": host(),
            "sdir_run": None,
        }

    def close_session(
        self, session_id: str, status: str = "success", exit_code: int | None = 0
    ) -> None:
        """Close a session that `create_session` made; closing it again changes nothing.

        Nor does an ID that this manager did not make: a session on disk is closed by its own
        process, or filed by ``scitex-session recover``, never from here.

        Parameters
        ----------
        session_id : str
            Its ID.
        status : str, default: "success"
            How it ended.
        exit_code : int or None, default: 0
            Its exit status.
        """
        session = self._own.get(session_id)
        if session is not None and session["end_time"] is None:
            session.update(status=status, exit_code=exit_code, exit_reason=status, end_time=_now())

    def get_active_sessions(self) -> dict[str, Any]:
        """Return the sessions that are running, by ID.

        Returns
        -------
        dict
            Those whose process is alive, or whose process this machine cannot judge.
        """
        alive = {
            key: session
            for key, session in self._on_disk("status IN ('running', 'unknown')").items()
            if session["status"] in (RUNNING, UNKNOWN)
        }
        own = {key: dict(value) for key, value in self._own.items() if value["end_time"] is None}
        return {**alive, **own}

    def get_session(self, session_id: str) -> dict[str, Any]:
        """Return one session, ``{}`` if there is none of that ID."""
        if session_id in self._own:
            return dict(self._own[session_id])
        from ._catalog._index import encoded

        found = self._on_disk("CAST(? AS TEXT) IN (id, name)", (encoded(session_id),))
        return next(iter(found.values()), {})

    def list_sessions(self) -> dict[str, Any]:
        """Return all sessions, by ID, the newest first."""
        own = {key: dict(value) for key, value in self._own.items()}
        return {**own, **{k: v for k, v in self._on_disk().items() if k not in own}}

    def _on_disk(self, where: str = "", values: tuple[object, ...] = ()) -> dict[str, Any]:
        """Read sessions of any process; two of one ID are told apart by their directories."""
        from ._catalog._index import Index

        sessions: dict[str, Any] = {}
        with Index() as index:
            for found in index.find(where, values, "ORDER BY start DESC"):
                key = found.id if found.id not in sessions else found.name
                if key in sessions:
                    key = found.entry.path
                sessions[key] = _described(found)
        return sessions


def _described(found: Found) -> dict[str, Any]:
    import json

    head = json.loads(found.head)
    about, process = head["run"], head["process"]
    return {
        "session_id": found.id,
        "status": found.current_status(),
        "config": {**head["config"], "ARGS": head["args"]},
        "script_path": about.get("script"),
        "start_time": about.get("start_time"),
        "end_time": about.get("end_time"),
        "exit_code": about.get("exit_status"),
        "exit_reason": about.get("exit_reason"),
        "pid": process.get("pid"),
        "host": process.get("host"),
        "sdir_run": found.entry.path,
    }


def _now() -> str:
    from datetime import datetime

    return datetime.now().astimezone().isoformat()
