"""What a session that repeats another one is to start with."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .opening import Opening

VARIABLE = "SCITEX_SESSION_REPLAY"


def take() -> dict[str, Any]:
    """Return what `scitex-session rerun` asks for, once: sessions that follow are their own.

    Returns
    -------
    dict
        ``parent``, ``args``, ``config``, and where they are repeated too ``seed`` and
        ``sdir_out``; empty where nothing is repeated.
    """
    path = os.environ.pop(VARIABLE, None)
    if path is None:
        return {}
    import json

    with open(path, encoding="utf-8") as file:
        asked: dict[str, Any] = json.load(file)
    return asked


def apply(asked: dict[str, Any], opening: Opening) -> None:
    """Put it in the place of what the script and the working directory would have given."""
    if not asked:
        return
    opening.parent = asked.get("parent")
    opening.sdir_out = asked.get("sdir_out")
    if "config" in asked:
        opening.namespaces = {"IS_DEBUG": False, **asked["config"]}
    if "seed" in asked:
        opening.options["seed"] = asked["seed"]
