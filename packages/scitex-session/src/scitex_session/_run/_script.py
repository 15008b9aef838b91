"""Which script a session belongs to: a file, a notebook, or none at a prompt."""

from __future__ import annotations

import os
import sys

from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def in_notebook() -> bool:
    """Return whether this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def script_of(namespace: dict[str, Any], file: str | os.PathLike[str] | None = None) -> str | None:
    """Return the script's real path: the file that was named, or the one of a module's globals.

    Parameters
    ----------
    namespace : dict
        The globals of the decorated function or of the caller of `start`.
    file : str, path or None
        What the user named as the script; it need not exist.

    Returns
    -------
    str or None
        The notebook's path where it can be known; None for ``python -c``, standard input, a
        prompt and a notebook without a known name.

    Raises
    ------
    SessionError
        If `file` is in a directory that does not exist.
    """
    if file is not None:
        path = os.path.realpath(os.fspath(file))
        if not os.path.isdir(os.path.dirname(path)):
            raise SessionError(
                f"file={os.fspath(file)!r}: there is no directory {os.path.dirname(path)}"
            )
        return path
    if in_notebook():
        return _notebook(namespace)
    found = namespace.get("__file__")
    if not isinstance(found, str) or not os.path.isfile(found):
        return None
    return os.path.realpath(found)


def _notebook(namespace: dict[str, Any]) -> str | None:
    """Return the path that VS Code puts in the namespace and Jupyter in the environment."""
    for path in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(path, str) and path.endswith(".ipynb") and os.path.isfile(path):
            return os.path.realpath(path)
    return None
