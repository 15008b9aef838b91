"""Take objects apart, so that they can be digested and compared.

Every object comes down to a `Part`: a plain value, a text column, an array, or a container of
further objects. Nothing is imported for it: a library that is not loaded has made no object.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Items = list[tuple[Any, Any]]


class Part:
    """One object, taken apart by one level; only one of data, array, texts and items is there.

    Attributes
    ----------
    tag : str
        What it is; enters the digest.
    data : bytes or None
        A plain value.
    array : numpy.ndarray or None
        An array.
    texts : iterable of (str or None), or None
        A column of texts.
    items : list of (object, object) or None
        What it contains, with an index or a key for each.
    ordered : bool
        Whether the order of the items counts.
    keyed : bool
        Whether the keys enter the digest: they do for mappings and named fields.
    """

    def __init__(
        self,
        tag: str,
        *,
        data: bytes | None = None,
        array: Any = None,
        texts: Iterable[str | None] | None = None,
        items: Items | None = None,
        ordered: bool = True,
        keyed: bool = False,
    ) -> None:
        self.tag = tag
        self.data = data
        self.array = array
        self.texts = texts
        self.items = items
        self.ordered = ordered
        self.keyed = keyed


def describe(obj: Any) -> Part | None:
    """Return what an object consists of, None if nothing is known of its kind."""
    for rule in (_plain, _container, _numpy, _pandas, _sparse, _tensor, _figure, _standard):
        part = rule(obj)
        if part is not None:
            return part
    if hasattr(obj, "__array__") and not isinstance(obj, type):
        return _array(obj)
    return None


def _text(tag: str, text: str) -> Part:
    return Part(tag, data=text.encode("utf-8", "surrogatepass"))


def _array(obj: Any) -> Part:
    from ._arrays import as_array

    return Part("array", array=as_array(obj))


def _fields(tag: str, /, **fields: Any) -> Part:
    """Return a container of named fields."""
    return Part(tag, items=list(fields.items()), keyed=True)


def _mapping(obj: Any) -> Part:
    return Part("dict", items=list(obj.items()), ordered=False, keyed=True)


def _sequence(tag: str, items: Iterable[Any]) -> Part:
    return Part(tag, items=list(enumerate(items)))


def _plain(obj: Any) -> Part | None:
    """Describe the plain values of the language. Subclasses count as their base."""
    if obj is None:
        return _text("constant", "None")
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(obj, enum.Enum):
        return _text("enum", f"{type(obj).__qualname__}.{obj.name}")
    return _by_class(obj, _PLAIN)


def _by_class(obj: Any, rules: Iterable[tuple[Any, Callable[[Any], Part]]]) -> Part | None:
    """Apply the rule of the first class that fits."""
    for classes, rule in rules:
        if isinstance(obj, classes):
            return rule(obj)
    return None


# A bool is an int too, so it comes first. Python writes no decimals for the largest ints.
_PLAIN: tuple[tuple[Any, Callable[[Any], Part]], ...] = (
    (bool, lambda obj: _text("constant", repr(obj))),
    (int, lambda obj: _text("int", str(int(obj)) if abs(obj) < 2**64 else hex(obj))),
    (float, lambda obj: Part("float", data=_bits(obj))),
    (complex, lambda obj: Part("complex", data=_bits(obj.real) + _bits(obj.imag))),
    (str, lambda obj: _text("str", obj)),
    ((bytes, bytearray), lambda obj: Part("bytes", data=bytes(obj))),
)


def _bits(number: float) -> bytes:
    import struct

    return struct.pack(">d", number)


_CONTAINERS: tuple[tuple[Any, Callable[[Any], Part]], ...] = (
    (list, lambda obj: _sequence("list", obj)),
    (tuple, lambda obj: _sequence("tuple", obj)),
    (dict, _mapping),
    ((set, frozenset), lambda obj: Part("set", items=[(None, x) for x in obj], ordered=False)),
    (range, lambda obj: _sequence("range", (obj.start, obj.stop, obj.step))),
    (slice, lambda obj: _sequence("slice", (obj.start, obj.stop, obj.step))),
)


def _container(obj: Any) -> Part | None:
    part = _by_class(obj, _CONTAINERS)
    if part is not None:
        return part
    abc = sys.modules.get("collections.abc")
    if abc is not None and isinstance(obj, abc.Mapping):
        return _mapping(obj)
    names = getattr(type(obj), "__dataclass_fields__", None)
    if names is None:
        return None
    fields = {name: getattr(obj, name) for name in names if hasattr(obj, name)}
    return _fields(f"dataclass {type(obj).__qualname__}", **fields)


def _numpy(obj: Any) -> Part | None:
    np = sys.modules.get("numpy")
    if np is None:
        return None
    if isinstance(obj, (np.bool_, np.int64)):
        # Like float64 and complex128, which are Python floats and complex numbers already.
        return _plain(obj.item())
    if isinstance(obj, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(obj)
        return _fields(
            "masked", mask=mask, values=np.where(mask, np.zeros((), obj.dtype), obj.data)
        )
    if isinstance(obj, (np.generic, np.ndarray)):
        return _array(obj)
    random = sys.modules.get("numpy.random")
    if random is not None and isinstance(obj, random.Generator):
        return _fields("generator", state=obj.bit_generator.state)
    return None


def _sparse(obj: Any) -> Part | None:
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not sparse.issparse(obj):
        return None
    rows = obj.tocsr(copy=True)
    rows.sum_duplicates()
    rows.sort_indices()
    return _fields(
        "sparse",
        shape=tuple(int(size) for size in obj.shape),
        values=rows.data,
        columns=rows.indices.astype("int64"),
        rows=rows.indptr.astype("int64"),
    )


def _tensor(obj: Any) -> Part | None:
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if isinstance(obj, torch.Tensor):
            return _array(obj)
        if isinstance(obj, torch.nn.Module):
            return _mapping(obj.state_dict())
    jax = sys.modules.get("jax")
    if jax is not None and hasattr(jax, "Array") and isinstance(obj, jax.Array):
        return _array(obj)
    cupy = sys.modules.get("cupy")
    if cupy is not None and hasattr(cupy, "ndarray") and isinstance(obj, cupy.ndarray):
        return _array(cupy.asnumpy(obj))
    return None


def _figure(obj: Any) -> Part | None:
    figures = sys.modules.get("matplotlib.figure")
    if figures is None or not isinstance(obj, figures.FigureBase):
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = obj.figure
    canvas = figure.canvas
    try:
        drawn: Any = FigureCanvasAgg(figure)
        drawn.draw()
        # Copied, because the buffer goes away with its canvas.
        return Part("figure", array=_array(drawn.buffer_rgba()).array.copy())
    finally:
        figure.set_canvas(canvas)


def _standard(obj: Any) -> Part | None:
    """Describe what the standard library has, by the modules that are loaded."""
    for module, names, write in _STANDARD:
        for name in names:
            cls = getattr(sys.modules.get(module), name, None)
            if cls is not None and isinstance(obj, cls):
                return _text(name, write(obj))
    return None


# A datetime is a date too, so it comes first.
_STANDARD: tuple[tuple[str, tuple[str, ...], Callable[[Any], str]], ...] = (
    ("datetime", ("datetime", "date", "time"), lambda obj: obj.isoformat()),
    ("datetime", ("timedelta",), lambda obj: f"{obj.days} {obj.seconds} {obj.microseconds}"),
    ("decimal", ("Decimal",), str),
    ("fractions", ("Fraction",), str),
    ("uuid", ("UUID",), str),
    ("pathlib", ("PurePath",), lambda obj: obj.as_posix()),
)


def _pandas(obj: Any) -> Part | None:
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    if obj is pandas.NA or obj is pandas.NaT:
        return Part("missing", data=b"")
    rules: tuple[tuple[Any, Callable[[Any], Part]], ...] = (
        (pandas.DataFrame, _frame),
        (
            pandas.Series,
            lambda obj: _fields("series", name=obj.name, index=obj.index, values=_stored(obj)),
        ),
        (
            pandas.MultiIndex,
            lambda obj: _sequence("multiindex", map(obj.get_level_values, range(obj.nlevels))),
        ),
        (pandas.Index, lambda obj: _fields("index", name=obj.name, values=_stored(obj))),
        (pandas.Timedelta, lambda obj: _text("Timedelta", obj.isoformat())),
        ((pandas.Interval, pandas.Period), lambda obj: _text(type(obj).__name__, str(obj))),
        (pandas.api.extensions.ExtensionArray, lambda obj: _pandas_array(obj, pandas)),
    )
    return _by_class(obj, rules)


def _frame(frame: Any) -> Part:
    names = frame.columns if frame.columns.is_unique else range(frame.shape[1])
    columns = [(name, _stored(frame.iloc[:, number])) for number, name in enumerate(names)]
    items = [("columns", frame.columns), ("index", frame.index), *columns]
    return Part("frame", items=items, keyed=True)


def _stored(column: Any) -> Any:
    """Return a column as an array of numpy if it is one, or else as what pandas stores."""
    import numpy as np

    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind != "O"
    return column.to_numpy() if plain else column.array


def _pandas_array(values: Any, pandas: Any) -> Part:
    """Describe a column by its content, not by how this version of pandas stores it."""
    import numpy as np

    dtype = values.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _fields(
            "categorical",
            categories=dtype.categories,
            ordered=bool(dtype.ordered),
            codes=values.codes.astype("int64"),
        )
    if isinstance(dtype, pandas.DatetimeTZDtype):
        moments = values.tz_convert("UTC").tz_localize(None).to_numpy()
        return _fields("moments", zone=str(dtype.tz), moments=moments)
    if getattr(dtype, "kind", "O") in "biufcmM":
        if isinstance(dtype, np.dtype):
            return Part("array", array=values.to_numpy())
        plain = getattr(dtype, "numpy_dtype", np.dtype(f"{dtype.kind}{dtype.itemsize}"))
        filled = values.to_numpy(dtype=plain, na_value=np.zeros((), plain).item())
        return _fields("masked", mask=np.asarray(values.isna()), values=filled)
    pairs = list(zip(values, pandas.isna(values), strict=True))
    if all(missing or isinstance(value, str) for value, missing in pairs):
        return Part("texts", texts=[None if missing else str(value) for value, missing in pairs])
    return _sequence("objects", values)
