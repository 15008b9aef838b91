"""Classify files and modules: the user's, a library's, the system's, or this project's own."""

from __future__ import annotations

import os
import sys

# The top-level packages that this project installs. Any other package named scitex* is the user's.
OUR_PACKAGES = (
    "scitex",
    "scitex_dotdict",
    "scitex_io",
    "scitex_plt_style",
    "scitex_repro",
    "scitex_session",
    "scitex_tee",
)

# Data that libraries carry (sample recordings, toy tables) is an input like any other.
_DATA_SUFFIXES = frozenset({
    "csv", "tsv", "dat", "npy", "npz", "gz", "bz2", "xz", "h5", "hdf5", "mat", "parquet", "feather",
    "xls", "xlsx", "nc", "edf", "bdf", "fif", "nii", "rda", "arff", "svmlight",
})  # fmt: skip
_DATA_FOLDERS = ("data", "sample", "example")  # also as a part of a name: mpl-data, datasets

_INSTALLATIONS = ("site-packages", "dist-packages")
_SYSTEM = (
    "/proc/", "/sys/", "/dev/", "/run/", "/var/run/", "/var/cache/", "/etc/", "/lib/", "/lib64/",
    "/usr/lib/", "/usr/lib64/", "/usr/share/", "/usr/include/", "/usr/local/lib/",
    "/usr/local/share/",
)  # fmt: skip
_MAC = ("/System/", "/Library/", "/private/etc/", "/private/var/db/")
_OF_PREFIX = ("lib", "lib64", "Lib", "DLLs", "share", "etc", "ssl", "conda-meta", "bin", "include")


class Ownership:
    """Classify absolute paths as user files or system files; the longest matching directory wins.

    `roots` (the script's and the working directory) are the user's wherever they lie. What
    `run_dir` holds at the end are the outputs, so nothing in it is an input.
    """

    def __init__(self, roots: tuple[str, ...], run_dir: str) -> None:
        self._run = _closed(os.path.abspath(run_dir))
        self._user = tuple({_closed(root) for root in roots if root not in {"", "/"}})
        self._system = _system_directories()
        # The audit hook tests this one for each file: a directory inside another adds nothing.
        self._outermost = tuple(
            path for path in self._system if not path.startswith(tuple({*self._system} - {path}))
        )

    def is_data(self, path: str) -> bool:
        """Whether `path` may be the user's data, or data that a library carries."""
        if path.startswith(self._run):
            return False
        if not path.startswith(self._outermost):
            return path[-4:] != ".pyc"
        return self._is_users(path) or _is_sample(path)

    def is_user_code(self, path: str) -> bool:
        """Whether the file of a module is in no installation of libraries."""
        return not path.startswith(self._outermost) or self._is_users(path)

    def _is_users(self, path: str) -> bool:
        return _longest(path, self._user) > _longest(path, self._system)


def _longest(path: str, directories: tuple[str, ...]) -> int:
    return max((len(one) for one in directories if path.startswith(one)), default=0)


def _closed(directory: str) -> str:
    return directory.rstrip(os.sep) + os.sep


def _system_directories() -> tuple[str, ...]:
    home = os.path.expanduser("~")
    found = {
        *(_MAC if sys.platform == "darwin" else ()),
        *_SYSTEM,
        os.path.dirname(os.__file__),  # the standard library, also that behind a venv
        *(os.path.join(p, d) for p in {sys.prefix, sys.base_prefix} for d in _OF_PREFIX),
        *(p for p in sys.path if os.path.basename(p.rstrip(os.sep)) in _INSTALLATIONS),
        os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"),
        os.path.join(home, "Library", "Caches"),
        os.path.join(home, ".fonts"),
        os.path.join(home, ".local", "share", "fonts"),
        os.environ.get("MPLCONFIGDIR", ""),  # if set, matplotlib keeps its cache there
        *own_directories(),
    }
    return tuple(_closed(os.path.abspath(path)) for path in found if path and os.path.isdir(path))


def own_directories() -> list[str]:
    """Return the directories of this project's imported packages, which may be in a checkout."""
    modules = (sys.modules.get(name) for name in OUR_PACKAGES)
    return [path for module in modules if module for path in vars(module).get("__path__", ())]


def inside_installation(path: str) -> str | None:
    """Return the part of `path` below ``site-packages`` or ``dist-packages``, None elsewhere."""
    for name in _INSTALLATIONS:
        _, found, below = path.rpartition(f"/{name}/")
        if found:
            return below
    return None


def _is_sample(path: str) -> bool:
    if path.rpartition(".")[2].lower() not in _DATA_SUFFIXES:
        return False
    folder = os.path.dirname(inside_installation(path) or "").lower()
    return any(name in folder for name in _DATA_FOLDERS)


def loaded_modules(
    ownership: Ownership, script: str | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Sort the loaded modules into the user's own and those of libraries.

    Returned are name and file of the user's modules, without `script`; and of the top-level modules
    of everything else, without the standard library.
    """
    users: dict[str, str] = {}
    libraries: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or (name != top and top in libraries):
            continue
        path = _file(module)
        if path is None or path == script:
            continue
        if top not in OUR_PACKAGES and ownership.is_user_code(path):
            if name not in {"__main__", "__mp_main__"}:
                users[name] = path
        elif top not in libraries:
            libraries[top] = path
    return users, libraries


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
