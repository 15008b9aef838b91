"""The run directory: every path in it, and how it is claimed, published and filed."""

from __future__ import annotations

import os

from .. import _console
from .._durable import sync_directory
from ..errors import SessionError
from ._status import DIRECTORY_OF, RUNNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Paths inside a run directory, with "/" between their parts.
CONFIGS = "CONFIGS"
RECORD = "CONFIGS/PROVENANCE.json"
CONFIG_YAML = "CONFIGS/CONFIG.yaml"
CONFIG_PICKLE = "CONFIGS/CONFIG.pkl"
CODE = "CONFIGS/CODE"
CODE_PATCH = "CONFIGS/CODE.patch"
NOTES = "CONFIGS/.provenance"  # what is noted while the run goes on; gone once its record is whole
CLAIM = "CONFIGS/.open"  # a directory that a session holds in a run directory named by the user
LOGS = "logs"
STDOUT_LOG = "logs/stdout.log"
STDERR_LOG = "logs/stderr.log"
STACKS = "logs/stacks.txt"
LOG_OF = {"stdout": STDOUT_LOG, "stderr": STDERR_LOG}

STAGING = ".new-"  # in front of the name of a run directory until its first files are complete

ARCHIVED = ".tar"  # behind the name of a run that is packed into one file

_SCRIPT_ENDINGS = (".py", ".pyw", ".ipynb")
_SUFFIX_BYTES = 100
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DRAWN = 8  # IDs drawn at random before the next free one is taken in order


class RunDir:
    """The directory of one run.

    Parameters
    ----------
    path : str
        The run directory.
    base : str
        The output directory, which holds ``RUNNING`` and the ``FINISHED`` ones.
    moves : bool
        Whether the directory is filed under its status when the run is over.
    """

    __slots__ = ("base", "moves", "path")

    def __init__(self, path: str, base: str, *, moves: bool) -> None:
        self.path = path
        self.base = base
        self.moves = moves

    @classmethod
    def at(cls, path: str) -> RunDir:
        """Return the run directory at a path: one that moves if it stands under ``RUNNING``."""
        path = os.path.abspath(path)
        above = os.path.dirname(path)
        moves = os.path.basename(above) == DIRECTORY_OF[RUNNING]
        return cls(path, os.path.dirname(above) if moves else above, moves=moves)

    @property
    def name(self) -> str:
        """The directory's own name: ``<ID>`` or ``<ID>-<suffix>``."""
        return os.path.basename(self.path).removeprefix(STAGING)

    @property
    def is_staged(self) -> bool:
        """Whether the directory does not have its own name yet."""
        return os.path.basename(self.path).startswith(STAGING)

    def inside(self, path: str) -> str:
        """Return a path below the run directory."""
        return os.path.join(self.path, path)

    def target(self, status: str) -> str:
        """Return where the run directory stands once its run has a status."""
        if not self.moves:
            return self.path
        return os.path.join(self.base, DIRECTORY_OF[status], self.name)

    def check_target(self, status: str) -> None:
        """Refuse a target that is taken: it is neither merged into nor overwritten.

        Raises
        ------
        FileNotFoundError
            If this directory is not there any more: another process has just filed it.
        FileExistsError
            If something else stands at the target.
        """
        target = self.target(status)
        if target != self.path and os.path.lexists(target):
            if not os.path.lexists(self.path):
                raise FileNotFoundError(2, "filed by another process", self.path)
            raise FileExistsError(17, "a run of that name is filed there already", target)

    def file(self, status: str) -> None:
        """File the directory under its status, in one atomic rename.

        Raises
        ------
        FileExistsError
            As for `check_target`.
        OSError
            The directory is where it was, whole.
        """
        self.check_target(status)
        target = self.target(status)
        if target == self.path:
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(self.path, target)
        source, self.path = self.path, target
        try:
            sync_directory(os.path.dirname(target))
            sync_directory(os.path.dirname(source))
        except OSError as error:
            _console.say(f"{target}: filed, but the rename could not be fsynced ({error.strerror})")

    def output_files(self) -> dict[str, str]:
        """Return the files that are not the session's own, name to path."""
        return {name: entry.path for name, entry in sorted(walk_outputs(self.path))}

    def release(self) -> None:
        """Let the next session use a run directory that the user named."""
        try:
            os.rmdir(self.inside(CLAIM))
        except FileNotFoundError:
            return


def walk_outputs(directory: str, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path below `directory`, entry) of each file that is not the session's, unsorted."""
    try:
        entries = os.scandir(directory)
    except OSError:
        return
    with entries:
        for entry in entries:
            if not below and entry.name in {CONFIGS, LOGS}:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk_outputs(entry.path, f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}", entry


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
    if suffix.endswith(ARCHIVED):
        raise SessionError(f"sdir_suffix {suffix!r} ends as archived runs do: choose another")
    if len(os.fsencode(suffix)) > _SUFFIX_BYTES:
        raise SessionError(f"sdir_suffix is longer than {_SUFFIX_BYTES} bytes: shorten it")


def create(
    base: str, stamp: str, suffix: str | None, fill: Callable[[RunDir, str], None]
) -> RunDir:
    """Make a run directory whose name no other session has or had.

    Parameters
    ----------
    base : str
        The output directory; made if it is missing.
    stamp : str
        The ID up to its random letters.
    suffix : str or None
        What is appended to the ID in the directory's name.
    fill : callable
        ``fill(run_dir, id)`` writes the first files while the directory has a staging name.

    Raises
    ------
    SessionError
        If the directory cannot be written.
    """
    running = os.path.join(base, DIRECTORY_OF[RUNNING])
    try:
        os.makedirs(running, exist_ok=True)
        for identifier in _identifiers(stamp):
            name = identifier if suffix is None else f"{identifier}-{suffix}"
            if _claim(base, name):
                staged = RunDir(os.path.join(running, STAGING + name), base, moves=True)
                _publish(staged, identifier, fill)
                return staged
    except OSError as error:
        raise SessionError(_unwritable(base, error)) from error
    raise SessionError(f"{running}: every ID of {stamp} is taken; wait a second and try again")


def adopt(path: str) -> RunDir:
    """Use the directory that the user named as the run directory.

    Raises
    ------
    SessionError
        If it cannot be made or written.
    """
    directory = RunDir.at(path)
    try:
        os.makedirs(directory.path, exist_ok=True)
    except OSError as error:
        raise SessionError(_unwritable(directory.path, error)) from error
    if not os.access(directory.path, os.W_OK | os.X_OK):
        raise SessionError(
            f"{directory.path}: cannot be written; choose another sdir or fix its permissions"
        )
    return directory


def discard(staged: RunDir) -> None:
    """Remove a run directory that never had its own name: it holds only files of the session."""
    for path in (staged.inside(CONFIGS), staged.inside(LOGS), staged.path):
        try:
            for entry in os.listdir(path):
                os.unlink(os.path.join(path, entry))
            os.rmdir(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            _console.say(f"{path}: could not be removed ({error.strerror})")
    for path in (os.path.dirname(staged.path), staged.base):
        try:
            os.rmdir(path)
        except OSError:  # other runs are in it
            return


def _identifiers(stamp: str) -> Iterator[str]:
    """Yield IDs to try: a few at random, then, where chance does not help, the next in order."""
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
    """Claim a name by making its staging directory, unless a session has or had that name.

    The order makes it safe: the staging directory is exclusive, and its owner looks under
    ``RUNNING`` first, since a run leaves there only for one of the places looked at next.
    """
    staging = os.path.join(base, DIRECTORY_OF[RUNNING], STAGING + name)
    try:
        os.mkdir(staging)
    except FileExistsError:
        return False
    taken = (os.path.join(base, directory, name) for directory in DIRECTORY_OF.values())
    if any(map(os.path.lexists, taken)):
        os.rmdir(staging)
        return False
    return True


def _publish(staged: RunDir, identifier: str, fill: Callable[[RunDir, str], None]) -> None:
    """Fill a claimed directory and give it its own name."""
    final = os.path.join(os.path.dirname(staged.path), staged.name)
    try:
        fill(staged, identifier)
        os.rename(staged.path, final)
    except BaseException:
        discard(staged)
        raise
    staged.path = final


def _unwritable(path: str, error: OSError) -> str:
    """Return a message: which directory cannot be written, why, and what to do."""
    return (
        f"{error.filename or path}: cannot be written ({error.strerror}); "
        "fix that, or choose another directory with sdir="
    )
