"""What a session starts with when it repeats another run."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "SCITEX_SESSION_REPEAT"


def take() -> dict[str, Any]:
    """Return what `scitex-session rerun` asks for; only the first session of a process gets it.

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
        repeated: dict[str, Any] = json.load(file)
    return repeated
