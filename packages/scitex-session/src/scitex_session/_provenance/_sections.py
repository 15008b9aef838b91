"""From what was collected to the sections of PROVENANCE.json."""

from __future__ import annotations

import os

from scitex_session._provenance import _distributions, _files
from scitex_session._provenance._aside import ASIDE
from scitex_session._provenance._code import CodeKeeper
from scitex_session._provenance._digest import ceiling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNSEEN = (
    "what a library reads in C without a hook (a hook is in place for those named in hooks)",
    "what programs started by the run read and write, except workers forked by this process",
    "what came in over the network, except addresses opened by urllib",
    "standard input, except a file behind it",
    "files that were listed or tested for but not opened",
)


def keep_code(state: dict[str, Any], run_dir: str) -> tuple[dict[str, Any], list[str]]:
    """
    Keep the code of a run in its ``CONFIGS``.

    Parameters
    ----------
    state, run_dir
        As for `build`.

    Returns
    -------
    (dict, list of str)
        The section ``code``, and what could not be kept.
    """
    configs = os.path.join(run_dir, "CONFIGS")
    keeper = CodeKeeper(state, configs, os.path.join(configs, ASIDE))
    try:
        section = keeper.section(None if state["git"] in {"", "late"} else state["git"])
    except Exception as error:  # noqa: BLE001 - named in the record; the run is not to suffer
        return {}, [*keeper.problems, f"code: {type(error).__name__}: {error}"]
    return section, keeper.problems


def build(
    state: dict[str, Any],
    run_dir: str,
    *,
    inline: bool,
    code: tuple[dict[str, Any], list[str]] | None = None,
) -> dict[str, Any]:
    """
    Make the provenance sections.

    Parameters
    ----------
    state : dict
        What the collector knows; see `Collector`.
    run_dir : str
        Where the run directory is now.
    inline : bool
        Whether a session is waiting: then sections that would take long are left empty and named
        in ``pending``.
    code : (dict, list of str), optional
        What `keep_code` returned, if that is done.

    Returns
    -------
    dict
        ``inputs``, ``outputs``, ``code``, ``environment``, ``commands``, ``collection``; and
        ``pending``, a list, if anything is.
    """
    pending: list[str] = []
    if code is None and inline and state["git"] == "late":
        pending.append("code")
        code = {}, []
    kept, problems = code or keep_code(state, run_dir)
    problems = [*state["not_collected"], *problems]
    sections: dict[str, Any] = {"inputs": [], "outputs": [], "code": kept}

    for name, make in (("inputs", _files.inputs), ("outputs", _files.outputs)):
        try:
            sections[name] = make(state, run_dir, _files.Budget(limited=inline))
        except _files.TooMuch:
            pending.append(name)
        except Exception as error:  # noqa: BLE001 - named in the record; the run is not to suffer
            problems.append(f"{name}: {type(error).__name__}: {error}")

    sections["environment"] = _environment(state, problems)
    sections["commands"] = _files.commands(state)
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


def _environment(state: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    environment = dict(state["environment"])
    try:
        available = _distributions.installed(state["sys_path"])
        versions, unknown = _distributions.of_modules(state["libraries"], available)
        environment["distributions"] = versions
        if unknown:
            environment["modules_without_distribution"] = unknown
        if state["every_distribution"]:
            environment["installed"] = {n: v for n, (v, _) in sorted(available.items())}
    except Exception as error:  # noqa: BLE001 - named in the record; the run is not to suffer
        problems.append(f"distributions: {type(error).__name__}: {error}")
    return environment
