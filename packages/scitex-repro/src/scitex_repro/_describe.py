"""What an object consists of, so that it can be digested and compared.

Every object comes down to a `Part`: a plain value, a text column, an array, or a container of
further objects. Nothing is imported for it: a library that is not loaded has made no object.
"""

from __future__ import annotations

import sys

from scitex_repro._part import Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def describe(obj: Any) -> Part | None:
    """Return what an object consists of, None if nothing is known of its kind."""
    plain = _plain(obj)
    if plain is not None:
        return plain
    for rule in (_container, _from_numpy, _from_tables, _from_tensors, _from_figure, _standard):
        part = rule(obj)
        if part is not None:
            return part
    if hasattr(obj, "__array__") and not isinstance(obj, type):
        return _array(obj)
    return None


def _text(tag: str, text: str) -> Part:
    return Part(tag, data=text.encode("utf-8", "surrogatepass"))


def _plain(obj: Any) -> Part | None:
    """Describe what the language itself has. Subclasses count as their base."""
    if obj is None:
        return _text("constant", "None")
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(obj, enum.Enum):
        return _text("enum", f"{type(obj).__qualname__}.{obj.name}")
    for kinds, rule in _PLAIN:
        if isinstance(obj, kinds):
            return rule(obj)
    return None


# The first kind that fits counts: a bool is an int too.
_PLAIN: tuple[tuple[Any, Callable[[Any], Part]], ...] = (
    (bool, lambda obj: _text("constant", repr(obj))),
    # Python writes no decimals for the largest.
    (int, lambda obj: _text("int", str(int(obj)) if abs(obj) < 2**64 else hex(obj))),
    (float, lambda obj: Part("float", data=_bits(obj))),
    (complex, lambda obj: Part("complex", data=_bits(obj.real) + _bits(obj.imag))),
    (str, lambda obj: _text("str", obj)),
    ((bytes, bytearray), lambda obj: Part("bytes", data=bytes(obj))),
)


def _bits(number: float) -> bytes:
    import struct

    return struct.pack(">d", number)


def _container(obj: Any) -> Part | None:
    for kinds, rule in _CONTAINERS:
        if isinstance(obj, kinds):
            return rule(obj)
    mappings = sys.modules.get("collections.abc")
    if mappings is not None and isinstance(obj, mappings.Mapping):
        return _mapping(obj)
    fields = getattr(type(obj), "__dataclass_fields__", None)
    if fields is None:
        return None
    items = [(name, getattr(obj, name)) for name in fields if hasattr(obj, name)]
    return Part(f"dataclass {type(obj).__qualname__}", items=items, keyed=True)


def _mapping(obj: Any) -> Part:
    return Part("dict", items=list(obj.items()), ordered=False, keyed=True)


def _sequence(tag: str, items: Iterable[Any]) -> Part:
    return Part(tag, items=list(enumerate(items)))


_CONTAINERS: tuple[tuple[Any, Callable[[Any], Part]], ...] = (
    (list, lambda obj: _sequence("list", obj)),
    (tuple, lambda obj: _sequence("tuple", obj)),
    (dict, _mapping),
    (
        (set, frozenset),
        lambda obj: Part("set", items=[(None, one) for one in obj], ordered=False),
    ),
    (range, lambda obj: _sequence("range", (obj.start, obj.stop, obj.step))),
    (slice, lambda obj: _sequence("slice", (obj.start, obj.stop, obj.step))),
)


def _array(obj: Any) -> Part:
    from scitex_repro._array_bytes import as_array

    return Part("array", array=as_array(obj))


def _from_numpy(obj: Any) -> Part | None:
    np = sys.modules.get("numpy")
    if np is None:
        return None
    if isinstance(obj, (np.bool_, np.int64)):
        # As float64 and complex128, which are floats and complex numbers already.
        return _plain(obj.item())
    if isinstance(obj, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(obj)
        values = np.where(mask, np.zeros((), obj.dtype), obj.data)
        return Part("masked", items=[("mask", mask), ("values", values)], keyed=True)
    if isinstance(obj, (np.generic, np.ndarray)):
        return _array(obj)
    random = sys.modules.get("numpy.random")
    if random is not None and isinstance(obj, random.Generator):
        return Part("generator", items=[("state", obj.bit_generator.state)], keyed=True)
    return None


def _from_tables(obj: Any) -> Part | None:
    from scitex_repro import _tables

    pandas = sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "DataFrame"):
        part = _tables.describe(obj, pandas)
        if part is not None:
            return part
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(obj):
        rows = obj.tocsr(copy=True)
        rows.sum_duplicates()
        rows.sort_indices()
        items = [
            ("shape", tuple(int(size) for size in obj.shape)),
            ("values", rows.data),
            ("columns", rows.indices.astype("int64")),
            ("rows", rows.indptr.astype("int64")),
        ]
        return Part("sparse", items=items, keyed=True)
    return None


def _from_tensors(obj: Any) -> Part | None:
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if isinstance(obj, torch.Tensor):
            return _array(obj)
        if isinstance(obj, torch.nn.Module):
            return Part("dict", items=list(obj.state_dict().items()), ordered=False, keyed=True)
    jax = sys.modules.get("jax")
    if jax is not None and hasattr(jax, "Array") and isinstance(obj, jax.Array):
        return _array(obj)
    cupy = sys.modules.get("cupy")
    if cupy is not None and hasattr(cupy, "ndarray") and isinstance(obj, cupy.ndarray):
        return _array(cupy.asnumpy(obj))
    return None


def _from_figure(obj: Any) -> Part | None:
    figures = sys.modules.get("matplotlib.figure")
    if figures is None or not isinstance(obj, figures.FigureBase):
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = obj.figure
    canvas = figure.canvas
    try:
        drawn: Any = FigureCanvasAgg(figure)
        drawn.draw()
        pixels = _array(drawn.buffer_rgba())
    finally:
        figure.set_canvas(canvas)
    pixels.tag = "figure"
    # The buffer goes with the canvas.
    pixels.array = pixels.array.copy()
    return pixels


def _standard(obj: Any) -> Part | None:
    """Describe what the standard library has, by the modules that are loaded."""
    for module, names, write in _STANDARD:
        home = sys.modules.get(module)
        for name in names if home is not None else ():
            kind = getattr(home, name, None)
            if kind is not None and isinstance(obj, kind):
                return _text(name, write(obj))
    return None


# The first kind that fits counts: a datetime is a date too.
_STANDARD: tuple[tuple[str, tuple[str, ...], Callable[[Any], str]], ...] = (
    ("datetime", ("datetime", "date", "time"), lambda obj: obj.isoformat()),
    ("datetime", ("timedelta",), lambda obj: f"{obj.days} {obj.seconds} {obj.microseconds}"),
    ("decimal", ("Decimal",), str),
    ("fractions", ("Fraction",), str),
    ("uuid", ("UUID",), str),
    ("pathlib", ("PurePath",), lambda obj: obj.as_posix()),
)
