"""Ask git about the script: commit, branch, remotes, and what is not committed.

A shell script runs git beside the user's code and leaves the answers in files. It writes `done`
last: once that file is there all answers are complete, also after the session was killed.
"""

from __future__ import annotations

import os

from .._masking import strip_credentials
from ._spawn import spawn_detached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_PATCH = 50_000_000  # bytes

# Nothing of the repository's own configuration may run a program here: no pager, no fsmonitor, no
# external or textconv diff. Credentials never reach the disk: sed takes them out of the addresses.
# The answers have names without a directory, for the run may be filed (renamed) meanwhile.
_SCRIPT = r"""
echo $$ >pid
in=$1; git=$2
g() {
  "$git" -C "$in" --no-pager -c core.fsmonitor=false -c core.quotePath=false \
    -c color.ui=false "$@"
}
{
  g diff --no-ext-diff --no-textconv --binary --full-index --no-renames --no-relative -U3 \
    --src-prefix=a/ --dst-prefix=b/ --ignore-submodules=untracked HEAD | head -c $3 >diff &
  g ls-files -z --full-name -- ':/*.py' ':/*.pyx' ':/*.so' ':/*.pyd' "./$4" >tracked &
  { g config --get-regexp '^remote\..*\.url$' || :; } |
    sed -e 's#://[^/@]*@#://#' -e 's#[?&].*##' >remotes &
  g rev-parse --show-toplevel HEAD --abbrev-ref HEAD >where
  state=$?
  wait
} 2>error
echo $state >done
"""


def start(script: str, notes: str) -> str | Callable[[], None]:
    """Ask git about the repository that holds `script` (a real path), beside the caller.

    The answers go to the directory `notes`. Returns why git was not asked, or, if it was, what
    `spawn_detached` returned.
    """
    directory, name = os.path.split(script)
    if not _is_in_repository(directory):
        return "no git repository"
    git = _which("git")
    if git is None:
        return "git is not installed"
    if not hasattr(os, "posix_spawn"):
        return "git is not asked on this platform"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name == "GIT_CEILING_DIRECTORIES"
    }
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return spawn_detached(
        ["/bin/sh", "-c", _SCRIPT, "sh", directory, git, str(MAX_PATCH), name],
        environment,
        directory=notes,
    )


def _which(name: str) -> str | None:
    # shutil.which would import the compression libraries with it.
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.abspath(path)
    return None


def _is_in_repository(directory: str) -> bool:
    while not os.path.exists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return False
        directory = parent
    return True


def is_done(notes: str) -> bool:
    """Whether git has answered everything."""
    try:
        return os.stat(os.path.join(notes, "done")).st_size > 0
    except FileNotFoundError:
        return False


def is_at_work(notes: str) -> bool:
    """Whether git is still running; false also if it was killed."""
    try:
        os.kill(int(_text(notes, "pid")), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def result(notes: str) -> dict[str, Any]:
    """Return what git answered; only an ``error`` if there is no usable answer.

    ``root``, ``commit``, ``branch`` (None when detached), ``remotes`` (without credentials),
    ``tracked`` (a set of Python files from the root) and ``diff`` (bytes; None above 50 MB).
    """
    where = _text(notes, "where").split("\n")
    if _read(notes, "done").strip() != b"0":
        if where[0]:
            return {"error": "the repository has no commit yet"}
        reason = os.fsdecode(_read(notes, "error")).strip().splitlines()
        return {"error": f"git: {reason[0]}" if reason else "git gave no answer"}
    diff = _read(notes, "diff")
    return {
        "root": where[0],
        "commit": where[1],
        "branch": None if where[2] == "HEAD" else where[2],
        "remotes": _remotes(_text(notes, "remotes")),
        "tracked": {os.fsdecode(name) for name in _read(notes, "tracked").split(b"\0") if name},
        "diff": None if len(diff) >= MAX_PATCH else diff,
    }


def _remotes(text: str) -> dict[str, str]:
    remotes = {}
    for line in text.splitlines():
        key, _, url = line.partition(" ")
        remotes[key.removeprefix("remote.").removesuffix(".url")] = strip_credentials(url)
    return remotes


def _read(notes: str, name: str) -> bytes:
    try:
        with open(os.path.join(notes, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _text(notes: str, name: str) -> str:
    return os.fsdecode(_read(notes, name)).strip("\n")
