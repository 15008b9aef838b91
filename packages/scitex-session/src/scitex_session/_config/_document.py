"""One YAML file from disk, with every mistake in one line: file, line, key, and what to do."""

from __future__ import annotations

import os
import re
import stat

import yaml

from scitex_session.errors import ConfigError

from ._reader import DocumentError, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["explain", "read_document"]

# A pipe without a writer would hold an ordinary open up for ever.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KEY = re.compile(
    r"""\s*(?:[-?]\s+)*(?:"([^"]+)"|'([^']+)'|([^\s#"'\[\]{}&*!][^:#]*?))\s*:(?:\s|$)"""
)
_NEAR = 500
_HINTS = {
    "mapping values are not allowed": "quote a value that holds `: `, and check the indentation",
    "cannot start any token": "indent by spaces, not tabs; quote a value that begins with @ ` %",
    "did not find expected key": "check the indentation and the quotes above",
    "could not find expected ':'": "write `key: value`",
    "unexpected end of stream": "close the quote or bracket that is open",
    "expected ',' or": "close the bracket that is open",
    "but found another document": "keep one document per file, without a second `---`",
    "undefined alias": "define the anchor before, or quote a value that begins with *",
}


def read_document(path: str, limit: int, warn: Callable[[str], None] | None) -> object:
    """Read the file at `path` (at most `limit` bytes) or raise a ConfigError that says where."""
    data = _bytes(path, limit)
    _check_encoding(path, data)

    def tell(text: str, line: int, key: str) -> None:
        if warn:
            warn(_place(path, line, key) + text)

    try:
        return read(data, tell if warn else None)
    except DocumentError as fault:
        key = fault.key or _key_near(data, fault.line)
        raise ConfigError(_place(path, fault.line, key) + fault.text) from None
    except yaml.YAMLError as error:
        line, text = explain(error, data)
        raise ConfigError(_place(path, line, _key_near(data, line)) + text) from None


def explain(error: yaml.YAMLError, data: bytes) -> tuple[int, str]:
    """Give the line of a parser's complaint and one sentence about it."""
    position = getattr(error, "position", None)
    if position is not None:
        line = data.count(b"\n", 0, position) + 1
        return line, "is no YAML: it holds a control character; remove it"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    hint = next((hint for part, hint in _HINTS.items() if part in problem), "")
    # A mark at the end of the text stands on the line after the last one.
    last = data.rstrip().count(b"\n") + 1
    line = min(mark.line + 1, last) if mark is not None else 1
    return line, f"is no YAML: {problem}" + (f"; {hint}" if hint else "")


def _bytes(path: str, limit: int) -> bytes:
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


def _check_encoding(path: str, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        text = f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigError(_place(path, line, _key_near(data, line)) + text) from None


def _place(path: str, line: int | None, key: str | None) -> str:
    where = f"{path}, line {line or 1}"
    return f"{where}, key {key!r}: " if key else f"{where}: "


def _key_near(data: bytes, line: int | None) -> str | None:
    """Give the key on a line, or the nearest above it: the parser's complaints name none."""
    if line is None:
        return None
    # A hostile file may have lines without end; a key is short and near.
    for text in reversed(data.splitlines()[max(0, line - _NEAR) : line]):
        match = _KEY.match(text[:_NEAR].decode("utf-8", "replace"))
        if match:
            return match[1] or match[2] or match[3]
    return None
