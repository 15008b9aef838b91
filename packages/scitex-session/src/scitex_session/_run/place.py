"""Where a session stands: script, notebook, or prompt."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def script_of(namespace: dict[str, Any]) -> str | None:
    """Return the real path of the file that a module's globals belong to.

    Parameters
    ----------
    namespace : dict
        The globals of the decorated function or of the caller of `start`.

    Returns
    -------
    str or None
        The notebook's path where it can be known; None for ``python -c``, standard input, a
        prompt and a notebook without a known name.
    """
    if in_notebook():
        return _notebook(namespace)
    file = namespace.get("__file__")
    if not isinstance(file, str) or not os.path.isfile(file):
        return None
    return os.path.realpath(file)


def _notebook(namespace: dict[str, Any]) -> str | None:
    """VS Code says it in the namespace, Jupyter's server in the environment."""
    for path in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(path, str) and path.endswith(".ipynb") and os.path.isfile(path):
            return os.path.realpath(path)
    return None
