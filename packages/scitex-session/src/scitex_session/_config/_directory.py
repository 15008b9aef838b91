"""Read the files of ``./config``, each of which is one namespace of CONFIG."""

from __future__ import annotations

import os
import stat

from .. import _console
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# The keys of CONFIG that the session itself writes.
RESERVED = frozenset(
    {
        "ARGS",
        "END_DATETIME",
        "END_TIME",
        "EXIT_REASON",
        "EXIT_STATUS",
        "FILE",
        "ID",
        "LOG_INCOMPLETE",
        "MESSAGE",
        "PARENT",
        "PID",
        "RUN_TIME",
        "SDIR",
        "SDIR_OUT",
        "SDIR_PATH",
        "SDIR_RUN",
        "SEED",
        "START_DATETIME",
        "START_TIME",
    }
)

_ENDINGS = (".yaml", ".yml")
_MAX_BYTES = 10_000_000
# CONFIG.yaml of a run holds the configuration together with what the run added to it.
_MAX_RECORD_BYTES = 64_000_000
_DEBUG = "IS_DEBUG"
# Opening a named pipe that nobody writes to would otherwise block for ever.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def load_directory(
    directory: str | os.PathLike[str] = "./config",
    *,
    warn: Callable[[str], None] = _console.write_line,
) -> dict[str, Any]:
    """Read every ``*.yaml`` and ``*.yml`` of a directory.

    Hidden files and subdirectories are ignored. PyYAML is imported only if there is a file to
    read.

    Parameters
    ----------
    directory : str or path, default "./config"
        One that does not exist holds no files.
    warn : callable, default: write to standard error
        Called with one line for each bare ``yes``, ``no``, ``on`` or ``off``; these are words.

    Returns
    -------
    dict
        Each file's mapping under the file's stem in upper case, and ``"IS_DEBUG"``, a bool.

    Raises
    ------
    ConfigError
        One line for each file that cannot be used, with its name, line and key.
    """
    folder = os.fspath(directory)
    loaded: dict[str, Any] = {}
    homes: dict[str, str] = {}
    problems: list[str] = []
    for name in _names(folder):
        path = os.path.normpath(os.path.join(folder, name))
        namespace = os.path.splitext(name)[0].upper()
        try:
            if namespace in homes:
                raise ConfigError(
                    f"{path}, line 1, key {namespace!r}: {homes[namespace]} is the same namespace; "
                    f"rename one of the two files"
                )
            homes[namespace] = path
            loaded[namespace] = _namespace(path, namespace, warn)
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    loaded.setdefault(_DEBUG, False)
    return loaded


def load_yaml(path: str | os.PathLike[str]) -> Any:
    """Read one YAML file, such as the CONFIG.yaml of a run.

    Parameters
    ----------
    path : str or path
        A regular file of at most 64 MB.

    Returns
    -------
    object
        Builtins, dates and datetimes; None for an empty file.

    Raises
    ------
    ConfigError
        If it cannot be read, with file, line and key.
    """
    return _document(os.fspath(path), _MAX_RECORD_BYTES, None)


def _names(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigError(f"{folder}: the directory cannot be read: {error.strerror}") from None
    # A hidden name is an editor's or a system's own file, like the lock `.#model.yaml`.
    return sorted(n for n in names if n.lower().endswith(_ENDINGS) and n[0] != ".")


def _namespace(path: str, namespace: str, warn: Callable[[str], None]) -> Any:
    if namespace in RESERVED:
        raise ConfigError(
            f"{path}, line 1, key {namespace!r}: CONFIG.{namespace} belongs to the session; "
            f"rename the file"
        )
    content = _document(path, _MAX_BYTES, warn)
    if content is None:
        content = {}
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else f"a single value ({content!r:.40})"
        raise ConfigError(
            f"{path}, line 1, key {namespace!r}: holds {kind} at the top; "
            f"write `key: value` lines instead"
        )
    return _debug(path, content) if namespace == _DEBUG else content


def _debug(path: str, content: dict[object, object]) -> bool:
    value = content.get(_DEBUG, False)
    others = [key for key in content if key != _DEBUG]
    if others or not isinstance(value, bool):
        raise ConfigError(
            f"{path}, line 1, key {others[0] if others else _DEBUG!r}: this file holds one line, "
            f"`IS_DEBUG: true` or `IS_DEBUG: false`"
        )
    return value


def _document(path: str, limit: int, warn: Callable[[str], None] | None) -> object:
    """Read the file at `path`, of at most `limit` bytes."""
    data = _content(path, limit)
    from scitex_io import YamlError, parse_yaml

    def hint(text: str, line: int, key: str) -> None:
        if warn:
            warn(str(YamlError(text, path, line, key)))

    try:
        return parse_yaml(data, name=path, warn=hint)
    except YamlError as error:
        raise ConfigError(str(error)) from None


def _content(path: str, limit: int) -> bytes:
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        what = "is a link to nothing" if os.path.islink(path) else "does not exist"
        raise ConfigError(f"{path}: {what}; remove it or put a file in its place") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigError(f"{path}: is no regular file; rename it or put a file in its place")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        size = limit // 1_000_000
        raise ConfigError(f"{path}: is larger than {size} MB; keep data in files of their own")
    return data
