"""The directory listing behind every tool: which runs an output directory holds."""

from __future__ import annotations

import os
from typing import NamedTuple

from . import _layout as layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


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
        return bool(self.state) and self.file.endswith(layout.TAR)


def own_name(file: str) -> str:
    """Return a run's name from the name it has in a listing."""
    if file[0] != "." and file[-4:] != layout.TAR:
        return file
    for mark in (layout.ARCHIVING, layout.UNPACKING):
        if file.startswith(mark):
            return file[len(mark) :].removesuffix(layout.TAR)
    return file.removesuffix(layout.TAR)


def listing(root: str, state: str) -> Iterator[Entry]:
    """Yield the runs filed under one state; links are not followed and not listed.

    A directory on its way into an archive is a run still. What starts with a dot otherwise is a
    run being born, or somebody else's.
    """
    try:
        scan = os.scandir(os.path.join(root, state))
    except OSError:
        return
    with scan:
        for entry in scan:
            file = entry.name
            if file.startswith("."):
                if not file.startswith(layout.ARCHIVING) or file.endswith(layout.TAR):
                    continue
                wanted = entry.is_dir(follow_symlinks=False)
            elif file.endswith(layout.TAR):
                wanted = entry.is_file(follow_symlinks=False)
            else:
                wanted = entry.is_dir(follow_symlinks=False)
            if wanted:
                yield Entry(root, state, file, entry.inode())


def is_real_dir(path: str) -> bool:
    """Whether `path` is a directory and not a link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def states_in(root: str) -> list[str]:
    """Return the state directories that a root has; none for a run that is used in place."""
    return [state for state in layout.STATES if is_real_dir(os.path.join(root, state))]


def is_run(path: str) -> bool:
    """Whether `path` is itself a run directory."""
    return is_real_dir(os.path.join(path, layout.CONFIGS))


def walk(root: str) -> Iterator[Entry]:
    """Yield the runs of one output directory, or the run that `root` is.

    A run that moves meanwhile may be seen twice, and is then the later one; none is missed.
    """
    for state in states_in(root):
        yield from listing(root, state)
    if is_run(root):
        yield Entry(root, layout.IN_PLACE, "", os.stat(root).st_ino)


def find_roots(places: list[str]) -> list[str]:
    """Return the output directories that a user means by some paths.

    Parameters
    ----------
    places : list of str
        An output directory, a run directory, a script, or a directory to search below.

    Raises
    ------
    FileNotFoundError
        If a place does not exist.
    """
    roots: dict[str, None] = {}
    for place in places:
        roots.update(dict.fromkeys(_roots_of(place)))
    return list(roots)


def _roots_of(place: str) -> Iterator[str]:
    from .._record._directory import output_base

    if os.path.isfile(place):
        yield output_base(place)
        return
    if not os.path.isdir(place):
        raise FileNotFoundError(2, "no such directory or script", place)
    top = os.path.realpath(place)
    if os.path.basename(os.path.dirname(top)) in layout.STATES and is_run(top):
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
