"""Where logs lie: opened before anything that writes or cleans them is imported."""

from __future__ import annotations

import os

__all__ = ["forget_raw", "open_log", "raw_name"]


def open_log(path: str, *, append: bool) -> tuple[int, int, str]:
    """Open a log, making its directory.

    Returns
    -------
    tuple of int, int and str
        Descriptor of the file, descriptor of its directory, name in it.
    """
    directory, name = os.path.split(os.path.abspath(path))
    how = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
    try:
        place = os.open(directory, how)
    except FileNotFoundError:
        os.makedirs(directory, exist_ok=True)
        place = os.open(directory, how)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (0 if append else os.O_TRUNC)
        return os.open(name, flags, 0o666, dir_fd=place), place, name
    except OSError:
        os.close(place)
        raise


def forget_raw(place: int, name: str) -> None:
    """Remove the raw bytes that an earlier run has left beside a log.

    Raises
    ------
    OSError
        If that cannot be: they would be taken for those of this run.
    """
    for stale in (raw_name(name), raw_name(name) + ".gz"):
        try:
            os.unlink(stale, dir_fd=place)
        except FileNotFoundError:
            pass  # as it should be


def raw_name(name: str) -> str:
    """Name of the raw file beside a log."""
    return name.removesuffix(".log") + ".raw"
