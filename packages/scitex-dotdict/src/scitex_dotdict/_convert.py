"""Convert plain dicts, lists and tuples to trees of one dict class, and back."""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NESTED = frozenset({dict, list, tuple})

# CPython's garbage collector does not track a dict that has only ever held atoms; asking it takes
# one call instead of a look at each value. Where it tracks all dicts, the values are looked at.
_may_hold_containers = getattr(gc, "is_tracked", bool)
_update = dict.update
_set = dict.__setitem__


def fill(target: dict[Any, Any], source: dict[Any, Any], memo: dict[int, Any]) -> None:
    """Update `target` with `source`, whose nested dicts become the class of `target`.

    `memo` maps the id of each container already met to its result, so that one that is shared or
    contains itself is converted once and stays so.
    """
    _update(target, source)
    if not _may_hold_containers(source) or NESTED.isdisjoint(map(type, source.values())):
        return
    cls = type(target)
    for key, value in source.items():
        if type(value) in NESTED:
            _set(target, key, convert(value, cls, memo))


def convert(value: Any, cls: type[dict[Any, Any]], memo: dict[int, Any]) -> Any:
    """Return `value` with every plain dict in it as a `cls`; the same object if it has none."""
    known = memo.get(id(value))
    if known is not None:
        return known
    kind = type(value)
    if kind is dict:
        memo[id(value)] = new = cls.__new__(cls)
        fill(new, value, memo)
        return new
    if kind is list or kind is tuple:
        return _convert_sequence(value, cls, memo)
    return value


def _convert_sequence(value: Any, cls: type[dict[Any, Any]], memo: dict[int, Any]) -> Any:
    if NESTED.isdisjoint(map(type, value)):
        return value
    items: list[Any] = []
    if type(value) is list:
        memo[id(value)] = items  # before its elements: one may be the list itself
    items.extend(convert(item, cls, memo) for item in value)
    if all(new is old for new, old in zip(items, value, strict=True)):
        memo[id(value)] = value
        return value
    result = items if type(value) is list else tuple(items)
    memo[id(value)] = result
    return result


def to_plain(value: Any, cls: type[dict[Any, Any]], memo: dict[int, Any]) -> Any:
    """Return `value` with every `cls` in it as a plain dict, in new lists and tuples."""
    known = memo.get(id(value))
    if known is not None:
        return known
    if isinstance(value, cls) or type(value) is dict:
        plain: dict[Any, Any] = {}
        memo[id(value)] = plain
        for key, item in dict.items(value):
            plain[key] = to_plain(item, cls, memo)
        return plain
    if type(value) is list:
        copied: list[Any] = []
        memo[id(value)] = copied
        copied.extend(to_plain(item, cls, memo) for item in value)
        return copied
    if type(value) is tuple:
        memo[id(value)] = whole = tuple(to_plain(item, cls, memo) for item in value)
        return whole
    return value
