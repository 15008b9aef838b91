"""Which modules are loaded: the user's own, and those of libraries."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_session._provenance._places import Places


def loaded(places: Places, script: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """
    Sort the loaded modules.

    Parameters
    ----------
    places : Places
        Tells the user's code from libraries.
    script : str or None
        The script, which is no module of its own.

    Returns
    -------
    (dict, dict)
        Name to file of the user's modules (without the script), and name to file of the top-level
        modules of everything else, the standard library left out.
    """
    mine: dict[str, str] = {}
    libraries: dict[str, str] = {}
    standard = sys.stdlib_module_names
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in standard or (name != top and top in libraries):
            continue
        path = _file(module)
        if path is None or path == script:
            continue
        if not top.startswith("scitex") and places.is_user_code(path):
            if name not in {"__main__", "__mp_main__"}:
                mine[name] = path
        elif top not in libraries:
            libraries[top] = path
    return mine, libraries


def _file(module: object) -> str | None:
    # Not getattr: a lazy module would import what it stands for.
    try:
        names = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return None
    path = names.get("__file__")
    if not isinstance(path, str):
        folders = names.get("__path__")  # a namespace package has folders and no file
        path = next(iter(folders), None) if type(folders) is list else None
        return os.path.join(path, "") if isinstance(path, str) else None
    return os.path.abspath(path) if path.endswith((".py", ".so", ".pyd")) else None


def base(name: str, path: str) -> str:
    """Return the directory on ``sys.path`` under which module `name` is found at `path`."""
    depth = name.count(".") + (os.path.basename(path) == "__init__.py")
    folder = os.path.dirname(path)
    for _ in range(depth):
        folder = os.path.dirname(folder)
    return folder
