"""What a run read and what it left: the sections ``inputs`` and ``outputs``."""

from __future__ import annotations

import os

from scitex_session._provenance._digest import Cache, describe
from scitex_session._provenance._masking import mask_known
from scitex_session._provenance._secret_patterns import strip_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# What is digested before the run directory is filed; more is left to a process of its own.
INLINE_FILES = 150
INLINE_BYTES = 4_000_000
_OWN = frozenset({"CONFIGS", "logs"})


class TooMuch(Exception):  # noqa: N818 - not an error: a reason to do it later
    """There is more to digest than a session that is closing should wait for."""


class Budget:
    """Counts files and bytes; `limited`, it raises `TooMuch` beyond what can be done at once."""

    def __init__(self, *, limited: bool) -> None:
        self.limited = limited
        self.files: float = INLINE_FILES if limited else float("inf")
        self.size: float = INLINE_BYTES if limited else float("inf")

    def take(self, size: int) -> None:
        """Pay for a file of `size` bytes."""
        self.files -= 1
        self.size -= size
        if self.files < 0 or self.size < 0:
            raise TooMuch


def walk(directory: str, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path below `directory`, entry) of each file but those of the session itself."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if not below and entry.name in _OWN:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path, f"{below}{entry.name}/")
        else:
            yield f"{below}{entry.name}", entry


def _has_more_than(limit: int, directory: str) -> bool:
    """Count the entries below a directory no further than `limit`, in whatever order they come."""
    waiting = [directory]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                limit -= 1
                if limit < 0:
                    return True
                if entry.is_dir(follow_symlinks=False) and entry.name not in _OWN:
                    waiting.append(entry.path)
    return False


def outputs(state: dict[str, Any], run_dir: str, budget: Budget) -> list[dict[str, Any]]:
    """
    Describe the files of the run directory, its logs, and what was written elsewhere.

    Raises
    ------
    TooMuch
        If that exceeds `budget`.
    """
    if budget.limited and _has_more_than(INLINE_FILES, run_dir):
        raise TooMuch
    found: list[tuple[dict[str, Any], str]] = []
    for relative, entry in walk(run_dir):
        budget.take(_size(entry.stat))
        found.append(({"path": relative}, entry.path))
    was = state["run_dir"]
    removed = set(state["removed"])
    relative_writes = set(state["relative"])
    for path in state["writes"]:
        if path.startswith(was + os.sep) or not os.path.isfile(path):
            continue
        if path in removed and os.stat(path).st_mtime_ns < state["start_ns"]:
            continue
        budget.take(_size(lambda path=path: os.stat(path)))  # type: ignore[misc]
        how = "relative" if path in relative_writes else "absolute"
        found.append(({"path": path, "elsewhere": True, "given": how}, path))
    return _digested(found)


def _size(stat: Callable[[], os.stat_result]) -> int:
    try:
        return stat().st_size
    except OSError:
        return 0


def inputs(state: dict[str, Any], run_dir: str, budget: Budget) -> list[dict[str, Any]]:
    """
    Describe what was read, the run directory's own files left out.

    Raises
    ------
    TooMuch
        If that exceeds `budget`.
    """
    code = {state.get("script"), *state["modules"].values()}
    explicit: dict[str, str] = state["explicit"]
    ours = (state["run_dir"] + os.sep, run_dir + os.sep, *state["own_packages"])
    found: list[tuple[dict[str, Any], str]] = []
    first_seen: dict[str, int] = {}
    for path, when in {**dict.fromkeys(explicit, state["start_ns"]), **state["reads"]}.items():
        if path.startswith(ours) or path in code:
            continue
        entry = _input(path, explicit.get(path), state)
        if entry is None:
            continue
        budget.take(_size(lambda path=path: os.stat(path)))  # type: ignore[misc]
        first_seen[path] = when
        found.append((entry, path))
    described = _digested(found)
    for entry in described:
        changed = entry["mtime_ns"]
        if changed is not None and changed > first_seen[entry["path"]] and "note" not in entry:
            entry["note"] = "changed after it was first read: the digest is of what it became"
    described += [
        {"path": None, "url": strip_credentials(url), "how": "url", "size": None, "sha256": None}
        for url in state["urls"]
    ]
    return described


def _input(path: str, how: str | None, state: dict[str, Any]) -> dict[str, Any] | None:
    entry: dict[str, Any] = {"path": path, "how": how or "opened"}
    if os.path.isdir(path):
        return None  # `os.open` of a directory; its files are seen by themselves
    if not os.path.exists(path):
        # Most are a library's search for files that are not there. One that the script removed, or
        # that was named to us, was there.
        if path not in state["removed"] and how is None:
            return None
        if path in state["writes"]:
            return None
        entry["removed"] = True
    written = state["writes"].get(path)
    if written is not None:
        if written <= state["reads"].get(path, 0) and how is None:
            return None  # the run's own work, read back
        entry["written_too"] = True
    real = os.path.realpath(path)
    if real != path:
        entry["real_path"] = real
    return entry


def _digested(found: list[tuple[dict[str, Any], str]]) -> list[dict[str, Any]]:
    large = any(_size(lambda path=path: os.stat(path)) > INLINE_BYTES for _, path in found)  # type: ignore[misc]
    if not large and len(found) <= INLINE_FILES:
        return [{**entry, **describe(path)} for entry, path in found]
    from concurrent.futures import ThreadPoolExecutor

    with Cache() as cache, ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        described = pool.map(lambda item: describe(item[1], cache=cache), found)
        return [{**entry, **more} for (entry, _), more in zip(found, described, strict=True)]


def commands(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe the programs that were started; texts are masked already by the collector."""
    return [
        {**entry, "argv": [mask_known(part) for part in entry["argv"]]}
        for entry in state["commands"]
    ]
