"""Keep the code that made a run: a patch against a commit, or copies."""

from __future__ import annotations

import os

from .._masking import mask_patch, mask_source
from .._record._run_directory import CODE, CODE_PATCH, NOTES
from . import _repository
from ._digest import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_COPIES = 20_000_000  # bytes


class CodeKeeper:
    """Write the patch or the copies of one run into its ``CONFIGS`` and describe them.

    Of `state` it needs ``script``, ``modules`` (name to file), ``copied`` (file to its copy of the
    start, which is among the notes of the run) and ``start_ns``.
    """

    def __init__(self, state: dict[str, Any], run_dir: str) -> None:
        self.script: str | None = state.get("script")
        self.modules: dict[str, str] = state.get("modules", {})
        self.copied: dict[str, str] = state.get("copied", {})
        self.start_ns: int = state["start_ns"]
        self.problems: list[str] = []
        self._run_dir = run_dir
        self._notes = os.path.join(run_dir, NOTES)
        self._kept = 0

    def section(self, git_problem: str | None) -> dict[str, Any]:
        """Return the ``code`` section, with everything it names written."""
        git: dict[str, Any] = {}
        if git_problem is None:
            git = _repository.result(self._notes)
            git_problem = git.get("error")
        if git_problem is None:
            return self._from_git(git)
        if git_problem != "no git repository":
            self.problems.append(f"code: {git_problem}; the files were copied instead")
        return self._from_copies()

    def _files(self) -> list[tuple[str, str]]:
        """Return (module name, file) of all user code, the script first as ``__main__``."""
        first = [("__main__", self.script)] if self.script else []
        return first + [item for item in sorted(self.modules.items()) if item[1] != self.script]

    def _from_git(self, git: dict[str, Any]) -> dict[str, Any]:
        root: str = git["root"]
        diff: bytes | None = git["diff"]
        if diff is None:
            problem = "code: the changes since the commit exceed 50 MB and were not kept"
            self.problems.append(problem)
        changed = _changed(diff or b"")
        patch, masked = mask_patch(diff or b"")
        entries: list[dict[str, Any]] = []
        extra: list[tuple[bytes, int]] = []
        for name, path in self._files():
            entry = self._entry(name, path)
            relative = os.path.relpath(path, root)
            entry["tracked"] = relative in git["tracked"]
            if relative.startswith(".." + os.sep):
                self._copy(entry, path)
            elif not entry["tracked"]:
                self._add_to_patch(entry, path, relative, extra)
            entries.append(entry)
        patch += b"".join(piece for piece, _ in extra)
        masked += sum(count for _, count in extra)
        section = {
            "kind": "git",
            "root": root,
            "commit": git["commit"],
            "branch": git["branch"],
            "remotes": git["remotes"],
            "dirty": bool(changed) or diff is None,
            "changed": changed[:1000],
            "patch": None,
            "masked_lines": masked,
            "files": entries,
        }
        if patch:
            section["patch"] = CODE_PATCH
            self._write(CODE_PATCH, patch)
        return section

    def _from_copies(self) -> dict[str, Any]:
        entries = []
        for name, path in self._files():
            entry = self._entry(name, path)
            self._copy(entry, path)
            entries.append(entry)
        masked = sum(entry.get("masked_lines", 0) for entry in entries)
        root = _common(self.script, [path for _, path in self._files()])
        kind = "copies" if entries else "none"
        return {"kind": kind, "root": root, "masked_lines": masked, "files": entries}

    def _entry(self, name: str, path: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"module": name, "path": path, "sha256": None}
        source = self._source(path)
        try:
            entry["sha256"] = sha256(source)
            if source == path and os.stat(path).st_mtime_ns > self.start_ns:
                entry["note"] = "changed after the run had begun"
        except OSError as error:
            entry["note"] = error.strerror or str(error)
        return entry

    def _source(self, path: str) -> str:
        """Return the copy of the start, if there is one: the file may have been edited since."""
        copy = self.copied.get(path)
        return os.path.join(self._notes, copy) if copy else path

    def _load(self, entry: dict[str, Any], path: str) -> bytes | None:
        """Read a file to keep; return None, with the reason noted, if that is too much."""
        try:
            with open(self._source(path), "rb") as file:
                data = file.read(MAX_COPIES + 1)
        except OSError as error:
            self.problems.append(f"code: {path}: {error.strerror or error}")
            return None
        self._kept += len(data)
        if self._kept > MAX_COPIES:
            entry["note"] = "not kept: the copies of this run exceed 20 MB"
            return None
        return data

    def _add_to_patch(
        self, entry: dict[str, Any], path: str, relative: str, extra: list[tuple[bytes, int]]
    ) -> None:
        data = self._load(entry, path)
        if data is None:
            return
        if b"\0" in data:  # a compiled module, which no text patch can hold
            self._keep(entry, path, data)
            return
        data, masked = mask_source(data, path)
        entry["in_patch"] = True
        if masked:
            entry["masked_lines"] = masked
        extra.append((_new_file(relative.replace(os.sep, "/"), data), masked))

    def _copy(self, entry: dict[str, Any], path: str) -> None:
        if path.endswith((".so", ".pyd")):
            return  # compiled for one machine; the digest identifies it
        data = self._load(entry, path)
        if data is not None:
            self._keep(entry, path, data)

    def _keep(self, entry: dict[str, Any], path: str, data: bytes) -> None:
        masked = 0
        if b"\0" not in data:
            data, masked = mask_source(data, path)
        if masked:
            entry["masked_lines"] = masked
        # Named by content and name: files of one name from two directories do not collide.
        folder = (entry["sha256"] or "unknown")[:8]
        name = f"{CODE}/{folder}/{os.path.basename(path)}"
        if masked or not self._link(path, name):
            self._write(name, data)
        entry["copy"] = name
        if entry["module"] != "__main__":
            entry["base"] = _import_root(entry["module"], path)

    def _link(self, path: str, name: str) -> bool:
        """Keep the copy of the start under `name`, too; return whether that is possible."""
        if path not in self.copied:
            return False
        try:
            os.link(self._source(path), self._destination(name))
        except OSError:  # no links on this file system, or it is there since an earlier attempt
            return False
        return True

    def _destination(self, name: str) -> str:
        folder = self._run_dir
        for part in name.split("/")[:-1]:  # not makedirs: a run that was removed must stay so
            folder = os.path.join(folder, part)
            if not os.path.isdir(folder):
                os.mkdir(folder)
        return os.path.join(self._run_dir, name)

    def _write(self, name: str, data: bytes) -> None:
        path = self._destination(name)
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.replace(path + ".new", path)


def _import_root(name: str, path: str) -> str:
    """Return the directory on ``sys.path`` under which module `name` is found at `path`."""
    depth = name.count(".") + (os.path.basename(path) == "__init__.py")
    folder = os.path.dirname(path)
    for _ in range(depth):
        folder = os.path.dirname(folder)
    return folder


def _changed(diff: bytes) -> list[str]:
    """Return the names of the files that a patch changes."""
    heads = (line for line in diff.split(b"\n") if line.startswith(b"diff --git "))
    return [os.fsdecode(line.rpartition(b" b/")[2]).rstrip('"') for line in heads]


def _new_file(relative: str, data: bytes) -> bytes:
    """Return a patch that creates a file, as ``git diff`` would write it."""
    name = relative.encode("utf-8", "surrogateescape")
    if any(byte < 32 or byte in b'"\\' for byte in name):  # noqa: PLR2004 - control characters
        name = name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        a, b = b'"a/' + name + b'"', b'"b/' + name + b'"'
    else:
        a, b = b"a/" + name, b"b/" + name
    head = b"diff --git " + a + b" " + b + b"\nnew file mode 100644\n"
    if not data:
        return head
    lines = data.split(b"\n")
    complete = lines[-1] == b""
    if complete:
        lines.pop()
    tab = b"\t" if b" " in name else b""
    body = head + b"--- /dev/null\n+++ " + b + tab + b"\n@@ -0,0 +1,%d @@\n" % len(lines)
    body += b"".join(b"+" + line + b"\n" for line in lines)
    return body if complete else body + b"\\ No newline at end of file\n"


def _common(script: str | None, paths: list[str]) -> str | None:
    """Return the directory that script and modules share, unless it is the root or a home."""
    if script is None:
        return None
    folder = os.path.dirname(script)
    try:
        shared = os.path.commonpath([folder, *(os.path.dirname(path) for path in paths)])
    except ValueError:  # different drives
        return folder
    return folder if shared in {os.sep, os.path.expanduser("~"), "/home"} else shared
