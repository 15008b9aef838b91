"""Which hints text can satisfy: what the command line is to offer, and what stays as it is."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import datetime as dt
import enum
import os
import pathlib
import sys
import types
import typing
from typing import Any

__all__ = ["SCALARS", "is_single", "textual"]

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
    """Tell whether one word of text gives a value of this type."""
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
    """Tell whether a type is known by the types of its fields."""
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
