"""The type of an option: from its hint, else from its default, narrowed to what text can give."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import datetime as dt
import enum
import inspect
import os
import pathlib
import sys
import types
import typing
from typing import Any

from ..errors import SessionError
from ._parameters import REQUIRED, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BARE = (list, tuple, set, frozenset, dict)
# In this order: a bool is an int, a datetime is a date.
SCALARS = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    pathlib.Path,
    dt.datetime,
    dt.date,
    dt.time,
)
_CONTAINERS = (
    list,
    tuple,
    set,
    frozenset,
    collections.deque,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def annotations_of(func: Callable[..., Any]) -> dict[str, Any]:
    """Return the hints of a function as they are written, without resolving names."""
    if sys.version_info >= (3, 14):
        import annotationlib

        # Hints are evaluated when asked for there; those of injected parameters may not be.
        return dict(annotationlib.get_annotations(func, format=annotationlib.Format.FORWARDREF))
    return dict(getattr(func, "__annotations__", None) or {})


def option_type(func: Callable[..., Any], name: str, hint: Any, default: Any) -> Any:
    """Return the type that text for one option is turned into.

    Parameters
    ----------
    func : callable
        Whose globals and enclosing names a hint in quotes may use.
    name : str
        The parameter.
    hint : object
        Its hint, `REQUIRED` where there is none.
    default : object
        Its default, `REQUIRED` where there is none.

    Returns
    -------
    type
        ``typing.Any`` where there is a default and no text can give another.

    Raises
    ------
    SessionError
        If the hint uses a name that does not exist.
    """
    if hint is REQUIRED:
        return str if default is REQUIRED else _from_default(default)
    resolved = _resolve(func, name, hint)
    if default is REQUIRED:
        return resolved
    if resolved in (Any, object) or (resolved in _BARE and isinstance(default, resolved)):
        # A hint that does not tell what the default tells.
        return _from_default(default)
    kept = textual(resolved)
    if default is None and kept is not Any and not _accepts_none(kept):
        return typing.Optional[kept]  # noqa: UP045 - as in `_from_default`
    return kept


def is_numpy_scalar(value: Any) -> bool:
    """Return whether a value is a single number of numpy, without importing numpy."""
    return isinstance(value, getattr(sys.modules.get("numpy"), "generic", ()))


def _resolve(func: Callable[..., Any], name: str, hint: Any) -> Any:
    holder = types.SimpleNamespace(__annotations__={name: hint})
    scope = getattr(func, "__globals__", {})
    try:
        # One at a time: the hints of injected parameters need not exist when the script runs.
        return typing.get_type_hints(holder, scope, _enclosing(func), include_extras=True)[name]
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        shown = hint if isinstance(hint, str) else getattr(hint, "__forward_arg__", hint)
        raise SessionError(
            f"{locate(func)}: the hint {shown!s} of {name!r} cannot be resolved ({error}); "
            f"import what it names, outside `if TYPE_CHECKING:`"
        ) from None


def _enclosing(func: Callable[..., Any]) -> dict[str, Any]:
    names = func.__code__.co_freevars if inspect.isfunction(func) else ()
    found = {}
    for name, cell in zip(names, getattr(func, "__closure__", None) or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # a name that the enclosing function has not bound yet
            continue
    return found


def _accepts_none(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _accepts_none(typing.get_args(hint)[0])
    if origin is typing.Literal:
        return None in typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(map(_accepts_none, typing.get_args(hint)))
    return hint is type(None)


def _from_default(default: Any) -> Any:  # noqa: PLR0911 - one return for each kind
    if default is None:
        return typing.Optional[str]  # noqa: UP045 - tyro checks `str | None` 50 ms longer
    if isinstance(default, enum.Enum):
        return type(default)
    for kind in SCALARS:
        if isinstance(default, kind):
            return kind
    if is_numpy_scalar(default):
        return _from_default(default.item())
    if isinstance(default, list | set | frozenset):
        item = _common([_from_default(item) for item in default])
        return Any if item is Any else types.GenericAlias(_base(default), (item,))
    if isinstance(default, tuple) and not hasattr(default, "_fields"):
        items = [_from_default(item) for item in default]
        fixed = tuple[tuple(items)] if items else tuple[str, ...]  # type: ignore[misc]  # made at run time
        return fixed if all(map(is_single, items)) else Any
    known = dataclasses.is_dataclass(default) or _is_nested(default)
    return type(default) if known else Any


def _common(kinds: list[Any]) -> Any:
    if not kinds:
        return str
    # The items of items are out of reach: text after an option is one flat list of words.
    if not all(map(is_single, kinds)):
        return Any
    if set(kinds) == {int, float}:
        return float
    return typing.Union[tuple(kinds)]  # noqa: UP007 - made at run time


def _is_nested(default: Any) -> bool:
    # A dict becomes one option for each key, `--name.key`, so keys and values must be typeable.
    return type(default) is dict and all(
        isinstance(key, str) and _from_default(value) is not Any for key, value in default.items()
    )


def _base(default: Any) -> type:
    return next(kind for kind in (list, set, frozenset) if isinstance(default, kind))


def textual(hint: Any) -> Any:
    """Narrow a hint to what text can give.

    Parameters
    ----------
    hint : type
        Resolved, without names in quotes.

    Returns
    -------
    type
        The hint itself; a union without those of its members that no text can give; ``typing.Any``
        if nothing is left.
    """
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        inner: Any = typing.get_args(hint)[0]
        extras: tuple[Any, ...] = hint.__metadata__
        if any(type(extra).__module__.startswith("tyro") for extra in extras):
            return hint
        kept = textual(inner)
        return Any if kept is Any else typing.Annotated[(kept, *extras)]
    if origin in (typing.Union, types.UnionType):
        members = [member for arg in typing.get_args(hint) if (member := textual(arg)) is not Any]
        told = [member for member in members if member is not type(None)]
        return typing.Union[tuple(members)] if told else Any  # noqa: UP007 - made at run time
    return hint if _is_textual(hint, origin) else Any


def is_single(kind: Any) -> bool:
    """Return whether one word of text gives a value of this type."""
    if typing.get_origin(kind) is typing.Literal or kind is type(None):
        return True
    if kind in SCALARS or kind is os.PathLike:
        return True
    return isinstance(kind, type) and issubclass(kind, enum.Enum | pathlib.PurePath)


def _is_textual(hint: Any, origin: Any) -> bool:
    # `type X = int` of Python 3.12, and NewType.
    inner = getattr(hint, "__value__", None) or getattr(hint, "__supertype__", None)
    if inner is not None:
        return textual(inner) is not Any
    if is_single(hint) or hint in _CONTAINERS or hint in _MAPPINGS:
        return True
    items = [arg for arg in typing.get_args(hint) if arg is not Ellipsis]
    if origin in _MAPPINGS:
        return all(map(is_single, items))
    if origin in _CONTAINERS:
        return all(map(_is_item, items))
    return _is_structure(origin or hint)


def _is_item(kind: Any) -> bool:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return all(map(_is_item, typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        return all(map(is_single, typing.get_args(kind)))
    return is_single(kind) or _is_structure(kind)


def _is_structure(kind: Any) -> bool:
    """Return whether a type is known by the types of its fields."""
    if not isinstance(kind, type):
        return False
    base = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    return (
        dataclasses.is_dataclass(kind)
        or typing.is_typeddict(kind)
        or hasattr(kind, "__attrs_attrs__")
        or (issubclass(kind, tuple) and bool(getattr(kind, "__annotations__", None)))
        or (isinstance(base, type) and issubclass(kind, base))
    )
