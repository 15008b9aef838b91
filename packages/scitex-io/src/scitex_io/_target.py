"""The directory that saved files go to, and the path that a relative name means in it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    Callback = Callable[[str], object]

_MAX_RUN_ID = 200

# The contexts entered, the innermost last. Appending, removing and reading the last item of a list
# are atomic, so threads need no lock, and a forked child cannot inherit one that is held.
_ACTIVE: list[Destination] = []


class Destination:
    """What `saving_into` returns: a context that may be entered more than once."""

    def __init__(
        self,
        directory: str,
        run_id: str | None,
        on_save: Callback | None,
        on_load: Callback | None,
    ) -> None:
        self.directory = directory
        self.run_id = run_id
        self.on_save = on_save
        self.on_load = on_load

    def __enter__(self) -> Self:
        _ACTIVE.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Not simply the last one: contexts of two threads may overlap without nesting.
        for index in range(len(_ACTIVE) - 1, -1, -1):
            if _ACTIVE[index] is self:
                del _ACTIVE[index]
                return

    def __repr__(self) -> str:
        return f"saving_into({self.directory!r}, run_id={self.run_id!r})"


def saving_into(
    directory: str | os.PathLike[str],
    *,
    run_id: str | None = None,
    on_save: Callback | None = None,
    on_load: Callback | None = None,
) -> Destination:
    """Save relative paths into `directory` while the context lasts.

    The context holds for the whole process, all threads included, and for children made by
    fork. Contexts nest: the innermost gives the directory and the run id (the next outer one
    where it has none), while the callbacks of all of them are called, innermost first.

    Parameters
    ----------
    directory : str or os.PathLike
        Need not exist. A relative one is resolved at once, against the working directory.
    run_id : str, optional
        Written into the metadata of files that can hold it (see `read_stamp`): up to 200
        printable ASCII characters.
    on_save, on_load : callable, optional
        Called with the absolute path (str) of each file after it was saved or loaded. An
        exception in a callback becomes a RuntimeWarning; the file is there all the same.

    Returns
    -------
    context manager

    Raises
    ------
    NotADirectoryError
        If `directory` exists and is something else.
    ValueError
        If `run_id` has other characters or is longer.
    TypeError
        If a callback cannot be called.
    """
    full = os.path.abspath(os.path.expanduser(os.fspath(directory)))
    if os.path.exists(full) and not os.path.isdir(full):
        raise NotADirectoryError(f"saving_into: {full} is not a directory")
    if run_id is not None:
        _check_run_id(run_id)
    for name, callback in (("on_save", on_save), ("on_load", on_load)):
        if callback is not None and not callable(callback):
            raise TypeError(f"saving_into: {name} must be callable, not {callback!r}")
    return Destination(full, run_id, on_save, on_load)


def _check_run_id(run_id: str) -> None:
    if not isinstance(run_id, str):
        raise TypeError(f"saving_into: run_id must be a str, not {run_id!r}")
    if not (0 < len(run_id) <= _MAX_RUN_ID and run_id.isascii() and run_id.isprintable()):
        raise ValueError(
            f"saving_into: run_id must be 1 to {_MAX_RUN_ID} printable ASCII characters, "
            f"not {run_id!r}"
        )


def active_directory() -> str | None:
    """Return the directory of the innermost context, or None."""
    contexts = _ACTIVE[-1:]
    return contexts[0].directory if contexts else None


def active_run_id() -> str | None:
    """Return the run id of the innermost context that has one, or None."""
    for context in reversed(_ACTIVE[:]):
        if context.run_id is not None:
            return context.run_id
    return None


def notify_saved(path: str) -> None:
    """Call `on_save` of every active context, innermost first."""
    for context in reversed(_ACTIVE[:]):
        _call(context.on_save, path, "saved", "on_save")


def notify_loaded(path: str) -> None:
    """Call `on_load` of every active context, innermost first."""
    for context in reversed(_ACTIVE[:]):
        _call(context.on_load, path, "loaded", "on_load")


def _call(callback: Callback | None, path: str, done: str, name: str) -> None:
    if callback is None:
        return
    try:
        callback(path)
    except Exception as error:  # noqa: BLE001 - a callback may raise anything, and the file is saved
        import warnings

        warnings.warn(
            f"{path} was {done}, but {name} failed: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=4,
        )


def text_of(path: str | os.PathLike[str], verb: str) -> str:
    """Return `path` as text, with ``~`` expanded.

    Raises
    ------
    TypeError
        If it is no path of text.
    ValueError
        If it is empty.
    IsADirectoryError
        If it ends with a separator, and so can only be a directory.
    """
    text = os.fspath(path) if hasattr(path, "__fspath__") else path
    if not isinstance(text, str):
        raise TypeError(f"{verb}() needs a path (str or os.PathLike), not {path!r}")
    if not text:
        raise ValueError(f"{verb}() needs a path, not an empty string")
    if text.endswith((os.sep, os.altsep or os.sep)):
        raise IsADirectoryError(f"{verb}() needs a file, and {text!r} names a directory")
    return os.path.expanduser(text)


def resolve(path: str | os.PathLike[str]) -> str:
    """Return the absolute path that `path` means to `save`.

    Raises
    ------
    ValueError
        If a relative path leads out of the active directory.
    """
    text = text_of(path, "save")
    directory = active_directory()
    if directory is None or os.path.isabs(text):
        return _absolute(text)
    full = os.path.normpath(os.path.join(directory, text))
    if not full.startswith(os.path.join(directory, "")):
        raise ValueError(
            f"{text!r} leads out of the active directory {directory}; "
            "to save elsewhere give an absolute path"
        )
    return full


def _absolute(text: str) -> str:
    full = os.path.join(os.getcwd(), text)
    if ".." in full.split(os.sep):
        # "link/.." is the parent of the link's target, as for the operating system.
        head, tail = os.path.split(full)
        return os.path.join(os.path.realpath(head), tail)
    return os.path.abspath(full)
