"""Names and versions of the distributions that loaded modules come from.

The names of ``*.dist-info`` folders say both, and reading a folder takes under a millisecond;
`importlib.metadata` would take 150. Only for a module whose distribution has another name
(``sklearn``, ``PIL``) are lists of files looked into.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHER_NAMES = {
    "pil": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml", "cv2": "opencv-python",
    "dateutil": "python-dateutil", "skimage": "scikit-image", "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib", "bs4": "beautifulsoup4", "attr": "attrs", "git": "gitpython",
    "bio": "biopython", "dotenv": "python-dotenv", "jwt": "pyjwt", "usb": "pyusb",
    "serial": "pyserial", "umap": "umap-learn", "tables": "tables", "docx": "python-docx",
    "pywt": "pywavelets", "igraph": "igraph", "osgeo": "gdal", "nacl": "pynacl",
    "_pytest": "pytest", "pkg_resources": "setuptools", "_distutils_hack": "setuptools",
    "ipython": "ipython", "zmq": "pyzmq", "fitz": "pymupdf", "mpi4py": "mpi4py", "mne": "mne",
}  # fmt: skip


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare it: lower case, one dash between words."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-"))


def installed(folders: list[str] | None = None) -> dict[str, tuple[str, str]]:
    """
    Scan the search path for installed distributions.

    Parameters
    ----------
    folders : list of str, optional
        Where to look, first come first served; by default ``sys.path``.

    Returns
    -------
    dict
        Normalised name to (version, metadata folder).
    """
    found: dict[str, tuple[str, str]] = {}
    library = os.path.dirname(os.__file__)
    python = {library, os.path.join(library, "lib-dynload")}  # holds no distribution, and is large
    for folder in sys.path if folders is None else folders:
        if folder in python:
            continue
        try:
            names = os.listdir(folder or ".")
        except OSError:  # zip archives and folders that do not exist stand on sys.path too
            continue
        for entry in names:
            if entry.endswith(".dist-info"):
                name, _, version = entry[:-10].partition("-")
            elif entry.endswith(".egg-info"):
                name, _, version = entry[:-9].partition("-")
                version = version.partition("-py")[0]
            else:
                continue
            found.setdefault(normalised(name), (version, os.path.join(folder, entry)))
    return found


def of_modules(
    libraries: Mapping[str, str], available: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, str], list[str]]:
    """
    Find the distribution of each loaded top-level module.

    Parameters
    ----------
    libraries : mapping
        Top-level module to its file.
    available : mapping
        What `installed` returned.

    Returns
    -------
    (dict, list of str)
        Distribution to version, sorted; and the modules whose distribution is not known.
    """
    versions: dict[str, str] = {}
    unknown: list[str] = []
    for module in libraries:
        name = normalised(module)
        for candidate in (name, _OTHER_NAMES.get(module.lower(), name), f"python-{name}"):
            if candidate in available:
                versions[candidate] = available[candidate][0]
                break
        else:
            unknown.append(module)
    if unknown:
        versions |= _by_files(unknown, libraries, available, versions)
    return dict(sorted(versions.items())), sorted(unknown)


def _by_files(
    unknown: list[str],
    libraries: Mapping[str, str],
    available: Mapping[str, tuple[str, str]],
    known: Mapping[str, str],
) -> dict[str, str]:
    """Look into the lists of files of what is left, `unknown` shrinking as modules are found."""
    found: dict[str, str] = {}
    private = [m for m in unknown if m.startswith("_")]  # `_cffi_backend`: looked for, not missed
    for name, (version, folder) in available.items():
        if not unknown:
            break
        if name in known:
            continue
        text = _top_level(folder)
        for module in [m for m in unknown if m in text]:
            if not _beside(libraries[module], folder):
                continue
            found[name] = version
            unknown.remove(module)
    for module in private:
        if module in unknown:
            unknown.remove(module)
    return found


def _beside(path: str, metadata: str) -> bool:
    return path.startswith(os.path.dirname(metadata) + os.sep)


def _top_level(folder: str) -> set[str]:
    for name in ("top_level.txt", "RECORD"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                if name == "top_level.txt":
                    return set(file.read().split())
                return {line.partition("/")[0].partition(".")[0].strip('"') for line in file}
        except (OSError, UnicodeDecodeError):
            continue
    return set()
