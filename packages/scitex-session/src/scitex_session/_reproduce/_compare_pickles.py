"""Compare pickles without running a line of what they name, and NPY files, which may hold one.

A pickle is a program. Here every class and function that it names becomes an inert stand-in that
stores what it was given, so that two pickles are compared as trees. The order in which a set was
written depends on hashing and is no difference.
"""

from __future__ import annotations

import io
import pickle

from ._compare_numbers import compare_arrays
from ._verdict import DIFFERENT, EQUAL, Rules, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

_SETS = frozenset({("builtins", "set"), ("builtins", "frozenset"), ("__builtin__", "set")})


def is_pickle(data: bytes) -> bool:
    """Whether `data` looks like a pickle of protocol 2 or later."""
    return len(data) > 2 and data[0] == 0x80 and data[1] <= 5 and data.rstrip()[-1:] == b"."  # noqa: PLR2004


def compare_pickles(old: bytes, new: bytes, rules: Rules) -> Verdict:
    """Compare two pickles as trees."""
    trees = [_Reader(io.BytesIO(data)).load() for data in (old, new)]
    where = _differs(trees[0], trees[1], "", rules, set())
    if where is None:
        return Verdict(EQUAL, "apart from the order of sets and shared parts")
    return Verdict(DIFFERENT, where)


def compare_npy(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare two NPY files; arrays of objects, which are pickles, are not loaded."""
    import numpy as np

    try:
        arrays = [np.load(io.BytesIO(data), allow_pickle=False) for data in (old, new)]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        return compare_pickles(_after_header(old), _after_header(new), rules)
    return compare_arrays(arrays[0], arrays[1], rules)


def _after_header(data: bytes) -> bytes:
    start = 12 if data[6] > 1 else 10  # by the version of the format
    return data[start + int.from_bytes(data[8:start], "little") :]


class _Inert:
    """What a pickle made with a class or a function that it names."""

    def __init__(self, name: tuple[str, str], args: tuple[Any, ...], options: Any = None) -> None:
        self.name = name
        self.parts: list[Any] = list(args)
        if options:
            self.parts.append(options)

    def __setstate__(self, state: Any) -> None:
        self.parts.append(state)

    def append(self, item: Any) -> None:
        self.parts.append(item)

    def extend(self, items: Any) -> None:
        self.parts.extend(items)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.parts.append((key, value))

    def add(self, item: Any) -> None:
        self.parts.append(item)


def _stand_in(module: str, name: str) -> type:
    """Return a class whose instances only store their arguments; nothing is imported."""

    class StandIn(_Inert):
        def __new__(cls, *_args: Any, **_options: Any) -> Self:
            return object.__new__(cls)

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__((module, name), args, options)

    StandIn.__name__ = name
    return StandIn


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _SETS:
            return set if name == "set" else frozenset
        return _stand_in(module, name)

    def persistent_load(self, pid: Any) -> Any:
        return _Inert(("persistent", ""), (pid,))


def _differs(  # noqa: PLR0911 - one for each type
    a: Any, b: Any, where: str, rules: Rules, seen: set[tuple[int, int]]
) -> str | None:
    """Return where two trees differ, or None."""
    if (id(a), id(b)) in seen:
        return None
    seen.add((id(a), id(b)))
    if type(a).__name__ != type(b).__name__:
        return f"{where or 'the object'}: {type(a).__name__} became {type(b).__name__}"
    if isinstance(a, _Inert):
        if _name(a) != _name(b):
            return f"{where or 'the object'}: {_name(a)} became {_name(b)}"
        return _array_differs(a, b, where, rules) or _in_order(
            _parts(a), _parts(b), f"{where}.{_name(a)[1]}", rules, seen
        )
    if isinstance(a, dict):
        return _mapping_differs(a, b, where, rules, seen)
    if isinstance(a, (set, frozenset)):
        keys = sorted(map(_sortable, a)), sorted(map(_sortable, b))
        return None if keys[0] == keys[1] else f"{where or 'the object'}: members of a set"
    if isinstance(a, (list, tuple)):
        return _in_order(a, b, where, rules, seen)
    if isinstance(a, float) and isinstance(b, float):
        close = a == b or (a != a and b != b) or abs(a - b) <= rules.tolerance * max(abs(a), abs(b))  # noqa: PLR0124 - NaN
        return None if close else f"{where or 'the object'}: {a!r} became {b!r}"
    return None if a == b or a is b else f"{where or 'the object'}: {_short(a)} became {_short(b)}"


def _name(inert: Any) -> tuple[str, str]:
    # A class that a pickle only names, without making an instance, is a type here.
    return inert.name if isinstance(inert, _Inert) else ("", str(inert))


def _parts(inert: Any) -> list[Any]:
    return list(vars(inert).get("parts", ())) or [k for k in vars(inert).items() if k[0] != "name"]


def _mapping_differs(
    a: Any, b: Any, where: str, rules: Rules, seen: set[tuple[int, int]]
) -> str | None:
    first = {_sortable(key): (key, value) for key, value in a.items()}
    second = {_sortable(key): value for key, value in b.items()}
    if first.keys() != second.keys():
        odd = sorted(first.keys() ^ second.keys())
        return f"{where or 'the object'}: keys {', '.join(odd[:3])}"
    for text, (key, value) in first.items():
        found = _differs(value, second[text], f"{where}[{key!r}]", rules, seen)
        if found:
            return found
    return None


def _in_order(a: Any, b: Any, where: str, rules: Rules, seen: set[tuple[int, int]]) -> str | None:
    if len(a) != len(b):
        return f"{where or 'the object'}: {len(a)} items became {len(b)}"
    for index, (x, y) in enumerate(zip(a, b, strict=True)):
        found = _differs(x, y, f"{where}[{index}]", rules, seen)
        if found:
            return found
    return None


def _array_differs(a: Any, b: Any, where: str, rules: Rules) -> str | None:
    """Compare two pickled NumPy arrays as numbers, to find how far they differ."""
    arrays = _array(a), _array(b)
    if arrays[0] is None or arrays[1] is None:
        return None
    verdict = compare_arrays(*arrays, rules)
    return None if verdict.same else f"{where or 'the array'}: {verdict.detail}"


def _array(inert: _Inert) -> Any:
    if inert.name[1] != "_reconstruct" or not inert.parts or not isinstance(inert.parts[-1], tuple):
        return None
    import numpy as np

    _, shape, kind, fortran, data = inert.parts[-1]
    if not isinstance(data, bytes) or not isinstance(kind, _Inert):
        return None
    order = kind.parts[-1][1] if isinstance(kind.parts[-1], tuple) else "="
    dtype = np.dtype(kind.parts[0]).newbyteorder("=" if order == "|" else order)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _sortable(item: Any) -> str:
    if isinstance(item, (set, frozenset)):
        return "{" + ", ".join(sorted(map(_sortable, item))) + "}"
    if isinstance(item, tuple):
        return "(" + ", ".join(map(_sortable, item)) + ")"
    if isinstance(item, _Inert):
        return f"{_name(item)}({', '.join(map(_sortable, _parts(item)))})"
    if isinstance(item, dict):
        return str(sorted((_sortable(k), _sortable(v)) for k, v in item.items()))
    return repr(item)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004
