"""Override one value of the configuration for one run: ``--set NAMESPACE.key=value``."""

from __future__ import annotations

from .. import _console
from ..errors import UsageError
from ._directory import RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def apply_overrides(
    namespaces: dict[str, Any],
    overrides: Iterable[str],
    *,
    warn: Callable[[str], None] = _console.write_line,
) -> None:
    """Set single values, in place.

    Parameters
    ----------
    namespaces : dict
        What `load_directory` gave.
    overrides : iterable of str
        ``NAMESPACE.key=value`` each; the value is read as YAML, nested keys are joined by dots.
    warn : callable, default: write to standard error
        Called with one line for each bare ``yes``, ``no``, ``on`` or ``off``, which are words here.

    Raises
    ------
    UsageError
        If one names no existing key, a name of the session, a whole namespace, or is no YAML.
    """
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {override}: write NAMESPACE.key=value")
        parent, key = _find(namespaces, name)
        value = _read(name, text, warn)
        _check(namespaces, name, parent, key, value)
        parent[key] = value


def _find(namespaces: dict[str, Any], name: str) -> tuple[dict[Any, Any], Any]:
    first = name.partition(".")[0]
    if first in RESERVED:
        raise UsageError(f"--set {name}: CONFIG.{first} belongs to the session and cannot be set")
    found = _walk(namespaces, name.split("."))
    if found is not None:
        return found
    names = list(_leaves(namespaces, ""))
    close = _closest(name, names)
    if close:
        raise UsageError(f"--set {name}: there is no such key; did you mean {close}?")
    if len(namespaces) <= ("IS_DEBUG" in namespaces):
        raise UsageError(f"--set {name}: there is no such key; no file in ./config gives any")
    shown = ", ".join(names[:8]) + (", ..." if len(names) > len(names[:8]) else "")
    raise UsageError(f"--set {name}: there is no such key; there are {shown}")


def _walk(mapping: dict[Any, Any], parts: list[str]) -> tuple[dict[Any, Any], Any] | None:
    # A key may hold dots itself, so every way to cut the name is tried, the shortest key first.
    for cut in range(1, len(parts) + 1):
        text = ".".join(parts[:cut])
        key = text if text in mapping else next((k for k in mapping if str(k) == text), None)
        if key is None:
            continue
        if cut == len(parts):
            return mapping, key
        if isinstance(mapping[key], dict):
            found = _walk(mapping[key], parts[cut:])
            if found:
                return found
    return None


def _leaves(mapping: dict[Any, Any], prefix: str) -> Iterable[str]:
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}.")
        else:
            yield name


def _closest(name: str, names: list[str]) -> str | None:
    from difflib import get_close_matches

    folded = {known.lower(): known for known in reversed(names)}
    match = get_close_matches(name.lower(), folded, n=1)
    if match:
        return folded[match[0]]
    # The key alone, when the namespace was forgotten or is another one.
    last = name.lower().rpartition(".")[2]
    ends = {known.lower().rpartition(".")[2]: known for known in reversed(names)}
    match = get_close_matches(last, ends, n=1)
    return ends[match[0]] if match else None


def _read(name: str, text: str, warn: Callable[[str], None]) -> object:
    from scitex_io import YamlError, parse_yaml

    def hint(message: str, line: int, key: str) -> None:
        del line, key
        warn(f"--set {name}: {message}")

    try:
        return parse_yaml(text.encode("utf-8"), warn=hint)
    except UnicodeEncodeError:
        problem = "holds bytes that are not UTF-8"
    except YamlError as error:
        problem = error.problem
    raise UsageError(f"--set {name}: the value {text!r} {problem}") from None


def _check(
    namespaces: dict[str, Any], name: str, parent: dict[Any, Any], key: Any, value: object
) -> None:
    old = parent[key]
    if parent is namespaces and key != "IS_DEBUG":
        raise UsageError(
            f"--set {name}: {key} is a namespace; set one of its keys{_some(old, key)}"
        )
    if parent is namespaces and not isinstance(value, bool):
        raise UsageError(f"--set {name}: write IS_DEBUG=true or IS_DEBUG=false")
    if isinstance(old, dict) and not isinstance(value, dict):
        raise UsageError(
            f"--set {name}: it holds keys of its own; set one of them{_some(old, name)}"
        )


def _some(mapping: dict[Any, Any], prefix: str) -> str:
    names = list(_leaves(mapping, f"{prefix}."))
    return f", such as {names[0]}" if names else ""
