"""The DotDict."""

from __future__ import annotations

from ._convert import NESTED, convert, fill, to_plain
from ._yaml import register_with_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

_generic_getattr = object.__getattribute__
_set = dict.__setitem__

# Names that are looked up on the class before the keys: what DotDict and its subclasses define
# (added below), and what Python and its libraries look for on any object.
_DEFINED = {
    *("__copy__", "__deepcopy__", "__getinitargs__", "__getnewargs__", "__getnewargs_ex__"),
    *("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__dict__", "__weakref__"),
    *("__array__", "__array_interface__", "__array_struct__", "__array_priority__"),
    *("__array_ufunc__", "__array_function__", "__array_namespace__", "__dlpack__"),
    *("__call__", "__name__", "__qualname__", "__wrapped__", "__signature__", "__bases__"),
    *("__fspath__", "__index__", "__float__", "__bool__", "__enter__", "__await__", "__next__"),
    *("__html__", "__rich__", "__rich_repr__", "__rich_console__", "__orig_class__"),
    *("__isabstractmethod__", "__annotations__", "__dataclass_fields__", "__pretty__"),
}


class DotDict(dict["Any", "Any"]):
    """A dict whose string keys can also be read, set and deleted as attributes.

    It is a dict in every respect: `isinstance`, `json`, `pickle`, `copy`, ``|``, ``**`` and
    `yaml.safe_dump` treat it as one. Plain dicts put into it in any way, also inside lists and
    tuples, become DotDicts; a list or tuple without a dict inside is kept as it is, and so are
    other kinds of mapping.

    Parameters
    ----------
    *args : mapping or iterable of (key, value) pairs, optional
        As for `dict`.
    **kwargs
        As for `dict`.

    Raises
    ------
    AttributeError
        For reading an attribute that is no key (the message names the nearest key), and for
        setting one that is the name of a method (``d.items = 1``; ``d["items"] = 1`` works, and
        ``d.items`` stays the method) or begins with two underscores.

    Notes
    -----
    A list keeps its own methods: a dict appended to a list that is already inside is not
    converted.

    Examples
    --------
    >>> config = DotDict(model={"hidden_size": 128, "layers": [{"units": 8}]})
    >>> config.model.hidden_size
    128
    >>> config.model.layers[0].units
    8
    >>> config.model.dropout = 0.5
    >>> config["model"]["dropout"]
    0.5
    >>> config.model.hiden_size
    Traceback (most recent call last):
        ...
    AttributeError: DotDict has no key 'hiden_size'; did you mean 'hidden_size'?
    """

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _DEFINED.update(dir(cls))

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and not kwargs and type(args[0]) is dict:
            source = args[0]
        else:
            source = dict(*args, **kwargs)
        fill(self, source, {})

    # Not __getattr__: Python 3.11 raises and drops an exception before it calls that, which makes
    # reading a key four times slower.
    def __getattribute__(self, name: str) -> Any:
        if name in _DEFINED:
            try:
                return _generic_getattr(self, name)
            except AttributeError:  # defined by another subclass, or by none
                if name[:2] == "__" or name not in self:
                    raise
        try:
            return self[name]
        except KeyError:
            message = f"{type(self).__name__} has no key {name!r}; {_nearest(name, self)}"
            raise AttributeError(message) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _DEFINED or name[:2] == "__":
            self._set_defined(name, value)
        else:
            self[name] = value

    def _set_defined(self, name: str, value: Any) -> None:
        defined = getattr(type(self), name, None)
        if hasattr(defined, "__set__") and name[:2] != "__":  # a property or slot of a subclass
            object.__setattr__(self, name, value)
        elif defined is None and name[:2] != "__":
            self[name] = value
        else:
            what = "a method" if callable(defined) else "a name"
            owner = "Python" if name[:2] == "__" else type(self).__name__
            raise AttributeError(
                f"{name!r} is {what} of {owner} and cannot be set as an attribute; "
                f"write it as a key: [{name!r}]"
            )

    def __delattr__(self, name: str) -> None:
        if name in self:
            del self[name]
        else:
            raise AttributeError(
                f"{type(self).__name__} has no key {name!r}; {_nearest(name, self)}"
            )

    def __setitem__(self, key: Any, value: Any) -> None:
        _set(self, key, convert(value, type(self), {}) if type(value) in NESTED else value)

    def update(self, /, *args: Any, **kwargs: Any) -> None:
        """Set the keys of a mapping or of pairs as `dict.update` does, converted."""
        fill(self, dict(*args, **kwargs), {})

    def setdefault(self, key: Any, default: Any = None, /) -> Any:
        """Return the value of `key`; if there is none, set it to `default`, converted, first."""
        if key not in self:
            self[key] = default
        return self[key]

    @classmethod
    def fromkeys(cls, iterable: Iterable[Any], value: Any = None, /) -> Self:
        """Make one with the keys of `iterable`, all with the one `value`, converted."""
        return cls(dict.fromkeys(iterable, value))

    def copy(self) -> Self:
        """Return a shallow copy of the same class."""
        new = type(self).__new__(type(self))
        dict.update(new, self)
        return new

    __copy__ = copy

    def __or__(self, other: Any) -> Self:
        if not isinstance(other, dict):
            return NotImplemented
        new = DotDict.copy(self)
        fill(new, dict(other), {})
        return new

    def __ror__(self, other: Any) -> Self:
        if not isinstance(other, dict):
            return NotImplemented
        new = type(self).__new__(type(self))
        fill(new, dict(other), {})
        dict.update(new, self)
        return new

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self if _is_identifier(key))]

    def _ipython_key_completions_(self) -> list[Any]:
        return list(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def to_dict(self) -> dict[Any, Any]:
        """Return the same as plain dicts, lists and tuples, all of them new.

        Returns
        -------
        dict
            It shares no DotDict, list or tuple with this one; other values are the same objects.
        """
        plain: dict[Any, Any] = to_plain(self, DotDict, {})
        return plain

    def freeze(self) -> Self:
        """Refuse every further change, here and in everything nested; return itself.

        Nested DotDicts are frozen too, lists become tuples and sets frozensets. Apart from these
        a frozen DotDict is equal to what it was before. It stays frozen when pickled or copied,
        and is hashable if all its values are. ``DotDict(d.to_dict())`` is a copy that can be
        changed.

        Returns
        -------
        DotDict
            The object itself.

        Examples
        --------
        >>> config = DotDict(lr=0.1).freeze()
        >>> config.lr = 0.2
        Traceback (most recent call last):
            ...
        TypeError: cannot set 'lr': this DotDict is frozen; change a copy, DotDict(d.to_dict())
        """
        from ._frozen import freeze

        freeze(self, DotDict, {})
        return self


def _is_identifier(key: object) -> bool:
    return isinstance(key, str) and key.isidentifier() and key[:2] != "__"


def _nearest(name: str, keys: Iterable[object]) -> str:
    """Say which key was probably meant, or which keys exist."""
    from difflib import get_close_matches  # only a mistake pays for this import

    names = [key for key in keys if isinstance(key, str)]
    folded = {key.lower(): key for key in reversed(names)}
    near = get_close_matches(name, names, 1) or [
        folded[low] for low in get_close_matches(name.lower(), folded, 1)
    ]
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(repr(key) for key in names[:8])
    return f"it has {shown}{', ...' if len(names) > 8 else ''}" if names else "it has no keys"  # noqa: PLR2004 - a line's worth


_DEFINED.update(dir(DotDict))
register_with_yaml(DotDict)
