"""Work out how to start a script again as it was started."""

from __future__ import annotations

import json
import os
import sys

from .._masking import MASK
from .._provenance._environment import is_allowed
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._record._record import Record
    from ._isolation import Isolation

_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
# Where a run ran, not what it computed: another allocation has its own.
_NOT_RESTORED = ("SLURM_", "PMI_", "PMIX_", "OMPI_", "PBS_", "LSB_", "SGE_", "CUDA_VISIBLE_DEVICES")
_NEVER_SET = frozenset({"PATH", "SHELL", "TMPDIR", "DISPLAY", "JOB_ID", "container", "VIRTUAL_ENV"})


class Launch:
    """The command of a run, its environment, and what the new session replays.

    The directories in `path` are put in front of ``sys.path``. What is not as it was is named in
    ``notes``.
    """

    def __init__(self, record: Record, isolation: Isolation, path: list[str]) -> None:
        self.record = record
        self.isolation = isolation
        self.path = path
        self.notes: list[str] = []
        self._replay = isolation.own("replay.json")

    def command(self) -> list[str]:
        """Return the command line of the run, for the restored script."""
        argv = [str(part) for part in self.record.section("environment").get("command") or []]
        if not argv:
            argv = [str(part) for part in self.record.data.get("argv") or [sys.executable]]
        flags, what, rest = split(argv)
        script = self.record.run.get("script")
        if what in {"-c", "-", ""} or not script:
            raise SessionError(
                f"{self.record.path}: it was not started from a file; only a script can be rerun"
            )
        if MASK in rest:
            self.notes.append("an argument was masked as a secret: the rerun has *** in its place")
        if what == "-m":
            return [self._python(), *flags, "-m", *rest]
        first = os.path.join(str(self.record.run["cwd"]), what)
        # A launcher (a console script, a runner) is not the script, and is where it was.
        is_script = os.path.realpath(first) == os.path.realpath(script) or not (
            os.path.exists(first)
        )
        target = self.isolation.of(script) if is_script else first
        return [self._python(), *flags, target, *rest]

    def _python(self) -> str:
        python = self.record.section("environment").get("python", {}).get("executable")
        if python and os.access(python, os.X_OK):
            return str(python)
        self.notes.append(f"Python {python} is not there any more; {sys.executable} is used")
        return sys.executable

    def environment(self) -> dict[str, str]:
        """Return today's environment with the recorded variables restored."""
        then: dict[str, str] = dict(self.record.section("environment").get("variables") or {})
        now = dict(os.environ)
        for name in [*now, *then]:
            if name in _NEVER_SET or name.startswith(_NOT_RESTORED) or not is_allowed(name):
                continue
            if name not in then:
                now.pop(name, None)
            elif MASK not in then[name]:
                now[name] = then[name]
        # A session sets PYTHONHASHSEED for children; what the script began with is recorded apart.
        seed = self.record.section("environment").get("python", {}).get("hash_seed", "random")
        now.pop("PYTHONHASHSEED", None)
        if seed != "random":
            now["PYTHONHASHSEED"] = str(seed)
        before = [self.isolation.of(p) for p in then.get("PYTHONPATH", "").split(os.pathsep) if p]
        path = [*self.path, *(p for p in before if os.path.isdir(p))]
        path += [p for p in then.get("PYTHONPATH", "").split(os.pathsep) if p and p not in path]
        now.pop("PYTHONPATH", None)
        if path:
            now["PYTHONPATH"] = os.pathsep.join(path)
        now["SCITEX_SESSION_REPEAT"] = self._replay
        if not self.isolation.in_place:  # the user's list of runs must not name a scratch one
            now["SCITEX_STATE_DIR"] = self.isolation.own("state")
        return now

    def write_replay(self) -> None:
        """Write what the new session starts with."""
        data = self.record.data
        replay: dict[str, Any] = {
            "parent": self.record.id,
            "args": data.get("args") or {},
            "config": data.get("config") or {},
        }
        if not self.isolation.in_place:  # in place, the seed is that of today's code
            replay["seed"] = data.get("seed")
            replay["sdir_out"] = self.isolation.of(str(self.record.run["sdir_out"]))
        if MASK in json.dumps([replay["args"], replay["config"]]):
            self.notes.append("a setting was masked as a secret: the rerun has *** in its place")
        with open(self._replay, "w", encoding="utf-8") as file:
            json.dump(replay, file)

    def stdin(self) -> str | None:
        """Return the file to read as standard input, if there was one."""
        stdin = self.record.section("environment").get("stdin", {})
        if stdin.get("kind") == "pipe":
            self.notes.append(
                "the run read a pipe, which may have held data; the rerun reads nothing"
            )
        source = stdin.get("path") if stdin.get("kind") == "file" else None
        if source is not None and not os.path.exists(source):
            self.notes.append(f"{source}, its standard input, is not there any more")
            return None
        return source


def split(argv: list[str]) -> tuple[list[str], str, list[str]]:
    """Split a Python command line.

    Returns the interpreter's options; the script, ``-m``, ``-c``, ``-`` or nothing; and the rest
    (for ``-m`` the module comes first).
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
