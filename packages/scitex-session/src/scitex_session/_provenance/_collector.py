"""Collect what is known of a run beside the user's code, from its start to its end."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep, time_ns

from .._record._run_directory import NOTES
from . import _audit_hook, _environment, _late, _ownership, _repository, _sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._library_hooks import LibraryHooks

_GIT_PATIENCE = 0.003  # seconds to wait for git at the end: what starting a process costs
_EARLY_FILES, _EARLY_BYTES = 20, 500_000


class Collector:
    """Collect what is known of one run. Whatever fails is named in the record, never raised."""

    def __init__(self, run_dir: str, script: str | None, cwd: str, run_id: str) -> None:
        self._run_dir = os.path.abspath(run_dir)
        self._script = script
        self._cwd = cwd
        self._run_id = run_id
        self._notes = os.path.join(self._run_dir, NOTES)
        self._problems: list[str] = []
        self._sink: _audit_hook.Sink | None = None
        self._library_hooks: LibraryHooks | None = None
        self._hooked: list[str] = []
        self._explicit: dict[str, str] = {}
        self._git: str = "no git repository"  # why git was not asked; "late" while it is, then ""
        self._environment: dict[str, Any] = {}
        self._modules: dict[str, str] = {}
        self._libraries: dict[str, str] = {}
        self._copied: dict[str, str] = {}
        self._ownership: _ownership.Ownership | None = None
        self._start_ns = 0
        self._gathered: dict[str, Any] = {}
        self._code: tuple[dict[str, Any], list[str]] | None = None
        self._pending = False
        self._reap: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to collect; takes one or two milliseconds, the rest runs beside the caller."""
        self._start_ns = time_ns()
        for name, step in (
            ("the directory for notes", lambda: _late.make_notes(self._run_dir)),
            ("git", self._ask_git),
            ("the machine", self._describe_machine),
            ("loaded modules", self._list_modules),
            ("the notes of the start", self._write_start),
            ("hooks of libraries", self._hook_libraries),
            ("git", lambda: self._reap()),  # noqa: PLW0108 - an earlier step sets it
            ("files opened", self._listen),
        ):
            self._try(name, step)

    def stop(self) -> None:
        """Collect no more events."""
        _audit_hook.detach()
        if self._sink is not None:
            self._sink.close()
        if self._library_hooks is not None:
            self._hooked = list(self._library_hooks.hooked)
            self._try("hooks of libraries", self._library_hooks.remove)
        self._try("loaded modules", self._list_modules)
        self._try(
            "threads and accelerators", lambda: self._environment.update(_environment.at_end())
        )

    def note_input(self, path: str | os.PathLike[str], how: str = "load") -> None:
        """Note a file that the user's code has named as an input."""
        try:
            full = os.path.abspath(os.fspath(path))
            if os.path.isdir(full):
                from ._library_hooks import files_of

                for file in files_of(full):
                    self._explicit.setdefault(file, how)
            else:
                self._explicit.setdefault(full, how)
            if self._sink is not None:
                self._sink.note("I", full)
        except (OSError, TypeError, ValueError) as error:
            self._problems.append(f"input {path!r}: {error}")

    def gather(self) -> None:
        """Gather what was noted, and keep the code if git has answered.

        Apart from `sections`, since it creates files: a busy disk would hold it up.
        """
        self._try("what was noted", self._gather)

    def _gather(self) -> None:
        if self._git == "late" and _repository.is_done(self._notes):
            self._git = ""
        self._gathered = self._state()
        if self._git != "late":
            self._code = _sections.keep_code(self._gathered, self._run_dir)

    def sections(self) -> dict[str, Any]:
        """Return the sections of PROVENANCE.json, to be written before the run is filed.

        What would hold up the end of a session is left out and named in ``pending``; `finish`
        starts a process that adds it.
        """
        try:
            self._await_git()
            state = self._gathered
            state["git"] = self._git
            sections = _sections.build(state, self._run_dir, inline=True, code=self._code)
        except Exception as error:  # noqa: BLE001 - the run must not suffer, the record says so
            problems = [*self._problems, f"{type(error).__name__}: {error}"]
            return {"collection": {"not_collected": problems}}
        self._pending = bool(sections.get("pending"))
        return sections

    def note_pending(self) -> None:
        """Save the notes that the completing process needs."""
        if self._pending:
            _late.note_end(self._notes, self._gathered)

    def finish(self, run_dir: str) -> None:
        """Remove the notes of the run, now at `run_dir`, or start the completing process."""
        if self._pending:
            self._try("the rest of the record", lambda: _late.start_completing_process(run_dir))
        else:
            self._try("the notes of the run", lambda: _late.remove_notes(run_dir))

    def _try(self, name: str, step: Callable[[], Any]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - as in sections
            self._problems.append(f"{name}: {type(error).__name__}: {error}")

    def _ask_git(self) -> None:
        if self._script is None:
            return
        self._git = "git was not asked"
        asked = _repository.start(self._script, self._notes)
        if isinstance(asked, str):
            self._git = asked
        else:
            self._git, self._reap = "late", asked

    def _describe_machine(self) -> None:
        self._environment = _environment.at_start()
        stdin = self._environment["stdin"]
        if "path" in stdin:
            self._explicit[stdin["path"]] = "standard input"

    def _list_modules(self) -> None:
        if self._ownership is None:
            roots = (os.path.dirname(self._script) if self._script else "", self._cwd)
            self._ownership = _ownership.Ownership(roots, self._run_dir)
        users, self._libraries = _ownership.loaded_modules(self._ownership, self._script)
        self._modules.update(users)

    def _write_start(self) -> None:
        """Note the code and the environment, which could not be learned after a kill."""
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
            with open(os.path.join(self._notes, name), "wb") as copy:
                copy.write(data)
            self._copied[path] = name
        _late.note_start(self._notes, self._state())

    def _hook_libraries(self) -> None:
        from ._library_hooks import LibraryHooks

        assert self._ownership is not None  # noqa: S101 - made by an earlier step, or it failed there
        self._sink = _audit_hook.Sink(self._ownership, self._notes)
        self._library_hooks = LibraryHooks(self._sink)
        self._library_hooks.install()

    def _listen(self) -> None:
        assert self._sink is not None  # noqa: S101 - as above
        _audit_hook.attach(self._sink)

    def _await_git(self) -> None:
        deadline = monotonic() + _GIT_PATIENCE
        while self._git == "late":
            if _repository.is_done(self._notes):
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
            "own_packages": [path.rstrip(os.sep) + os.sep for path in _ownership.own_directories()],
            "left_out": 0,
            "reads": {}, "writes": {}, "relative": [], "removed": [], "urls": {}, "commands": [],
        }  # fmt: skip
        if sink is not None:
            from .._masking import mask

            state |= {
                "reads": sink.reads, "writes": sink.writes, "relative": sorted(sink.relative),
                "removed": sorted(sink.removed), "urls": mask(sink.urls),
                "commands": mask(sink.commands), "left_out": sink.left_out,
            }  # fmt: skip
            if sink.failure:
                state["not_collected"].append(f"files opened: {sink.failure}")
            _late.add_journals(state, self._notes, skip=_audit_hook.JOURNAL)
        return state
