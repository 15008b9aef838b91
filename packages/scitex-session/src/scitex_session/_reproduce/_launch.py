"""Starting a script again as it was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from scitex_session._provenance._environment import is_allowed
from scitex_session._provenance._masking import MASK
from scitex_session.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scitex_session._reproduce._records import Record

_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
# Where a run ran, not what it computed: another allocation has its own.
_NOT_RESTORED = ("SLURM_", "PMI_", "PMIX_", "OMPI_", "PBS_", "LSB_", "SGE_", "CUDA_VISIBLE_DEVICES")
_NEVER_SET = frozenset({"PATH", "SHELL", "TMPDIR", "DISPLAY", "JOB_ID", "container", "VIRTUAL_ENV"})


class Launch:
    """
    A command, its environment and what it is to replay.

    Parameters
    ----------
    record : Record
        The run that is repeated.
    place : callable
        Maps a path of the original to where it is now (the mirror, or itself).
    replay : str
        Where the file that the session reads is written.
    """

    def __init__(self, record: Record, place: Callable[[str], str], replay: str) -> None:
        self.record = record
        self.place = place
        self.replay = replay
        self.notes: list[str] = []
        self.path: list[str] = []
        self.state: str | None = None

    def command(self) -> list[str]:
        """Return the command line of the original, for the restored script."""
        argv = [str(part) for part in self.record.section("environment").get("command") or []]
        if not argv:
            argv = [str(part) for part in self.record.data.get("argv") or [sys.executable]]
        flags, what, rest = split(argv)
        script = self.record.run.get("script")
        if what in {"-c", "-", ""} or not script:
            raise SessionError(
                f"{self.record.run_dir}: it was not started from a file; only a script can be rerun"
            )
        if MASK in rest:
            self.notes.append("an argument was masked as a secret: the rerun has *** in its place")
        if what == "-m":
            return [self._python(), *flags, "-m", *rest]
        first = os.path.join(str(self.record.run["cwd"]), what)
        # A launcher (a console script, a runner) is not the script, and stands where it stood.
        started_script = os.path.realpath(first) == os.path.realpath(script) or not (
            os.path.exists(first)
        )
        target = self.place(script) if started_script else first
        return [self._python(), *flags, target, *rest]

    def _python(self) -> str:
        python = self.record.section("environment").get("python", {}).get("executable")
        if python and os.access(python, os.X_OK):
            return str(python)
        self.notes.append(f"Python {python} is not there any more; {sys.executable} is used")
        return sys.executable

    def environment(self) -> dict[str, str]:
        """Return today's environment with what the record holds put back."""
        then: dict[str, str] = dict(self.record.section("environment").get("variables") or {})
        now = dict(os.environ)
        for name in [*now, *then]:
            if name in _NEVER_SET or name.startswith(_NOT_RESTORED) or not is_allowed(name):
                continue
            if name not in then:
                now.pop(name, None)
            elif MASK not in then[name]:
                now[name] = then[name]
        # The session sets PYTHONHASHSEED for children; what the script began with is kept apart.
        seed = self.record.section("environment").get("python", {}).get("hash_seed", "random")
        now.pop("PYTHONHASHSEED", None)
        if seed != "random":
            now["PYTHONHASHSEED"] = str(seed)
        before = [self.place(p) for p in then.get("PYTHONPATH", "").split(os.pathsep) if p]
        path = [*self.path, *(p for p in before if os.path.isdir(p))]
        path += [p for p in then.get("PYTHONPATH", "").split(os.pathsep) if p and p not in path]
        now.pop("PYTHONPATH", None)
        if path:
            now["PYTHONPATH"] = os.pathsep.join(path)
        now["SCITEX_SESSION_REPLAY"] = self.replay
        if self.state is not None:
            now["SCITEX_STATE_DIR"] = self.state
        return now

    def write_replay(self, sdir_out: str | None, *, in_place: bool) -> None:
        """Write what the new session is to start with."""
        data = self.record.data
        replay: dict[str, Any] = {
            "parent": self.record.id,
            "args": data.get("args") or {},
            "config": data.get("config") or {},
        }
        if not in_place:  # the seed stands in the code, and with --in-place the code is today's
            replay["seed"] = data.get("seed")
        if sdir_out is not None:
            replay["sdir_out"] = sdir_out
        if MASK in json.dumps([replay["args"], replay["config"]]):
            self.notes.append("a setting was masked as a secret: the rerun has *** in its place")
        with open(self.replay, "w", encoding="utf-8") as file:
            json.dump(replay, file)

    def run(self, cwd: str, log: str, timeout: float | None) -> int:
        """Run the command to its end and return its status; what it prints goes to `log`."""
        os.makedirs(cwd, exist_ok=True)
        stdin = self.record.section("environment").get("stdin", {})
        source = stdin.get("path") if stdin.get("kind") == "file" else None
        if stdin.get("kind") == "pipe":
            self.notes.append(
                "the run read a pipe, which may have held data; the rerun reads nothing"
            )
        if source is not None and not os.path.exists(source):
            self.notes.append(f"{source}, its standard input, is not there any more")
            source = None
        try:
            with open(source or os.devnull, "rb") as given, open(log, "wb") as printed:
                done = subprocess.run(
                    self.command(), cwd=cwd, env=self.environment(), stdin=given, stdout=printed,
                    stderr=subprocess.STDOUT, timeout=timeout, check=False,
                )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SessionError(f"the rerun was stopped after {timeout:g} s; allow more") from None
        return done.returncode


def split(argv: list[str]) -> tuple[list[str], str, list[str]]:
    """
    Take a Python command line apart.

    Returns
    -------
    (list of str, str, list of str)
        The interpreter's options; the script, ``-m``, ``-c``, ``-`` or nothing; the rest (for
        ``-m`` the module comes first).
    """
    flags: list[str] = []
    rest = argv[1:]
    while rest:
        part = rest.pop(0)
        if part in {"-c", "-m", "-"} or not part.startswith("-"):
            return flags, part, rest
        if not part.startswith("--") and part[-1] in "mc" and part[:2] not in _WITH_VALUE:
            flags.append(part[:-1])  # `-um module`
            return flags, "-" + part[-1], rest
        flags.append(part)
        if part in _WITH_VALUE and rest:
            flags.append(rest.pop(0))
    return flags, "", []
