"""The script's own call tree, as it unfolds."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

_FOREIGN = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def show_call_tree(script: str | None) -> Callable[[], None]:
    """Print each call of a function of the user's on standard error, indented by its depth.

    Parameters
    ----------
    script : str or None
        The script; functions of files beside and below it are shown. Without one, those that
        were typed.

    Returns
    -------
    callable
        Stops the printing and puts back the profile function that was there before.
    """
    before = sys.getprofile()
    root = os.path.dirname(script) + os.sep if script else None
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    known: dict[str, bool] = {}
    depth = 0

    def is_own(file: str) -> bool:
        if file not in known:
            real = os.path.realpath(file) if os.path.exists(file) else file
            typed = root is None and file.startswith("<")
            below = root is not None and real.startswith(root) and not real.startswith(here)
            known[file] = typed or (below and not any(part in real for part in _FOREIGN))
        return known[file]

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal depth
        if event not in ("call", "return") or not is_own(frame.f_code.co_filename):
            return
        if event == "return":
            depth = max(0, depth - 1)
            return
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        location = f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"
        sys.stderr.write(f"{'  ' * depth}{name} ({location})\n")
        depth += 1

    sys.setprofile(note)
    return lambda: sys.setprofile(before)
