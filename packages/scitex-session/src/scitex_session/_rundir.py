"""Every path of a run, and the three steps of its directory: claimed, born, moved."""

from __future__ import annotations

import os
import sys

from ._durable import Syncing
from .errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNNING = "RUNNING"
FINISHED = "FINISHED"
SUCCESS = "FINISHED_SUCCESS"
ERROR = "FINISHED_ERROR"
ENDED = (FINISHED, SUCCESS, ERROR)
UNBORN = ".new-"  # in front of the name while a run directory is being filled

_SCRIPT_ENDINGS = (".py", ".pyw", ".ipynb")
_SUFFIX_BYTES = 100
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DRAWN = 8  # IDs drawn at random before the next free one is taken in order


class RunDir:
    """The paths of one run.

    Parameters
    ----------
    path : str
        The run directory.
    base : str
        The directory that holds ``RUNNING`` and the ``FINISHED`` ones.
    moves : bool
        Whether the directory is filed under its end state when the run is over.
    """

    __slots__ = ("base", "moves", "path")

    def __init__(self, path: str, base: str, *, moves: bool) -> None:
        self.path = path
        self.base = base
        self.moves = moves

    @property
    def name(self) -> str:
        """The directory's own name: ``<ID>`` or ``<ID>-<suffix>``."""
        return os.path.basename(self.path)

    def inside(self, *parts: str) -> str:
        """Return a path below the run directory."""
        return os.path.join(self.path, *parts)

    def target(self, state: str) -> str:
        """Return where the run directory is to stand in an end state."""
        return os.path.join(self.base, state, self.name) if self.moves else self.path


def output_base(script: str | None) -> str:
    """Return ``<script>_out`` beside a script's real file, ``session_out`` here without one."""
    if script is None:
        return os.path.join(os.getcwd(), "session_out")
    real = os.path.realpath(script)
    for ending in _SCRIPT_ENDINGS:
        if real.endswith(ending):
            real = real[: -len(ending)]
            break
    return real + "_out"


def check_suffix(suffix: object) -> None:
    """Refuse a ``sdir_suffix`` that is not one plain path component."""
    if suffix is None:
        return
    if not isinstance(suffix, str) or not suffix:
        raise SessionError(f"sdir_suffix must be a text such as 'v2', not {suffix!r}")
    if "/" in suffix or os.sep in suffix or "\\" in suffix:
        raise SessionError(f"sdir_suffix {suffix!r} holds a slash: it is part of one folder's name")
    if not suffix.isprintable():
        raise SessionError(f"sdir_suffix {suffix!r} holds control characters: leave them out")
    if len(os.fsencode(suffix)) > _SUFFIX_BYTES:
        raise SessionError(f"sdir_suffix is longer than {_SUFFIX_BYTES} bytes: shorten it")


def create(
    base: str, stamp: str, suffix: str | None, fill: Callable[[RunDir, str], None]
) -> RunDir:
    """Make a run directory that no other session has or had.

    Parameters
    ----------
    base : str
        The directory that holds ``RUNNING``; made if it is missing.
    stamp : str
        The ID up to its random letters.
    suffix : str or None
        What is appended to the ID in the directory's name.
    fill : callable
        ``fill(run_dir, id)`` writes the first files into the directory, which is set aside
        under another name until they are complete.

    Raises
    ------
    SessionError
        If the directory cannot be written.
    """
    running = os.path.join(base, RUNNING)
    try:
        os.makedirs(running, exist_ok=True)
        for identifier in _identifiers(stamp):
            name = identifier if suffix is None else f"{identifier}-{suffix}"
            if _claim(base, name):
                return _bear(base, name, identifier, fill)
    except OSError as error:
        raise SessionError(_unwritable(base, error)) from error
    raise SessionError(f"{running}: every ID of {stamp} is taken; wait a second and try again")


def adopt(path: str) -> RunDir:
    """Take the directory that the user named as the run directory.

    Raises
    ------
    SessionError
        If it cannot be made or written.
    """
    path = os.path.abspath(path)
    above = os.path.dirname(path)
    moves = os.path.basename(above) == RUNNING
    base = os.path.dirname(above) if moves else above
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise SessionError(_unwritable(path, error)) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise SessionError(
            f"{path}: cannot be written; choose another sdir or mend its permissions"
        )
    return RunDir(path, base, moves=moves)


def let_go(path: str) -> None:
    """Let the next session into a run directory that the user named."""
    try:
        os.rmdir(os.path.join(path, "CONFIGS", ".open"))
    except FileNotFoundError:
        return


def move(run_dir: RunDir, state: str) -> Syncing:
    """File a run directory under its end state in one atomic rename.

    Returns
    -------
    Syncing
        What brings the rename to the disk, to be waited for.

    Raises
    ------
    FileExistsError
        If something stands at the target: it is neither merged into nor overwritten.
    OSError
        The directory is where it was, whole.
    """
    target = run_dir.target(state)
    if target == run_dir.path:
        return Syncing()
    if os.path.lexists(target):
        raise FileExistsError(17, "a run of that name is filed there already", target)
    there = os.path.dirname(target)
    if not os.path.isdir(there):
        os.makedirs(there, exist_ok=True)
    source = os.path.dirname(run_dir.path)
    os.rename(run_dir.path, target)
    run_dir.path = target
    return Syncing(there, source)


def _identifiers(stamp: str) -> Iterator[str]:
    """IDs to try: a few drawn, then, where chance is no help, the next ones in order."""
    from scitex_repro import gen_ID

    letters = gen_ID(4)
    yield stamp + letters
    for _ in range(_DRAWN):
        yield stamp + gen_ID(4)
    size = len(_LETTERS)
    number = 0
    for letter in letters:
        number = number * size + _LETTERS.index(letter)
    for step in range(1, 100_000):
        rest, text = (number + step) % size**4, ""
        for _ in range(4):
            rest, digit = divmod(rest, size)
            text = _LETTERS[digit] + text
        yield stamp + text


def _claim(base: str, name: str) -> bool:
    """Take a name, unless a session has or had it.

    The order is what makes it safe. The directory set aside is exclusive; whoever holds it looks
    under ``RUNNING`` first, since a run leaves there only for one of the places looked at next.
    """
    aside = os.path.join(base, RUNNING, UNBORN + name)
    try:
        os.mkdir(aside)
    except FileExistsError:
        return False
    if any(os.path.lexists(os.path.join(base, state, name)) for state in (RUNNING, *ENDED)):
        os.rmdir(aside)
        return False
    return True


def _bear(base: str, name: str, identifier: str, fill: Callable[[RunDir, str], None]) -> RunDir:
    """Fill the claimed directory and give it its name."""
    running = os.path.join(base, RUNNING)
    unborn = RunDir(os.path.join(running, UNBORN + name), base, moves=True)
    final = RunDir(os.path.join(running, name), base, moves=True)
    try:
        fill(unborn, identifier)
        os.rename(unborn.path, final.path)
    except BaseException:
        take_back(unborn)
        raise
    return final


def take_back(unborn: RunDir) -> None:
    """Remove a directory that was never seen under its name: it holds only files of the session."""
    for path in (unborn.inside("CONFIGS"), unborn.inside("logs"), unborn.path):
        try:
            for entry in os.listdir(path):
                os.unlink(os.path.join(path, entry))
            os.rmdir(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            sys.stderr.write(f"scitex: {path}: could not be taken back ({error.strerror})\n")
    for path in (os.path.dirname(unborn.path), unborn.base):
        try:
            os.rmdir(path)
        except OSError:  # somebody else's runs are in it
            return


def _unwritable(path: str, error: OSError) -> str:
    """Name the directory that refuses, why, and the way out."""
    culprit = error.filename or path
    return (
        f"{culprit}: cannot be written ({error.strerror}); "
        "mend that, or choose another directory with sdir="
    )
