"""Where the table of a figure goes, so that no table of the user's is lost."""

from __future__ import annotations

import os

# The first line of every table made here begins so; no other file is taken for one.
HEADER = ("axes", "artist", "label", "x", "y", "series")
_START = ",".join(HEADER).encode()

# Tables that the user saved in this process, even if they hold the data of a figure.
_REMEMBERED: set[str] = set()


def remember(path: str) -> None:
    """Note that the user saved a table under this path."""
    _REMEMBERED.add(os.path.realpath(path))


def data_path(picture: str) -> str:
    """Return ``<stem>.csv``, or ``<stem>_figure.csv`` where the first is the user's own table.

    A file is the user's if it was saved by name in this process, or if its first line is not
    that of a figure's table. ``<stem>_figure_2.csv`` and so on follow.

    Parameters
    ----------
    picture : str
        Absolute path of the picture.
    """
    stem = os.path.splitext(picture)[0]
    path = f"{stem}.csv"
    number = 1
    while not _is_free(path):
        path = f"{stem}_figure.csv" if number == 1 else f"{stem}_figure_{number}.csv"
        number += 1
    return path


def _is_free(path: str) -> bool:
    if os.path.realpath(path) in _REMEMBERED:
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_START)) == _START
    except FileNotFoundError:
        return True
    except OSError:
        return False
