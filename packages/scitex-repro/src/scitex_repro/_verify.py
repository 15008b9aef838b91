"""A result remembered, and compared with itself at a later time."""

from __future__ import annotations

import os

from scitex_repro import _keys
from scitex_repro._fingerprint import fingerprint
from scitex_repro._reference import Reference, differences, leaves_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MARKERS = ("pyproject.toml", "setup.py", ".git")
_FOLDER = ".scitex_repro"


class Verification:
    """What `verify` found; true if the result is the same, or is remembered for the first time.

    Attributes
    ----------
    name : str
        What the result is remembered by.
    same : bool
        Whether it is the same as the one remembered.
    first : bool
        Whether there was none to compare it with.
    digest : str
        Its `fingerprint`.
    reference : str
        The fingerprint of the one remembered.
    differences : list of str
        One line for each part that differs.
    path : str
        The file that remembers it.
    """

    def __init__(
        self, name: str, digest: str, path: str, reference: str | None, found: list[str]
    ) -> None:
        self.name = name
        self.digest = digest
        self.first = reference is None
        self.reference = digest if reference is None else reference
        self.same = self.reference == digest
        self.differences = found
        self.path = path

    def __bool__(self) -> bool:
        return self.same

    def __str__(self) -> str:
        if self.first:
            return f"{self.name}: remembered in {self.path} (sha256 {self.digest[:12]})"
        if self.same:
            return f"{self.name}: the same (sha256 {self.digest[:12]})"
        head = f"{self.name}: differs from {self.path}"
        return "\n  ".join([head, *self.differences])

    def __repr__(self) -> str:
        word = "first" if self.first else "same" if self.same else "differs"
        return f"<Verification {self.name!r}: {word}>"


def verify(
    obj: Any,
    name: str,
    *,
    directory: str | os.PathLike[str] | None = None,
    keep: int = 2**24,
    renew: bool = False,
) -> Verification:
    """Tell whether a result is the same as the first time.

    Parameters
    ----------
    obj, name, directory, keep, renew
        As for `RandomStateManager.verify`, which also notes the answer in the run's record.

    Returns
    -------
    Verification
        True if it is the same (or the first); ``print`` it to see what differs.

    Raises
    ------
    TypeError
        If `fingerprint` has no rule for something in the object.
    ValueError
        If the file that should remember it is none of this kind.
    """
    _keys.check_name(name, "result")
    digest = fingerprint(obj)
    folder = _project_folder() if directory is None else os.fspath(directory)
    reference = Reference(folder, name)
    known = None if renew else reference.read()
    if known is None:
        reference.write(digest, leaves_of(obj), keep)
        return Verification(name, digest, reference.path, None, [])
    found: list[str] = []
    if known["fingerprint"] != digest:
        found = differences(known, reference.arrays(known), leaves_of(obj))
    return Verification(name, digest, reference.path, known["fingerprint"], found)


def _project_folder() -> str:
    here = os.getcwd()
    directory = here
    while True:
        if any(os.path.exists(os.path.join(directory, marker)) for marker in _MARKERS):
            return os.path.join(directory, _FOLDER)
        above = os.path.dirname(directory)
        if above == directory:
            return os.path.join(here, _FOLDER)
        directory = above
