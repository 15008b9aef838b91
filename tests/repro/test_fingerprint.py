import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import types
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_repro import RandomStateManager, fingerprint

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Point:
    x: int
    y: object = None


SAMPLES = {
    "none": None,
    "true": True,
    "int": 1,
    "large": -(10**40),
    "float": 1.0,
    "zero": -0.0,
    "complex": 1 + 2j,
    "str": "é",
    "bytes": b"ab",
    "list": [1, [2.0, "x"]],
    "tuple": (1, 2),
    "dict": {"a": 1, 2: ("b", None)},
    "set": {1, "a", (2, 3)},
    "range": range(1, 9, 2),
    "slice": slice(1, None, 2),
    "enum": Colour.RED,
    "dataclass": Point(1, [2]),
    "array": np.arange(3.0),
    "float32": np.float32(1.5),
    "masked": np.ma.MaskedArray([1, 2], [True, False]),
    "date": dt.date(2026, 2, 13),
    "moment": dt.datetime(2026, 2, 13, 1, 2, 3, tzinfo=dt.UTC),
    "delta": dt.timedelta(1, 2, 3),
    "decimal": decimal.Decimal("1.10"),
    "fraction": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=5),
    "path": pathlib.PurePosixPath("a/b"),
}


def test_fingerprints_never_change():
    """These fingerprints are the same on every machine, in every version to come."""
    assert {name: fingerprint(value)[:16] for name, value in SAMPLES.items()} == GOLDEN


GOLDEN = {
    "none": "86b7f05dfeb04228",
    "true": "2f3e7d3eefd0d4da",
    "int": "1f28fde1d1dafc93",
    "large": "5b66cc6519e24a73",
    "float": "488067ed16b7a746",
    "zero": "927c79df443c339f",
    "complex": "0adf195377b4ca2f",
    "str": "29ae85f8ddd00567",
    "bytes": "2edab1efe2141280",
    "list": "16ee7cd0d6a125da",
    "tuple": "7b657cb819922fee",
    "dict": "ff7b5cacde23cb63",
    "set": "6e8fab6a8b5557a4",
    "range": "8f9eca7d82beb814",
    "slice": "c9a0dc19a7ed85be",
    "enum": "0efb31256e11069b",
    "dataclass": "bed6b88132736a57",
    "array": "b71cd623a7ed0f09",
    "float32": "2463ba4bab97c65e",
    "masked": "bf75e2ab81023bb7",
    "date": "8f3908db24b70abe",
    "moment": "0c9168d49600f791",
    "delta": "6d8232421fea7ec5",
    "decimal": "309443b9d9ce5e79",
    "fraction": "08302ec9c0f10d59",
    "uuid": "e5e985ee8bda0ee2",
    "path": "cefddca8d208f02a",
}


def test_fingerprints_are_the_same_in_every_process(python):
    """Nothing of the process enters: neither hash order nor addresses."""
    code = """
        import sys
        from scitex_repro import fingerprint
        print(fingerprint([{"a", "b", "c", ("d", 1)}, {"x": 1, "y": {2, 3}}, {"b": 1, "a": 2}]))
    """
    assert len({python(code, env={"PYTHONHASHSEED": seed}) for seed in "123"}) == 1


def test_every_sample_has_a_fingerprint_of_its_own():
    """Different things, and the same number in different types, differ."""
    more = [0.0, False, 0, "1", b"1", "True", [], (), {}, set(), [[]], [None], "", b"", Colour.BLUE]
    found = {fingerprint(value) for value in [*SAMPLES.values(), *more]}
    assert len(found) == len(SAMPLES) + len(more)


@settings(max_examples=100, deadline=None)
@given(PLAIN, PLAIN)
def test_fingerprints_are_equal_only_for_what_is_the_same(a, b):
    """Values that are written differently have different fingerprints, and the same the same."""
    assert (fingerprint(a) == fingerprint(b)) == (_canonical(a) == _canonical(b))


def _canonical(value):
    """Write plain values so that types and the bits of floats show, without order in dicts."""
    if isinstance(value, dict):
        return "dict", frozenset((key, _canonical(one)) for key, one in value.items())
    if isinstance(value, list):
        return "list", tuple(map(_canonical, value))
    if isinstance(value, float):
        return "float", np.float64(value).tobytes()
    return type(value), value


@given(st.dictionaries(st.text(), st.integers()), st.sets(st.integers() | st.text()))
def test_order_counts_only_where_there_is_one(mapping, members):
    """Dicts and sets in any order are the same; lists are not."""
    backwards = dict(reversed(mapping.items()))
    assert fingerprint(mapping) == fingerprint(backwards)
    assert fingerprint(members) == fingerprint(set(sorted(members, key=repr)))  # noqa: C414 - made in another order
    listed = list(mapping)
    if len(listed) > 1:
        assert fingerprint(listed) != fingerprint(listed[::-1])


def test_subclasses_count_as_their_base():
    """Ordered dicts, named tuples, mapping proxies and numpy's own scalars are what they hold."""
    pair = collections.namedtuple("pair", "a b")  # noqa: PYI024 - the untyped kind is met as often
    same = [
        ({"a": 1}, collections.OrderedDict(a=1)),
        ({"a": 1}, types.MappingProxyType({"a": 1})),
        ((1, 2), pair(1, 2)),
        (1.5, np.float64(1.5)),
        (True, np.bool_(True)),
        (3, np.int64(3)),
        ("x", np.str_("x")),
        ({1, 2}, frozenset({1, 2})),
        (b"x", bytearray(b"x")),
    ]
    for one, other in same:
        assert fingerprint(one) == fingerprint(other)


def test_bits_count_in_floats():
    """Zeros of two signs differ; a NaN is itself."""
    assert fingerprint(0.0) != fingerprint(-0.0)
    assert fingerprint(math.nan) == fingerprint(math.nan)


def test_what_nobody_knows_is_refused_with_its_place():
    """An object without a rule is a TypeError that says which and where."""
    with pytest.raises(TypeError, match=r"no rule for the builtins\.object at \['a'\]\[1\]"):
        fingerprint({"a": [1, object()]})
    with pytest.raises(TypeError, match=r"no rule for the builtins\.function;"):
        fingerprint(lambda: 1)


def test_what_contains_itself_is_refused():
    """A list in itself has no end, and that is said; the same list twice is no such thing."""
    inner = [1]
    inner.append(inner)
    with pytest.raises(ValueError, match=r"the object at \[0\]\[1\] contains itself"):
        fingerprint([inner])
    twice = [1]
    assert fingerprint([twice, twice]) == fingerprint([[1], [1]])


def test_generators_are_where_they_stand():
    """Two streams at the same place have one fingerprint, and a draw changes it."""
    one, two = RandomStateManager(1)("a"), RandomStateManager(1)("a")
    assert fingerprint(one) == fingerprint(two)
    one.random()
    assert fingerprint(one) != fingerprint(two)


def test_objects_that_are_nearly_arrays_are_arrays():
    """Whatever offers __array__ counts as the array it gives."""

    class Nearly:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    assert fingerprint(Nearly()) == fingerprint(np.arange(3.0))


def test_frames_count_by_content_and_labels():
    """Values, dtypes, columns, index and names count in pandas; the object does not."""
    pd = pytest.importorskip("pandas")

    def make(**changes):
        columns = {
            "number": [1, 2],
            "text": ["x", None],
            "maybe": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2020-01-01", "2021-01-01"]),
            "moment": pd.to_datetime(["2020-01-01", "2021-01-01"]).tz_localize("Europe/Berlin"),
            "kind": pd.Categorical(["u", "v"]),
            "mixed": [1, "a"],
            "length": pd.to_timedelta(["1s", "2ns"]),
        }
        return pd.DataFrame({**columns, **changes})

    frame = make()
    expected = fingerprint(frame)
    assert fingerprint(make()) == expected == fingerprint(frame.copy())
    others = [
        make(number=[1, 3]),
        make(number=[1.0, 2.0]),
        make(text=["x", "None"]),
        make(maybe=pd.array([1, 0], dtype="Int64")),
        make(kind=pd.Categorical(["u", "v"], ordered=True)),
        make(mixed=["1", "a"]),
        make(length=pd.to_timedelta(["1s", "3ns"])),
        frame.rename(columns={"number": "n"}),
        frame.set_axis([5, 6]),
        frame[::-1],
        frame.set_index(["number", "text"]),
        frame["number"],
        frame["text"],
        frame["number"].rename("other"),
        frame.columns,
        frame.index,
    ]
    assert len({expected, *map(fingerprint, others)}) == len(others) + 1
    assert fingerprint([pd.NA, pd.NaT, pd.Timestamp(0), pd.Period("2020"), pd.Interval(0, 1)])


def test_how_pandas_holds_texts_does_not_count():
    """A column of texts is the same as objects and as strings."""
    pd = pytest.importorskip("pandas")
    values = ["x", None, "y"]
    held = [pd.Series(values, dtype=dtype) for dtype in ("object", "string")]
    assert len({fingerprint(one) for one in held}) == 1


def test_sparse_matrices_count_by_what_they_hold():
    """Format and order of the entries do not count."""
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0, 1.0], [2.0, 0]])
    formats = [sparse.csr_matrix(dense), sparse.csc_matrix(dense), sparse.coo_matrix(dense)]
    assert len({fingerprint(one) for one in formats}) == 1
    assert fingerprint(formats[0]) != fingerprint(sparse.csr_matrix(dense * 2))


def test_figures_count_by_their_pixels():
    """Two figures drawn alike are the same, and the figure keeps its canvas."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    def draw(value):
        figure = Figure()
        figure.subplots().plot([0, value])
        return figure

    figure = draw(1)
    canvas = figure.canvas
    assert fingerprint(figure) == fingerprint(draw(1)) != fingerprint(draw(2))
    assert figure.canvas is canvas
