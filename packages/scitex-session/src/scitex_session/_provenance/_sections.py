"""Make the sections of PROVENANCE.json from what was collected."""

from __future__ import annotations

import os
from itertools import islice

from .._masking import mask_text, strip_credentials
from .._record._run_directory import walk_outputs
from . import _environment
from ._code import CodeKeeper
from ._digest import Cache, ceiling, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Found = list[tuple[dict[str, Any], str]]  # (entry, the file that it describes)

# What is digested before the run directory is filed; more is left to a process of its own.
INLINE_FILES = 150
INLINE_BYTES = 4_000_000

UNSEEN = (
    "what a library reads in C without a hook (a hook is in place for those named in hooks)",
    "what programs started by the run read and write, except workers forked by this process",
    "what came in over the network, except addresses opened by urllib",
    "standard input, except a file behind it",
    "files that were listed or tested for but not opened",
)


class _TooMuch(Exception):  # noqa: N818 - not an error: the section stays pending
    """A closing session should not wait for this many or such large files to be digested."""


def keep_code(state: dict[str, Any], run_dir: str) -> tuple[dict[str, Any], list[str]]:
    """Keep the code of a run in its ``CONFIGS``; return the section, and what could not be kept."""
    keeper = CodeKeeper(state, run_dir)
    try:
        section = keeper.section(None if state["git"] in {"", "late"} else state["git"])
    except Exception as error:  # noqa: BLE001 - named in the record; the run must not suffer
        return {}, [*keeper.problems, f"code: {type(error).__name__}: {error}"]
    return section, keeper.problems


def build(
    state: dict[str, Any],
    run_dir: str,
    *,
    inline: bool,
    code: tuple[dict[str, Any], list[str]] | None = None,
) -> dict[str, Any]:
    """Make the sections of the record that the collector's `state` gives.

    With `inline` a session is waiting: sections that would take long are left empty and named in
    ``pending``. `code` is what `keep_code` returned, if it was called before.
    """
    pending: list[str] = []
    if code is None and inline and state["git"] == "late":
        pending.append("code")
        code = {}, []
    kept, problems = code or keep_code(state, run_dir)
    problems = [*state["not_collected"], *problems]
    sections: dict[str, Any] = {"inputs": [], "outputs": [], "code": kept}
    for name, make in (("inputs", _inputs), ("outputs", _outputs)):
        try:
            sections[name] = make(state, run_dir, inline=inline)
        except _TooMuch:
            pending.append(name)
        except Exception as error:  # noqa: BLE001 - as above
            problems.append(f"{name}: {type(error).__name__}: {error}")
    sections["environment"] = _describe_environment(state, problems)
    sections["commands"] = [
        {**entry, "argv": [mask_text(part) for part in entry["argv"]]}
        for entry in state["commands"]
    ]
    sections["collection"] = {
        "not_collected": problems,
        "unseen": list(UNSEEN),
        "hooks": state["hooks"],
        "digest_ceiling_bytes": ceiling(),
        "left_out": state["left_out"],
    }
    if pending:
        sections["pending"] = pending
    return sections


def _describe_environment(state: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    environment = dict(state["environment"])
    try:
        available = _environment.installed_distributions(state["sys_path"])
        versions, unknown = _environment.distributions_of(state["libraries"], available)
        environment["distributions"] = versions
        if unknown:
            environment["modules_without_distribution"] = unknown
        if state["every_distribution"]:
            environment["installed"] = {n: v for n, (v, _) in sorted(available.items())}
    except Exception as error:  # noqa: BLE001 - as above
        problems.append(f"distributions: {type(error).__name__}: {error}")
    return environment


def _outputs(state: dict[str, Any], run_dir: str, *, inline: bool) -> list[dict[str, Any]]:
    """Describe the files of the run directory, and what was written elsewhere."""
    limit = INLINE_FILES + 1 if inline else None
    found: Found = [({"path": n}, e.path) for n, e in islice(walk_outputs(run_dir), limit)]
    found.sort(key=lambda item: item[0]["path"].split("/"))
    removed, relative = set(state["removed"]), set(state["relative"])
    for path in state["writes"]:
        if inline and len(found) > INLINE_FILES:
            raise _TooMuch
        if path.startswith(state["run_dir"] + os.sep) or not os.path.isfile(path):
            continue
        if path in removed and os.stat(path).st_mtime_ns < state["start_ns"]:
            continue
        how = "relative" if path in relative else "absolute"
        found.append(({"path": path, "elsewhere": True, "given": how}, path))
    return _digested(found, inline=inline)


def _inputs(state: dict[str, Any], run_dir: str, *, inline: bool) -> list[dict[str, Any]]:
    """Describe what was read, without the run directory's own files."""
    code = {state.get("script"), *state["modules"].values()}
    explicit: dict[str, str] = state["explicit"]
    own = (state["run_dir"] + os.sep, run_dir + os.sep, *state["own_packages"])
    first_seen = {**dict.fromkeys(explicit, state["start_ns"]), **state["reads"]}
    found: Found = []
    for path in first_seen:
        if inline and len(found) > INLINE_FILES:
            raise _TooMuch
        if not path.startswith(own) and path not in code:
            entry = _input(path, explicit.get(path), state)
            if entry is not None:
                found.append((entry, path))
    described = _digested(found, inline=inline)
    for entry in described:
        changed = entry["mtime_ns"]
        if changed is not None and changed > first_seen[entry["path"]] and "note" not in entry:
            entry["note"] = "changed after it was first read: the digest is of the changed file"
    described += [
        {"path": None, "url": strip_credentials(url), "how": "url", "size": None, "sha256": None}
        for url in state["urls"]
    ]
    return described


def _input(path: str, how: str | None, state: dict[str, Any]) -> dict[str, Any] | None:
    entry: dict[str, Any] = {"path": path, "how": how or "opened"}
    if os.path.isdir(path):
        return None  # `os.open` of a directory; its files are noted by themselves
    written = state["writes"].get(path)
    if not os.path.exists(path):
        # Mostly a library's search for files that do not exist. One that the script removed, or
        # that was named to us, did exist.
        if written is not None or (path not in state["removed"] and how is None):
            return None
        entry["removed"] = True
    if written is not None:
        if written <= state["reads"].get(path, 0) and how is None:
            return None  # the run's own work, read back
        entry["written_too"] = True
    real = os.path.realpath(path)
    if real != path:
        entry["real_path"] = real
    return entry


def _digested(found: Found, *, inline: bool) -> list[dict[str, Any]]:
    sizes = [_size(path) for _, path in found]
    if len(found) <= INLINE_FILES and sum(sizes) <= INLINE_BYTES:
        return [{**entry, **describe(path)} for entry, path in found]
    if inline:
        raise _TooMuch
    from concurrent.futures import ThreadPoolExecutor

    with Cache() as cache, ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        described = pool.map(lambda item: describe(item[1], cache=cache), found)
        return [{**entry, **more} for (entry, _), more in zip(found, described, strict=True)]


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
