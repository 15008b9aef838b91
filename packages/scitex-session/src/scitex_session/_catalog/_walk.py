"""The directory listing behind every tool: which runs an output directory holds."""

from __future__ import annotations

import os
from typing import NamedTuple

from .._record._run_directory import ARCHIVED, CONFIGS, output_base
from .._record._status import DIRECTORIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

IN_PLACE = ""  # the "state" of a run directory that is used in place and never moved
ARCHIVING = ".archive-"  # in front of a run's name while it is packed into a tar file
_CRATE = "ro-crate-metadata.json"


class Entry(NamedTuple):
    """One run as a directory listing shows it.

    Attributes
    ----------
    root : str
        The output directory.
    state : str
        The directory in it that the run is filed under; empty for a run used in place.
    file : str
        The name in that directory: the run's own, with ``.tar`` behind it once archived.
    inode : int
        Tells a run that was replaced from the one that stood there before.
    """

    root: str
    state: str
    file: str
    inode: int

    @property
    def path(self) -> str:
        """Where the run's directory or tar file stands."""
        return os.path.join(self.root, self.state, self.file) if self.state else self.root

    @property
    def name(self) -> str:
        """The name of the run's directory: ``<ID>`` or ``<ID>-<suffix>``."""
        if not self.state:
            return os.path.basename(self.root)
        return own_name(self.file)

    @property
    def archived(self) -> bool:
        """Whether the run is packed into a tar file."""
        return bool(self.state) and self.file.endswith(ARCHIVED)


def own_name(file: str) -> str:
    """Return a run's name from the name it has in a listing."""
    return file.removeprefix(ARCHIVING).removesuffix(ARCHIVED)


def listing(root: str, state: str) -> Iterator[Entry]:
    """Yield the runs filed under one state; links are not followed and not listed.

    A directory on its way into an archive is a run still. Anything else that starts with a dot is
    a run directory being filled, or somebody else's.
    """
    try:
        scan = os.scandir(os.path.join(root, state))
    except OSError:
        return
    with scan:
        for entry in scan:
            file = entry.name
            packed = file.endswith(ARCHIVED)
            if file.startswith(".") and (packed or not file.startswith(ARCHIVING)):
                continue
            is_run = entry.is_file if packed else entry.is_dir
            if is_run(follow_symlinks=False):
                yield Entry(root, state, file, entry.inode())


def is_real_dir(path: str) -> bool:
    """Whether `path` is a directory and not a link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def states_in(root: str) -> list[str]:
    """Return the state directories that a root has; none for a run that is used in place."""
    return [state for state in DIRECTORIES if is_real_dir(os.path.join(root, state))]


def is_run(path: str) -> bool:
    """Whether `path` is itself a run directory."""
    return is_real_dir(os.path.join(path, CONFIGS))


def find_roots(paths: list[str]) -> list[str]:
    """Return the output directories that a user means by some paths.

    Parameters
    ----------
    paths : list of str
        An output directory, a run directory, a script, or a directory to search below.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    """
    return list(dict.fromkeys(root for path in paths for root in _roots_of(path)))


def _roots_of(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield output_base(path)
        return
    if not os.path.isdir(path):
        raise FileNotFoundError(2, "no such directory or script", path)
    top = os.path.realpath(path)
    if os.path.basename(os.path.dirname(top)) in DIRECTORIES and is_run(top):
        yield os.path.dirname(os.path.dirname(top))
        return
    for folder, below, files in os.walk(top):
        if _CRATE in files and folder != top:
            below.clear()  # an exported copy of a run, and none that ran here
        elif states_in(folder) or is_run(folder):
            yield folder
            below.clear()
        else:
            below[:] = sorted(name for name in below if not name.startswith("."))
