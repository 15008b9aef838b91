"""Write files that appear whole or not at all."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from ._registry import Writer


def check_writable(path: str) -> None:
    """Refuse a path where no file can be saved, before anything is written.

    Raises
    ------
    IsADirectoryError, NotADirectoryError, PermissionError, OSError
        With the path and the reason.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        _check_parents(path)
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"cannot save to {path}: it is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(f"cannot save to {path}: it is not a regular file")
    if not os.access(path, os.W_OK):
        # A rename would replace the file all the same, and undo a protection that someone wanted.
        raise PermissionError(f"cannot save to {path}: it is write-protected")


def _check_parents(path: str) -> None:
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"cannot save to {path}: {folder} is not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot save to {path}: {folder} is not writable")


def write_atomically(path: str, ending: str, write: Writer) -> None:
    """Write a file under a staging name, fsync it, and rename it over its target.

    The temporary file is ``.scitex-io-<random><ending>`` in the directory of the target, so neither
    a reader nor a crash sees a partial file. Permissions are those of the file replaced, else those
    that the umask leaves. A symbolic link is followed. After a failure the temporary file and the
    directories made for it are removed.

    Parameters
    ----------
    path : str
        Absolute path of the target.
    ending : str
        End of the temporary name.
    write : callable
        Called with the binary file to write the content.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    made: list[str] = []
    temporary = os.path.join(folder, f".scitex-io-{os.urandom(6).hex()}{ending}")
    try:
        _make_directories(folder, made)
        # Mode 0o666 less the umask, which the kernel applies: it cannot be read without changing
        # it. "x" and not "x+", because numpy writes arrays in one piece only to a file that is not
        # open for reading.
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            _copy_mode(target, file)
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        _clean_up(temporary, made)
        raise


def _make_directories(folder: str, made: list[str]) -> None:
    """Make a directory and its parents, and add those made to `made`, the deepest first."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for parent in reversed(missing):
        try:
            os.mkdir(parent)
        except FileExistsError:
            continue  # made by another process meanwhile, and not ours to remove
        made.insert(0, parent)


def _copy_mode(target: str, file: BinaryIO) -> None:
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        return
    if hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), mode)


def _clean_up(temporary: str, made: list[str]) -> None:
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass  # it was never made
    for folder in made:
        try:
            os.rmdir(folder)
        except OSError:
            return  # another process has put something there
