"""Make DotDicts read-only.

Freezing replaces the class of the object by one made here, so that a DotDict that is never frozen
pays nothing for the possibility when it is written to.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self

    _Base = dict[Any, Any]
else:
    # The class of an object can only be replaced by one with the same layout, which this has only
    # if the mixin inherits from nothing.
    _Base = object

_frozen_class: dict[type[Any], type[Any]] = {}
_writable_class: dict[type[Any], type[Any]] = {}


def _refuse(action: str) -> NoReturn:
    raise TypeError(f"cannot {action}: this DotDict is frozen; change a copy, DotDict(d.to_dict())")


class _Frozen(_Base):
    """The methods that a frozen class overrides; the class that was frozen comes next."""

    __slots__ = ()

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:
        if len(self):
            _refuse("initialise again")
        super().__init__(*args, **kwargs)
        self.freeze()

    def __setitem__(self, key: Any, value: Any) -> None:
        _refuse(f"set {key!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse(f"set {name!r}")

    def __delitem__(self, key: Any) -> None:
        _refuse(f"delete {key!r}")

    def __delattr__(self, name: str) -> None:
        _refuse(f"delete {name!r}")

    def __ior__(self, other: Any) -> NoReturn:
        _refuse("update")

    def update(self, /, *_args: Any, **_kwargs: Any) -> None:
        """Refuse."""
        _refuse("update")

    def setdefault(self, key: Any, _default: Any = None, /) -> Any:
        """Return the value of a key that exists; refuse another."""
        if key in self:
            return self[key]
        _refuse(f"set {key!r}")

    def pop(self, key: Any, /, *_default: Any) -> NoReturn:
        """Refuse."""
        _refuse(f"delete {key!r}")

    def popitem(self) -> NoReturn:
        """Refuse."""
        _refuse("delete a key")

    def clear(self) -> NoReturn:
        """Refuse."""
        _refuse("clear")

    def copy(self) -> Self:
        """Return itself, which is as good as a copy."""
        return self

    __copy__ = copy

    def __or__(self, other: Any) -> Any:
        return _writable(self).__or__(other).freeze() if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return (
            _writable(self).__ror__(other).freeze() if isinstance(other, dict) else NotImplemented
        )

    def __hash__(self) -> int:  # type: ignore[override]  # dict says None; a frozen one need not
        return hash(frozenset(dict.items(self)))

    def __reduce_ex__(self, _protocol: object) -> tuple[Any, ...]:
        return _restore, (_writable_class[type(self)], dict(self))


def _writable(frozen: Any) -> Any:
    """Copy the first level, as the class it had before it was frozen."""
    return _make(_writable_class[type(frozen)], frozen)


def _restore(cls: Any, items: dict[Any, Any]) -> Any:
    """Rebuild a frozen DotDict from a pickle or a deep copy."""
    return _make(cls, items).freeze()


def _make(cls: Any, items: dict[Any, Any]) -> Any:
    new = cls.__new__(cls)
    dict.update(new, items)
    return new


def _frozen_form_of(cls: type[Any]) -> type[Any]:
    if cls not in _frozen_class:
        names = {
            "__slots__": (),
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__,
        }
        frozen = type(cls.__name__, (_Frozen, cls), names)
        _frozen_class[cls] = frozen
        _writable_class[frozen] = cls
    return _frozen_class[cls]


def freeze(value: Any, kind: type[Any], memo: dict[int, Any]) -> Any:
    """Freeze `value` and everything in it: DotDicts in place, lists and sets by replacement.

    Parameters
    ----------
    value
        Anything.
    kind
        The class DotDict.
    memo
        What has been frozen already, by `id`.
    """
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, kind):
        memo[id(value)] = value
        for key, item in list(dict.items(value)):
            dict.__setitem__(value, key, freeze(item, kind, memo))
        if not isinstance(value, _Frozen):
            object.__setattr__(value, "__class__", _frozen_form_of(type(value)))
        return value
    if type(value) is dict:  # appended to a list after the list was stored
        return freeze(kind(value), kind, memo)
    if type(value) in (list, tuple):
        memo[id(value)] = value  # for a list that contains itself, which no tuple can
        memo[id(value)] = frozen = tuple(freeze(item, kind, memo) for item in value)
        return frozen
    return frozenset(value) if type(value) is set else value
