"""Restore the code of a run: a worktree of its commit with its patch, or the copies."""

from __future__ import annotations

import os
import subprocess

from .._masking import mask_source
from .._provenance._digest import sha256
from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._record._record import Record
    from ._isolation import Isolation


class Checkout:
    """The code of a run, restored where a rerun finds it.

    What is not as it was is named in ``notes``; ``path`` are directories for ``sys.path``.
    """

    def __init__(self, record: Record, isolation: Isolation) -> None:
        self.record = record
        self.isolation = isolation
        self.notes: list[str] = []
        self.path: list[str] = []
        self._section = record.section("code")
        self._worktree: str | None = None

    def restore(self) -> None:
        """Restore the code; raise a SessionError if that is not possible."""
        kind = self._section.get("kind")
        if kind == "git":
            self._from_git()
        elif kind != "copies":
            raise SessionError(
                f"{self.record.path}: its code was not recorded "
                f"({self._section.get('note', 'there was no script file')}); it cannot be rerun"
            )
        for entry in self._section["files"]:
            if kind == "copies" or entry.get("copy"):
                self._copy_back(entry)
        self._compare_with_record()

    def remove(self) -> None:
        """Remove the worktree from git's list; its files are the caller's to remove."""
        if self._worktree is not None:
            root = str(self._section["root"])
            _git(root, "worktree", "remove", "--force", self._worktree, check=False)
            _git(root, "worktree", "prune", check=False)

    def _from_git(self) -> None:
        root, commit = str(self._section["root"]), str(self._section["commit"])
        if not os.path.exists(os.path.join(root, ".git")):
            remotes = ", ".join(self._section.get("remotes", {}).values())
            raise SessionError(
                f"{root}: the repository is not there any more; clone it there"
                + (f" from {remotes}" if remotes else "")
            )
        if _git(root, "cat-file", "-e", f"{commit}^{{commit}}", check=False).returncode:
            raise SessionError(f"{root}: has no commit {commit}; fetch it and try again")
        target = self.isolation.of(root)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _git(root, "worktree", "add", "--detach", "--force", target, commit)
        self._worktree = target
        if self._section.get("patch"):
            self._apply_patch(target)
        elif self._section.get("dirty"):
            self.notes.append("the changes since the commit were too large to be kept")

    def _apply_patch(self, target: str) -> None:
        patch = self.record.directory.inside(str(self._section["patch"]))
        masked = int(self._section.get("masked_lines") or 0)
        if masked:
            self.notes.append(
                f"{masked} lines of the patch held secrets and were masked: the code differs there"
            )
            for name in self._section.get("changed", ()):
                _mask_in_place(os.path.join(target, name))
        done = _git(target, "apply", "--whitespace=nowarn", "--binary", patch, check=False)
        if done.returncode:
            raise SessionError(f"{patch}: does not apply to the commit: {done.stderr.strip()}")

    def _copy_back(self, entry: dict[str, Any]) -> None:
        """Put a copy where its module is looked for: at its path, with its root on the path."""
        if not entry.get("copy"):
            self.notes.append(f"{entry['path']}: {entry.get('note', 'not kept')}; today's is used")
            return
        if entry.get("masked_lines"):
            self.notes.append(f"{entry['path']} held secrets and was masked: it differs there")
        target = self.isolation.of(entry["path"])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with (
            open(self.record.directory.inside(entry["copy"]), "rb") as source,
            open(target, "wb") as file,
        ):
            file.write(source.read())
        if "base" in entry:
            base = self.isolation.of(entry["base"])
            if base not in self.path:
                self.path.append(base)

    def _compare_with_record(self) -> None:
        masked = self._section.get("masked_lines")
        for entry in self._section["files"]:
            restored = self.isolation.of(entry["path"])
            path = restored if os.path.exists(restored) else entry["path"]
            if not os.path.exists(path):
                self.notes.append(f"{entry['path']}: is not there any more")
            elif masked or entry.get("masked_lines") or not entry.get("sha256"):
                continue  # noted already
            elif sha256(path) != entry["sha256"]:
                self.notes.append(f"{entry['path']}: could not be restored as it was")


def _mask_in_place(path: str) -> None:
    """Mask a file as the patch was masked, so that the patch applies."""
    if not os.path.isfile(path) or os.path.islink(path):
        return
    with open(path, "rb") as file:
        data = file.read()
    if b"\0" in data:
        return
    masked, count = mask_source(data, path)
    if count:
        with open(path, "wb") as file:
            file.write(masked)


def _git(root: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    # Restoring an old commit must not run a hook of the repository (post-checkout).
    command = ["git", "-C", root, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]
    try:
        done = subprocess.run(
            [*command, *args], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise SessionError("git is not installed; it is needed to restore the code") from None
    if check and done.returncode:
        raise SessionError(f"git {args[0]} in {root}: {done.stderr.strip() or done.returncode}")
    return done
