"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from scitex_io._registry import Writer


def check_place(path: str) -> None:
    """Refuse a place where no file can be put, before anything is made.

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
        raise OSError(f"cannot save to {path}: it is no regular file")
    if not os.access(path, os.W_OK):
        # The rename would succeed all the same, and undo a protection that someone wanted.
        raise PermissionError(f"cannot save to {path}: it is write-protected")


def _check_parents(path: str) -> None:
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"cannot save to {path}: {folder} is not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot save to {path}: {folder} is not writable")


def write_whole(path: str, ending: str, write: Writer) -> None:
    """Write a file aside, bring it to the disk, and only then put it under its name.

    The file is written beside its target as ``.scitex-io-<random><ending>``, flushed with
    fsync and renamed over the target in one step, so neither a reader nor a crash sees a half.
    Permissions are those of the file replaced, else those that the umask leaves. A symbolic
    link is followed. After a failure, neither the file aside nor the parents made for it stay.

    Parameters
    ----------
    path : str
        Absolute path of the target.
    ending : str
        Kept at the end of the temporary name.
    write : callable
        Given the binary file, writes the content.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    made = _make_parents(folder)
    aside = os.path.join(folder, f".scitex-io-{os.urandom(6).hex()}{ending}")
    try:
        with _create(aside) as file:
            write(file)
            file.flush()
            _keep_mode(target, file)
            os.fsync(file.fileno())
        os.replace(aside, target)
    except BaseException:
        _remove(aside, made)
        raise


def _make_parents(folder: str) -> list[str]:
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for place in reversed(missing):
        try:
            os.mkdir(place)
        except FileExistsError:
            # Another process was faster; then it is not ours to take away again.
            missing.remove(place)
    return missing


def _create(path: str) -> BinaryIO:
    # 0o666 by default: the kernel applies the umask, which could not be read without changing it.
    # "x" and not "x+": numpy writes arrays in one piece only to a file that is merely written.
    return open(path, "xb")


def _keep_mode(target: str, file: BinaryIO) -> None:
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        return
    if hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), mode)


def _remove(aside: str, made: list[str]) -> None:
    try:
        os.unlink(aside)
    except FileNotFoundError:
        pass  # it was never made
    for folder in made:
        try:
            os.rmdir(folder)
        except OSError:
            return  # someone else has put something there
