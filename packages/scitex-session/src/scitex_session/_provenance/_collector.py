"""Collecting beside the user's code, from the moment a run is open until it is over."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep, time_ns

from scitex_session._provenance import (
    _hook,
    _late,
    _machine,
    _modules,
    _places,
    _repository,
    _sections,
)
from scitex_session._provenance._aside import ASIDE, add_journals, remove_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scitex_session._provenance._readers import Readers
    from scitex_session._provenance._spawn import Waiting

_GIT_PATIENCE = 0.003  # seconds to wait for git at the end: what it costs to have it done later
_EARLY_FILES, _EARLY_BYTES = 20, 500_000

_current: Collector | None = None


class Collector:
    """
    Collects what is known of one run. Whatever fails is named in the record, never raised.

    Parameters
    ----------
    run_dir : str
        The run directory; ``CONFIGS`` stands in it.
    script : str or None
        The script's real path.
    cwd : str
        The working directory at the start.
    run_id : str
        The run's ID.
    """

    def __init__(self, run_dir: str, script: str | None, cwd: str, run_id: str) -> None:
        self._run_dir = os.path.abspath(run_dir)
        self._script = script
        self._cwd = cwd
        self._run_id = run_id
        self._aside = os.path.join(self._run_dir, "CONFIGS", ASIDE)
        self._problems: list[str] = []
        self._sink: _hook.Sink | None = None
        self._readers: Readers | None = None
        self._hooked: list[str] = []
        self._explicit: dict[str, str] = {}
        self._git: str = "no git repository"
        self._environment: dict[str, Any] = {}
        self._modules: dict[str, str] = {}
        self._libraries: dict[str, str] = {}
        self._copied: dict[str, str] = {}
        self._places: _places.Places | None = None
        self._start_ns = 0
        self._gathered: dict[str, Any] = {}
        self._code: tuple[dict[str, Any], list[str]] | None = None
        self._later = False
        self._rest: tuple[str, Waiting] | None = None
        self._reap: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to note; costs one or two milliseconds, the rest runs beside the caller."""
        global _current
        self._start_ns = time_ns()
        _current = self
        for name, step in (
            ("the directory for notes", self._make_aside),
            ("git", self._ask_git),
            ("the machine", self._look_around),
            ("loaded modules", self._look_at_modules),
            ("the notes of the start", self._write_start),
            ("hooks of libraries", self._hook_readers),
            ("git", self._leave_git_alone),
            ("files opened", self._listen),
        ):
            self._try(name, step)

    def stop(self) -> None:
        """Note no more."""
        global _current
        _hook.sleep()
        if self._sink is not None:
            self._sink.close()
        if _current is self:
            _current = None
        if self._readers is not None:
            self._hooked = list(self._readers.hooked)
            self._try("hooks of libraries", self._readers.remove)
        self._try("loaded modules", self._look_at_modules)
        self._try("threads and accelerators", lambda: self._environment.update(_machine.at_end()))

    def note_input(self, path: str | os.PathLike[str], how: str = "load") -> None:
        """Note a file that the user's code has named as an input."""
        try:
            full = os.path.abspath(os.fspath(path))
            if os.path.isdir(full):
                from scitex_session._provenance._readers import _files as files

                for file in files(full):
                    self._explicit.setdefault(file, how)
            else:
                self._explicit.setdefault(full, how)
            if self._sink is not None:
                self._sink.note("I", full)
        except (OSError, TypeError, ValueError) as error:
            self._problems.append(f"input {path!r}: {error}")

    def gather(self) -> None:
        """
        Take stock of what was noted, and keep the code if git has answered.

        Apart from `sections`, since it makes files: a disk that is at work would hold it up.
        """
        self._try("what was noted", self._gather)

    def _gather(self) -> None:
        if self._git == "late" and _repository.is_done(self._aside):
            self._git = ""
        self._gathered = self._state()
        if self._git != "late":
            self._code = _sections.keep_code(self._gathered, self._run_dir)

    def sections(self, target: str) -> dict[str, Any]:
        """
        Return the sections of PROVENANCE.json, to be written before the run is filed.

        What would hold up the end of a session is left out and named in ``pending``; a process is
        made ready that adds it once `leave` lets it begin.

        Parameters
        ----------
        target : str
            Where the run is to be filed.
        """
        try:
            self._await_git()
            state = self._gathered
            state["git"] = self._git
            sections = _sections.build(state, self._run_dir, inline=True, code=self._code)
            if sections.get("pending"):
                self._later = True
                self._try("the rest of the record", lambda: self._prepare(target))
        except Exception as error:  # noqa: BLE001 - the run is not to suffer, the record says so
            problems = [*self._problems, f"{type(error).__name__}: {error}"]
            return {"collection": {"not_collected": problems}}
        return sections

    def note_the_rest(self) -> None:
        """Note what the process needs that adds what is pending."""
        if self._later:
            _write_json(os.path.join(self._aside, "state"), self._gathered)

    def leave(self, run_dir: str) -> None:
        """
        Leave the run, whose record is in place: remove its notes, or let the rest be added.

        Parameters
        ----------
        run_dir : str
            Where it stands now.
        """
        if self._later:
            self._later = False
            self._try("the rest of the record", lambda: self._leave_the_rest(run_dir))
        else:
            self._try("the notes of the run", lambda: remove_aside(run_dir))

    def give_up(self) -> None:
        """Leave the notes for whoever recovers the run: its record could not be written."""
        self._try("the rest of the record", lambda: self._end_rest(begin=False))

    def _end_rest(self, *, begin: bool) -> None:
        if self._rest is not None:
            (_, waiting), self._rest = self._rest, None
            waiting.end(begin=begin)

    def _prepare(self, run_dir: str) -> None:
        self._rest = run_dir, _late.prepare(run_dir)

    def _leave_the_rest(self, run_dir: str) -> None:
        if self._rest is not None and self._rest[0] != run_dir:
            self._end_rest(begin=False)  # it could not be filed where it should have been
        if self._rest is None:
            self._prepare(run_dir)
        self._end_rest(begin=True)

    def _try(self, name: str, step: Callable[[], Any]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - as in sections
            self._problems.append(f"{name}: {type(error).__name__}: {error}")

    def _make_aside(self) -> None:
        if os.path.isdir(self._aside):  # a directory that the user named, used before and killed
            remove_aside(self._run_dir)
        os.mkdir(self._aside, 0o700)

    def _ask_git(self) -> None:
        if self._script is None:
            return
        self._git = "git was not asked"
        asked = _repository.start(self._script, self._aside)
        if isinstance(asked, str):
            self._git = asked
        else:
            self._git, self._reap = "late", asked

    def _leave_git_alone(self) -> None:
        self._reap()

    def _look_around(self) -> None:
        self._environment = _machine.at_start()
        stdin = self._environment["stdin"]
        if "path" in stdin:
            self._explicit[stdin["path"]] = "standard input"

    def _look_at_modules(self) -> None:
        if self._places is None:
            roots = (os.path.dirname(self._script) if self._script else "", self._cwd)
            self._places = _places.Places(roots, self._run_dir)
        mine, self._libraries = _modules.loaded(self._places, self._script)
        self._modules.update(mine)

    def _write_start(self) -> None:
        """Keep aside what a killed process could not tell any more."""
        first = [self._script] if self._script else []
        files = [*first, *self._modules.values()]
        left = _EARLY_BYTES
        for path in dict.fromkeys(files[:_EARLY_FILES]):
            if path.endswith((".so", ".pyd")):
                continue
            with open(path, "rb") as source:
                data = source.read(left + 1)
            left -= len(data)
            if left < 0:
                break
            name = f"code-{len(self._copied)}"
            with open(os.path.join(self._aside, name), "wb") as copy:
                copy.write(data)
            self._copied[path] = name
        _write_json(os.path.join(self._aside, "start"), self._state())

    def _hook_readers(self) -> None:
        from scitex_session._provenance._readers import Readers

        assert self._places is not None  # noqa: S101 - made by a step before, or it failed there
        self._sink = _hook.Sink(self._places, self._aside)
        self._readers = Readers(self._sink)
        self._readers.install()

    def _listen(self) -> None:
        assert self._sink is not None  # noqa: S101 - as above
        _hook.wake(self._sink)

    def _await_git(self) -> None:
        deadline = monotonic() + _GIT_PATIENCE
        while self._git == "late":
            if _repository.is_done(self._aside):
                self._git = ""
            elif monotonic() > deadline:
                return
            else:
                sleep(0.0005)

    def _state(self) -> dict[str, Any]:
        sink = self._sink
        state: dict[str, Any] = {
            "run_id": self._run_id,
            "run_dir": self._run_dir,
            "script": self._script,
            "cwd": self._cwd,
            "start_ns": self._start_ns,
            "git": self._git,
            "environment": self._environment,
            "modules": self._modules,
            "libraries": self._libraries,
            "copied": self._copied,
            "explicit": self._explicit,
            "sys_path": list(map(str, sys.path)),
            "every_distribution": bool(os.environ.get("SCITEX_SESSION_ALL_DISTRIBUTIONS")),
            "not_collected": list(self._problems),
            "hooks": list(self._hooked),
            "own_packages": [path.rstrip(os.sep) + os.sep for path in _places.own_packages()],
            "left_out": 0,
            "reads": {}, "writes": {}, "relative": [], "removed": [], "urls": {}, "commands": [],
        }  # fmt: skip
        if sink is not None:
            from scitex_session._provenance._masking import mask

            state |= {
                "reads": sink.reads, "writes": sink.writes, "relative": sorted(sink.relative),
                "removed": sorted(sink.removed), "urls": mask(sink.urls),
                "commands": mask(sink.commands), "left_out": sink.left_out,
            }  # fmt: skip
            if sink.failure:
                state["not_collected"].append(f"files opened: {sink.failure}")
            add_journals(state, self._aside, skip="events")
        return state


def _write_json(path: str, value: object) -> None:
    import json

    with open(path, "w", encoding="ascii") as file:
        json.dump(value, file)


def record_input(path: str | os.PathLike[str]) -> Any:
    """
    Say that the running session reads a file, where nothing could notice it by itself.

    Parameters
    ----------
    path : str or os.PathLike
        A file, or a directory whose files are all inputs. Digests are taken at the end.

    Returns
    -------
    str or os.PathLike
        `path` as given, so that a call can be wrapped around an argument. Without a session
        nothing else happens.

    Examples
    --------
    >>> from scitex_session import record_input
    >>> record_input("data.bin")
    'data.bin'
    """
    if _current is not None:
        _current.note_input(path, "record_input")
    return path
