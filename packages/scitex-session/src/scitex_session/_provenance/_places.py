"""Which files are a user's data or code, and which belong to Python, the system or a cache."""

from __future__ import annotations

import os
import sys

# Data that libraries carry (sample recordings, toy tables) is an input like any other.
_DATA_SUFFIXES = frozenset({
    "csv", "tsv", "dat", "npy", "npz", "gz", "bz2", "xz", "h5", "hdf5", "mat", "parquet", "feather",
    "xls", "xlsx", "nc", "edf", "bdf", "fif", "nii", "rda", "arff", "svmlight",
})  # fmt: skip
_SAMPLE_FOLDERS = ("sample", "dataset", "example")

_SYSTEM = (
    "/proc/", "/sys/", "/dev/", "/run/", "/var/run/", "/var/cache/", "/etc/", "/lib/", "/lib64/",
    "/usr/lib/", "/usr/lib64/", "/usr/share/", "/usr/include/", "/usr/local/lib/",
    "/usr/local/share/",
)  # fmt: skip
_MAC = ("/System/", "/Library/", "/private/etc/", "/private/var/db/")


class Places:
    """
    Tell data from scenery by the beginning of a path; the longest beginning that fits decides.

    Parameters
    ----------
    roots : tuple of str
        Directories that are the user's whatever lies around them: the script's, the working one.
    run_dir : str
        The run's directory: what the session itself keeps there is scenery.
    """

    def __init__(self, roots: tuple[str, ...], run_dir: str) -> None:
        self._skip = _skipped(run_dir)
        # For the quick look, beginnings that lie in one another are one.
        self.skip = tuple(p for p in self._skip if not p.startswith(tuple({*self._skip} - {p})))
        self._run = _closed(os.path.abspath(run_dir))
        self._mine = tuple({_closed(root) for root in roots if root not in {"", "/"}})

    def is_data(self, path: str) -> bool:
        """Whether an absolute path may be a user's data (also data that a library carries)."""
        if path.startswith(self._run):  # what it holds at the end are the outputs
            return False
        if not path.startswith(self.skip):
            return path[-4:] != ".pyc"
        if path.startswith(self._mine) and self._nearest(path, self._mine) > self._nearest(
            path, self._skip
        ):
            return True
        return _is_sample(path)

    def is_user_code(self, path: str) -> bool:
        """Whether a module's file is the user's own: in no installation of libraries."""
        if not path.startswith(self.skip):
            return True
        return path.startswith(self._mine) and (
            self._nearest(path, self._mine) > self._nearest(path, self._skip)
        )

    @staticmethod
    def _nearest(path: str, prefixes: tuple[str, ...]) -> int:
        return max((len(prefix) for prefix in prefixes if path.startswith(prefix)), default=0)


def _is_sample(path: str) -> bool:
    if path.rpartition(".")[2].lower() not in _DATA_SUFFIXES:
        return False
    folder = os.path.dirname(path).lower()
    in_library = "/site-packages/" in path or "/dist-packages/" in path
    return in_library and ("data" in folder or any(name in folder for name in _SAMPLE_FOLDERS))


def _closed(directory: str) -> str:
    return directory.rstrip(os.sep) + os.sep


def _skipped(run_dir: str) -> tuple[str, ...]:
    home = os.path.expanduser("~")
    found = {
        *(_MAC if sys.platform == "darwin" else ()),
        *_SYSTEM,
        os.path.dirname(os.__file__),  # the standard library, also that behind a venv
        *(os.path.join(p, d) for p in {sys.prefix, sys.base_prefix} for d in _OF_PREFIX),
        *(p for p in sys.path if p.endswith(("site-packages", "dist-packages"))),
        os.path.join(run_dir, "CONFIGS"),
        os.path.join(run_dir, "logs"),
        os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"),
        os.path.join(home, "Library", "Caches"),
        os.path.join(home, ".fonts"),
        os.path.join(home, ".local", "share", "fonts"),
        *own_packages(),
    }
    if "MPLCONFIGDIR" in os.environ:  # then its cache lies there too
        found.add(os.environ["MPLCONFIGDIR"])
    there = {os.path.abspath(path) for path in found if path}
    # Each beginning costs a few nanoseconds per file; those that are not there need not be asked.
    return tuple(_closed(path) for path in there if path.startswith(run_dir) or os.path.isdir(path))


_OF_PREFIX = ("lib", "lib64", "Lib", "DLLs", "share", "etc", "ssl", "conda-meta", "bin", "include")


def own_packages() -> list[str]:
    """Directories of this project's packages, which may lie in a checkout."""
    return [
        path
        for name, module in list(sys.modules.items())
        if name.startswith("scitex") and "." not in name
        for path in vars(module).get("__path__", ())
    ]
