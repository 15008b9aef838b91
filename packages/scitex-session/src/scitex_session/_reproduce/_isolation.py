"""Decide how a rerun is kept apart from the user's files: the only module that does.

A scratch directory stands for the root of the file system: ``/home/u/project/data/x.csv`` becomes
``SCRATCH/root/home/u/project/data/x.csv``, so that relative paths, also those with ``..``, lead
where they led. Absolute paths still lead to the originals: what the run wrote by absolute paths is
copied before the rerun and put back after it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile

from .._provenance._digest import Cache, describe
from .._provenance._ownership import inside_installation
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .._record._record import Record

_COPIED_UP_TO = 64 * 1024 * 1024  # bytes; larger inputs are linked to


def make_scratch(scratch: str | os.PathLike[str] | None) -> str:
    """Make the scratch directory and return it; one that the user named must be empty."""
    if scratch is None:
        return tempfile.mkdtemp(prefix="scitex-rerun-")
    path = os.path.abspath(os.fspath(scratch))
    os.makedirs(path, exist_ok=True)
    if os.listdir(path):
        raise SessionError(f"{path}: is not empty; name a new directory for the rerun")
    return path


class Isolation:
    """Where a rerun finds its files, and what it may change.

    `scratch` is a directory that exists. With `in_place`, today's code runs where it is, and
    writes as it always does.
    """

    def __init__(self, scratch: str, *, in_place: bool = False) -> None:
        self._scratch = os.path.realpath(scratch)
        self.in_place = in_place
        self.root = self.own("root")  # stands for the root of the file system
        os.makedirs(self.root, exist_ok=True)
        self.changed_inputs: dict[str, str] = {}  # path -> how it differs from the record
        self.absolute_outputs: dict[str, str] = {}  # path outside -> what the rerun wrote there
        self.notes: list[str] = []
        self.put_back: list[str] = []

    def own(self, name: str) -> str:
        """Return the path of a file for the rerun's own needs."""
        return os.path.join(self._scratch, name)

    def of(self, path: str) -> str:
        """Return where the rerun has `path`."""
        if self.in_place:
            return path
        return os.path.join(self.root, os.path.splitdrive(path)[1].lstrip("/\\"))

    def original(self, path: str) -> str:
        """Return the path that one in the scratch directory stands for; others as they are."""
        inside = path.startswith(self.root + os.sep)
        return path[len(self.root) :] if inside else path

    def bring_inputs(self, record: Record) -> None:
        """Put what the run read where the rerun will look for it, and see whether it changed."""
        with Cache() as cache:
            for entry in record.entries("inputs"):
                if entry.get("path"):
                    self._bring_input(entry, cache)
                else:
                    self.notes.append(f"{entry.get('url')} was read from the network, and is again")

    def _bring_input(self, entry: dict[str, Any], cache: Cache) -> None:
        path = str(entry["path"])
        if entry.get("removed"):
            self.notes.append(f"input {path} was removed by the run and is not there any more")
            self.changed_inputs[path] = "not there any more"
            return
        target = self.of(path)
        restored = os.path.lexists(target)  # with the code
        self._check(entry, target if restored else path, cache)
        if not restored and os.path.exists(path) and inside_installation(path) is None:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # A copy protects the original from a script that writes where it read.
            if entry.get("written_too") or os.path.getsize(path) <= _COPIED_UP_TO:
                shutil.copy2(path, target)
            else:
                os.symlink(path, target)

    def _check(self, entry: dict[str, Any], source: str, cache: Cache) -> None:
        path, digest = str(entry["path"]), entry.get("sha256")
        if not os.path.exists(source):
            self.changed_inputs[path] = "not there any more"
        elif digest is None:
            if entry.get("size") != os.path.getsize(source):
                self.changed_inputs[path] = (
                    f"{entry.get('size')} bytes became {os.path.getsize(source)}"
                )
        elif describe(source, cache=cache)["sha256"] != digest and not entry.get("written_too"):
            self.changed_inputs[path] = "its content has changed"

    def bring_config(self, record: Record) -> None:
        """Write the run's configuration where `start` looks for it, unless a file is there."""
        folder = self.of(os.path.join(str(record.run["cwd"]), "config"))
        present = os.listdir(folder) if os.path.isdir(folder) else []
        names = {os.path.splitext(name)[0].upper() for name in present}
        for namespace, recorded in record.section("config").items():
            if namespace in names or (namespace == "IS_DEBUG" and not recorded):
                continue
            values = {"IS_DEBUG": True} if namespace == "IS_DEBUG" else recorded
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"{namespace}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(values, file)  # JSON is YAML

    def run(
        self,
        record: Record,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdin: str | None,
        log: str,
        timeout: float | None,
    ) -> int:
        """Run a command to its end and return its status; what it prints goes to the file `log`."""
        cwd = self.of(str(record.run["cwd"]))
        os.makedirs(cwd, exist_ok=True)
        paths = [] if self.in_place else _absolute_outputs(record)
        saved = self._save(paths)
        try:
            with open(stdin or os.devnull, "rb") as given, open(log, "wb") as printed:
                done = subprocess.run(
                    command, cwd=cwd, env=environment, stdin=given, stdout=printed,
                    stderr=subprocess.STDOUT, timeout=timeout, check=False,
                )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SessionError(f"the rerun was stopped after {timeout:g} s; allow more") from None
        finally:
            self._put_back(paths, saved)
        return done.returncode

    def _save(self, paths: list[str]) -> dict[str, str]:
        saved = {}
        for index, path in enumerate(paths):
            if os.path.isfile(path):
                saved[path] = self.own(f"{index}-before")
                shutil.copy2(path, saved[path])
        return saved

    def _put_back(self, paths: list[str], saved: dict[str, str]) -> None:
        for index, path in enumerate(paths):
            if os.path.isfile(path):
                self.absolute_outputs[path] = self.own(f"{index}-after")
                shutil.copy2(path, self.absolute_outputs[path])
            if path in saved:
                shutil.copy2(saved[path], path)
                self.put_back.append(f"{path} was written again by its full name, and put back")
            elif path in self.absolute_outputs:
                os.unlink(path)  # it was not there before the rerun

    def remove(self) -> None:
        """Remove the scratch directory."""
        shutil.rmtree(self._scratch, ignore_errors=True)


def _absolute_outputs(record: Record) -> list[str]:
    return [
        str(entry["path"])
        for entry in record.entries("outputs")
        if entry.get("elsewhere") and entry.get("given") == "absolute"
    ]
